//! Reading a config: what is taken, what is refused and in which words, where values come from, what is never shown.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use std::process::Command;
use std::time::Duration;

use lk_plugin::{Config, ConfigField, ConfigValue, ErrorKind, Mismatch, PluginConfig, Secret, ValueType};
use serde_json::{Value, json};

fn config(json: Value) -> Config {
    Config::from_json(&json.to_string()).unwrap()
}

fn text(key: &str, text: &str) -> Config {
    let mut config = Config::new();
    config.insert_text(key, text);
    config
}

/// What is said about a config that is refused.
fn refusal<C: PluginConfig>(config: &Config) -> String {
    let error = C::from_config(config).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.chain().is_empty(), "{:?}", error.chain());
    error.to_string()
}

/// A config of one field, as each test needs it.
macro_rules! one {
    ($name:ident: $type:ty $(, $attribute:tt)?) => {
        #[derive(Debug, PluginConfig)]
        struct $name {
            $(#[config $attribute])?
            #[allow(dead_code, reason = "some tests ask only what is refused")]
            value: $type,
        }
    };
}

#[derive(Debug, PluginConfig)]
struct Voice {
    /// The provider's key.
    #[config(env = "LK_TEST_VOICE_KEY")]
    api_key: Secret,
    /// Who speaks.
    voice: String,
    /// How fast.
    #[config(default = 1.0, range = 0.25..=4.0)]
    speed: f64,
    /// In which language; detected when not given.
    language: Option<String>,
    #[config(default = ["mp3", "wav"])]
    formats: Vec<String>,
    #[config(default = 10)]
    timeout: Duration,
}

// ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn everything_wrong_is_said_at_once_in_the_order_of_the_fields() {
    let given = config(json!({"api_key": 5, "speed": 9, "formats": [1], "timeout": "soon", "Vioce": 1, "zzz": 1}));
    assert_eq!(
        refusal::<Voice>(&given),
        "7 problems in the config: \
         `api_key` must be text; what was given is not shown; \
         `voice` is missing; give text; \
         `speed` must be between 0.25 and 4.0, but is `9`; \
         `formats[0]` must be text, but is `1`; \
         `timeout` must be a number of seconds, not negative, but is the text `soon`; \
         `Vioce` is not an option; did you mean `voice`? choose from `api_key`, `formats`, `language`, `speed`, `timeout`, \
         `voice`; \
         `zzz` is not an option; choose from `api_key`, `formats`, `language`, `speed`, `timeout`, `voice`"
    );
}

#[test]
fn one_problem_is_said_without_counting() {
    assert_eq!(
        refusal::<Voice>(&config(json!({"api_key": "k", "voice": ["a"]}))),
        "`voice` must be text, but is `[\"a\"]`"
    );
}

#[test]
fn a_missing_value_names_its_environment_variable() {
    assert_eq!(
        refusal::<Voice>(&config(json!({"voice": "anna"}))),
        "`api_key` is missing; give text or set the environment variable `LK_TEST_VOICE_KEY`"
    );
}

#[test]
fn defaults_fill_what_is_left_out() {
    let voice = Voice::from_config(&config(json!({"api_key": "k", "voice": "anna"}))).unwrap();
    assert_eq!((voice.api_key.expose(), voice.voice.as_str(), voice.speed, voice.language), ("k", "anna", 1.0, None));
    assert_eq!((voice.formats, voice.timeout), (vec!["mp3".to_owned(), "wav".to_owned()], Duration::from_secs(10)));
}

#[test]
fn fields_are_described_in_constants() {
    const FIELDS: &[ConfigField] = Voice::FIELDS;
    let facts: Vec<_> = FIELDS.iter().map(|field| (field.name, field.required, field.secret, field.unit)).collect();
    assert_eq!(
        facts,
        [
            ("api_key", true, true, None),
            ("voice", true, false, None),
            ("speed", false, false, None),
            ("language", false, false, None),
            ("formats", false, false, None),
            ("timeout", false, false, Some("s")),
        ]
    );
    assert_eq!(FIELDS[2].default.zip(FIELDS[2].min).zip(FIELDS[2].max), Some((("1.0", "0.25"), "4.0")));
    assert_eq!(FIELDS[4].default, Some(r#"["mp3","wav"]"#));
    assert_eq!(FIELDS[4].value_type, ValueType::List(&ValueType::String));
    assert_eq!((FIELDS[0].doc, FIELDS[3].doc), ("The provider's key.", "In which language; detected when not given."));
}

#[test]
fn null_is_not_given() {
    one!(Optional: Option<u8>);
    one!(Required: u8);
    assert_eq!(Optional::from_config(&config(json!({"value": null}))).unwrap().value, None);
    assert_eq!(
        refusal::<Required>(&config(json!({"value": null}))),
        "`value` is missing; give an integer from 0 to 255"
    );
}

#[test]
fn an_option_with_a_default_has_it_unless_null_is_given() {
    one!(Volume: Option<u8>, (default = 7));
    assert_eq!(Volume::from_config(&Config::new()).unwrap().value, Some(7));
    assert_eq!(Volume::from_config(&config(json!({"value": 1}))).unwrap().value, Some(1));
    assert_eq!(Volume::from_config(&config(json!({"value": null}))).unwrap().value, None);
}

// ── types ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Gives each value as JSON, and says whether it should be taken.
fn takes<T: ConfigValue>(good: &[Value], bad: &[Value]) {
    for value in good {
        assert!(T::from_json(value).is_ok(), "{} refused {value}", std::any::type_name::<T>());
    }
    for value in bad {
        assert!(T::from_json(value).is_err(), "{} took {value}", std::any::type_name::<T>());
    }
}

#[test]
fn each_type_takes_its_own_values_alone() {
    takes::<bool>(&[json!(true), json!(false)], &[json!(0), json!("true"), json!(null)]);
    takes::<u8>(&[json!(0), json!(255)], &[json!(256), json!(-1), json!(1.5), json!("1"), json!(true)]);
    takes::<i8>(&[json!(-128), json!(127)], &[json!(-129), json!(128)]);
    takes::<u64>(&[json!(u64::MAX)], &[json!(-1), json!(1.8446744073709552e19)]);
    takes::<i64>(&[json!(i64::MIN), json!(i64::MAX)], &[json!(9_223_372_036_854_775_808_u64), json!(9.3e18)]);
    takes::<f64>(&[json!(1), json!(-1), json!(0.5), json!(u64::MAX)], &[json!("0.5"), json!(null), json!([0.5])]);
    takes::<f32>(&[json!(1), json!(0.1)], &[json!(1e39), json!(-1e39)]);
    takes::<String>(&[json!(""), json!("x")], &[json!(1), json!(null)]);
    takes::<Secret>(&[json!("x")], &[json!(1)]);
    takes::<Vec<u8>>(&[json!([]), json!([1, 2])], &[json!([1, "2"]), json!(1), json!("1,2"), json!({})]);
    takes::<Option<u8>>(&[json!(null), json!(1)], &[json!("1"), json!(256)]);
    takes::<Duration>(&[json!(0), json!(0.25), json!(3_600)], &[json!(-1), json!(-0.001), json!(1e20), json!("1")]);
}

#[test]
fn values_arrive_exactly() {
    assert_eq!(u64::from_json(&json!(u64::MAX)), Ok(u64::MAX));
    assert_eq!(i64::from_json(&json!(i64::MIN)), Ok(i64::MIN));
    assert_eq!(Duration::from_json(&json!(0.032)), Ok(Duration::from_millis(32)));
    assert_eq!(f32::from_json(&json!(0.1)), Ok(0.1));
    assert_eq!(Vec::<Option<u8>>::from_json(&json!([1, null])), Ok(vec![Some(1), None]));
}

#[test]
fn an_integer_out_of_its_types_range_is_told_the_range() {
    one!(Small: u8);
    for (given, shown) in [(json!(256), "256"), (json!(-1), "-1"), (json!(1.5), "1.5")] {
        assert_eq!(
            refusal::<Small>(&config(json!({ "value": given }))),
            format!("`value` must be an integer from 0 to 255, but is `{shown}`")
        );
    }
    assert_eq!(
        refusal::<Small>(&config(json!({"value": {"a": 1}}))),
        "`value` must be an integer from 0 to 255, but is a table"
    );
    one!(Large: i64);
    assert_eq!(
        refusal::<Large>(&config(json!({"value": u64::MAX}))),
        "`value` must be an integer from -9223372036854775808 to 9223372036854775807, but is `18446744073709551615`"
    );
}

#[test]
fn ranges_include_their_ends() {
    one!(Between: f64, (range = -0.5..=1.0));
    one!(AtLeast: u32, (range = 1..));
    one!(AtMost: i32, (range = ..=9));
    one!(Each: Vec<u8>, (range = 1..=3));
    for (good, bad) in [(json!(-0.5), json!(-0.500_000_1)), (json!(1), json!(1.000_000_1))] {
        assert!(Between::from_config(&config(json!({ "value": good }))).is_ok(), "{good}");
        assert_eq!(
            refusal::<Between>(&config(json!({ "value": bad }))),
            format!("`value` must be between -0.5 and 1.0, but is `{bad}`")
        );
    }
    assert_eq!(AtLeast::from_config(&config(json!({"value": 1}))).unwrap().value, 1);
    assert_eq!(refusal::<AtLeast>(&config(json!({"value": 0}))), "`value` must be at least 1, but is `0`");
    assert_eq!(AtMost::from_config(&config(json!({"value": 9}))).unwrap().value, 9);
    assert_eq!(refusal::<AtMost>(&config(json!({"value": 10}))), "`value` must be at most 9, but is `10`");
    assert_eq!(Each::from_config(&config(json!({"value": [1, 3]}))).unwrap().value, [1, 3]);
    assert_eq!(
        refusal::<Each>(&config(json!({"value": [1, 4, 0]}))),
        "2 problems in the config: `value[1]` must be between 1 and 3, but is `4`; `value[2]` must be between 1 and 3, but is `0`"
    );
}

#[test]
fn ranges_are_exact_where_a_double_is_not() {
    // 2^53 and 2^53 + 1 are one double.
    one!(Ticks: u64, (range = 0..=9_007_199_254_740_992));
    assert!(Ticks::from_config(&config(json!({"value": 9_007_199_254_740_992_u64}))).is_ok());
    assert_eq!(
        refusal::<Ticks>(&config(json!({"value": 9_007_199_254_740_993_u64}))),
        "`value` must be between 0 and 9007199254740992, but is `9007199254740993`"
    );
    one!(Signed: i64, (range = -9_223_372_036_854_775_807..));
    assert!(Signed::from_config(&config(json!({"value": i64::MIN + 1}))).is_ok());
    assert!(Signed::from_config(&config(json!({"value": i64::MIN}))).is_err());
}

#[test]
fn a_type_of_ones_own_goes_through_one_that_is_here() {
    #[derive(Debug, PartialEq)]
    struct Percent(u8);
    impl ConfigValue for Percent {
        const TYPE: ValueType = ValueType::Integer { min: 0, max: 100 };

        fn from_json(value: &Value) -> Result<Self, Mismatch> {
            u8::from_json(value).ok().filter(|percent| *percent <= 100).map(Percent).ok_or(Mismatch::new())
        }
    }
    one!(Volume: Percent, (default = 50));
    assert_eq!(Volume::from_config(&Config::new()).unwrap().value, Percent(50));
    assert_eq!(
        refusal::<Volume>(&config(json!({"value": 101}))),
        "`value` must be an integer from 0 to 100, but is `101`"
    );
}

#[test]
fn a_default_that_ones_own_type_refuses_is_the_plugins_own_fault_and_says_so() {
    #[derive(Debug)]
    struct Even;
    impl ConfigValue for Even {
        const TYPE: ValueType = ValueType::Integer { min: 0, max: 100 };

        fn from_json(value: &Value) -> Result<Self, Mismatch> {
            value.as_u64().filter(|number| number % 2 == 0).map(|_| Self).ok_or(Mismatch::wanted("even"))
        }
    }
    one!(Wrong: Even, (default = 3));
    assert_eq!(refusal::<Wrong>(&Config::new()), "the default of `value` must be even, but is `3`");
}

#[test]
fn raw_identifiers_are_keys_without_their_mark() {
    #[derive(Debug, PluginConfig)]
    struct Raw {
        r#type: String,
    }
    assert_eq!(Raw::from_config(&config(json!({"type": "x"}))).unwrap().r#type, "x");
}

// ── text, whose type the field decides ──────────────────────────────────────────────────────────────────────────────

#[test]
fn text_becomes_what_the_field_takes() {
    one!(Flag: bool);
    one!(Whole: i64);
    one!(Unsigned: u64);
    one!(Number: f64);
    one!(Time: Duration);
    one!(Words: String);
    one!(Names: Vec<String>);
    one!(Numbers: Vec<u8>);
    one!(Maybe: Option<u8>);
    macro_rules! read {
        ($type:ident, $text:expr) => {
            $type::from_config(&text("value", $text)).unwrap().value
        };
    }
    assert!(read!(Flag, "true") && !read!(Flag, " false "));
    assert_eq!(read!(Whole, "-9223372036854775808"), i64::MIN);
    assert_eq!(read!(Unsigned, "18446744073709551615"), u64::MAX);
    assert_eq!((read!(Number, "1"), read!(Number, " -0.5 "), read!(Number, "1e3")), (1.0, -0.5, 1_000.0));
    assert_eq!(read!(Time, "0.25"), Duration::from_millis(250));
    // Text stays as it is, also when it looks like something else.
    assert_eq!(
        (read!(Words, "0.5").as_str(), read!(Words, " x ").as_str(), read!(Words, "").as_str()),
        ("0.5", " x ", "")
    );
    assert_eq!(read!(Names, "a, b"), ["a", "b"]);
    assert_eq!(read!(Names, r#"["a,b", "c"]"#), ["a,b", "c"]);
    assert_eq!(read!(Names, "one"), ["one"]);
    assert_eq!((read!(Numbers, "1,2, 3"), read!(Numbers, "[4]")), (vec![1, 2, 3], vec![4]));
    assert_eq!((read!(Numbers, ""), read!(Numbers, "[]"), read!(Names, " ")), (vec![], vec![], Vec::<String>::new()));
    assert_eq!(read!(Maybe, "7"), Some(7));
}

#[test]
fn text_that_is_not_what_the_field_takes_is_shown() {
    one!(Flag: bool);
    one!(Whole: i64);
    one!(Number: f64);
    one!(Time: Duration);
    one!(Numbers: Vec<u8>);
    let wanted = |wanted: &str, shown: &str| format!("`value` must be {wanted}, but is the text `{shown}`");
    for given in ["yes", "1", "TRUE", ""] {
        assert_eq!(refusal::<Flag>(&text("value", given)), wanted("`true` or `false`", given));
    }
    for given in ["1.0", "1e3", "", "9223372036854775808x", "0x10"] {
        let message = refusal::<Whole>(&text("value", given));
        assert!(message.ends_with(&format!("9223372036854775807, but is the text `{given}`")), "{message}");
    }
    // These parse as floats in Rust, and are no numbers in JSON.
    for given in ["NaN", "nan", "inf", "-infinity", "1e999", "1,5", "0x1p3"] {
        assert_eq!(refusal::<Number>(&text("value", given)), wanted("a number", given));
        assert_eq!(refusal::<Time>(&text("value", given)), wanted("a number of seconds, not negative", given));
    }
    assert_eq!(
        refusal::<Time>(&text("value", "-1")),
        "`value` must be a number of seconds, not negative, but is `-1.0`"
    );
    assert_eq!(refusal::<Numbers>(&text("value", "1,x")), wanted("a list, each an integer from 0 to 255", "1,x"));
    assert_eq!(
        refusal::<Numbers>(&text("value", "1,256")),
        "`value[1]` must be an integer from 0 to 255, but is `256`"
    );
}

#[test]
fn typed_text_is_not_converted() {
    one!(Number: f64);
    let mut given = Config::new();
    given.insert("value", "0.5");
    assert_eq!(refusal::<Number>(&given), "`value` must be a number, but is the text `0.5`");
    // What is inserted last decides.
    given.insert_text("value", "0.5");
    assert_eq!(Number::from_config(&given).unwrap().value, 0.5);
    given.insert("value", "0.5");
    assert!(Number::from_config(&given).is_err());
}

// ── what is shown, and what is not ──────────────────────────────────────────────────────────────────────────────────

#[test]
fn secrets_are_in_no_message_and_no_debug() {
    const SECRET: &str = "sk-31337";
    one!(Key: Secret);
    one!(Marked: String, (secret));
    one!(Number: u32, (secret, range = ..=9));
    one!(Keys: Vec<Secret>);
    one!(Nested: Option<Vec<Secret>>);
    let mut shown = vec![
        refusal::<Key>(&config(json!({"value": [SECRET]}))),
        refusal::<Key>(&config(json!({"value": {SECRET: SECRET}}))),
        refusal::<Marked>(&config(json!({"value": [SECRET]}))),
        refusal::<Number>(&text("value", SECRET)),
        refusal::<Number>(&config(json!({"value": 31337}))),
        refusal::<Keys>(&config(json!({"value": [SECRET, 5]}))),
        refusal::<Keys>(&config(json!({"value": SECRET}))),
        refusal::<Nested>(&config(json!({"value": [SECRET, 5]}))),
    ];
    let given = config(json!({"value": SECRET}));
    shown.push(format!("{given:?} {given:#?}"));
    let key = Key::from_config(&given).unwrap();
    assert_eq!(key.value.expose(), SECRET);
    shown.push(format!("{key:?} {key:#?} {}", key.value));
    shown.push(format!("{:?}", Keys::from_config(&config(json!({"value": [SECRET]}))).unwrap()));
    for text in shown {
        assert!(!text.contains("31337") && !text.contains("sk-"), "{text}");
    }
    assert!([Keys::FIELDS[0].secret, Nested::FIELDS[0].secret, Marked::FIELDS[0].secret] == [true; 3]);
}

#[test]
fn control_characters_of_values_and_keys_do_not_reach_the_terminal() {
    one!(Number: f64);
    let message = refusal::<Number>(&text("value", "1\u{1b}[2J\u{7}\n2"));
    assert_eq!(message, "`value` must be a number, but is the text `1\u{fffd}[2J\u{fffd}\u{fffd}2`");
    for given in [json!({"a\u{1b}[2Jb": 1, "value": 1}), json!({"value": ["\u{1b}[2J"]}), json!({"value": "\u{9b}2J"})]
    {
        let message = refusal::<Number>(&config(given));
        assert!(!message.chars().any(char::is_control), "{message:?}");
    }
}

#[test]
fn long_values_are_cut() {
    one!(Number: f64);
    let message = refusal::<Number>(&text("value", &"é".repeat(1_000)));
    assert_eq!(message, format!("`value` must be a number, but is the text `{}…`", "é".repeat(60)));
    let message = refusal::<Number>(&config(json!({ "k".repeat(1_000): 1, "value": 1 })));
    assert!(message.len() < 200, "{message}");
}

#[test]
fn a_config_that_is_no_json_object_is_refused() {
    for (text, wanted) in [
        ("[1]", "the config must be a JSON object; write"),
        ("5", "the config must be a JSON object; write"),
        ("{", "the config is not JSON at line 1, column 1"),
    ] {
        let error = Config::from_json(text).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().starts_with(wanted), "{error}");
    }
}

// ── the environment ─────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Debug, PluginConfig)]
struct FromEnvironment {
    #[config(env = "LK_TEST_TEXT", default = "default")]
    text: String,
    #[config(env = "LK_TEST_NUMBER")]
    number: Option<u8>,
    #[config(env = "LK_TEST_KEY")]
    key: Option<Secret>,
    #[config(env = "LK_TEST_LIST", default = [])]
    list: Vec<String>,
}

/// Not a test: what the tests below run in a process with an environment of its own, since changing one's own is unsafe.
#[test]
#[ignore = "run by the tests of the environment"]
#[expect(clippy::print_stdout, reason = "this is how the parent hears of it")]
fn child() {
    let mut given = Config::new();
    if let Ok(value) = std::env::var("LK_TEST_GIVEN") {
        given.insert("text", value);
    }
    match FromEnvironment::from_config(&given) {
        Ok(read) => {
            let key = read.key.as_ref().map(Secret::expose);
            println!("<{:?} {:?} {key:?} {:?}>", read.text, read.number, read.list);
        }
        Err(error) => println!("<{error}>"),
    }
}

fn with_environment(variables: &[(&str, &std::ffi::OsStr)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for name in ["LK_TEST_TEXT", "LK_TEST_NUMBER", "LK_TEST_KEY", "LK_TEST_LIST", "LK_TEST_GIVEN"] {
        command.env_remove(name);
    }
    command.args(["--exact", "child", "--ignored", "--nocapture"]).envs(variables.iter().copied());
    let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let (_, rest) = output.split_once('<').unwrap();
    rest.split_once(">\n").unwrap().0.to_owned()
}

fn with_variables(variables: &[(&str, &str)]) -> String {
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, std::ffi::OsStr::new(*value))).collect();
    with_environment(&variables)
}

#[test]
fn the_environment_comes_before_the_default_and_after_what_is_given() {
    assert_eq!(with_variables(&[]), r#""default" None None []"#);
    assert_eq!(
        with_variables(&[
            ("LK_TEST_TEXT", "env"),
            ("LK_TEST_NUMBER", " 7 "),
            ("LK_TEST_KEY", "k"),
            ("LK_TEST_LIST", "a,b")
        ]),
        r#""env" Some(7) Some("k") ["a", "b"]"#
    );
    assert_eq!(with_variables(&[("LK_TEST_TEXT", "env"), ("LK_TEST_GIVEN", "given")]), r#""given" None None []"#);
    // Given, though it is nothing.
    assert_eq!(with_variables(&[("LK_TEST_TEXT", "env"), ("LK_TEST_GIVEN", "")]), r#""" None None []"#);
}

#[test]
fn an_empty_variable_is_not_set() {
    assert_eq!(
        with_variables(&[("LK_TEST_TEXT", ""), ("LK_TEST_NUMBER", ""), ("LK_TEST_KEY", ""), ("LK_TEST_LIST", "")]),
        r#""default" None None []"#
    );
}

#[test]
fn a_wrong_variable_is_named() {
    assert_eq!(
        with_variables(&[("LK_TEST_NUMBER", "many")]),
        "`number` (from the environment variable `LK_TEST_NUMBER`) must be an integer from 0 to 255, but is the text `many`"
    );
    assert_eq!(
        with_variables(&[("LK_TEST_NUMBER", "256")]),
        "`number` (from the environment variable `LK_TEST_NUMBER`) must be an integer from 0 to 255, but is `256`"
    );
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_named_and_not_shown() {
    use std::os::unix::ffi::OsStrExt;

    assert_eq!(
        with_environment(&[("LK_TEST_KEY", std::ffi::OsStr::from_bytes(b"sk\xff"))]),
        "`key` (from the environment variable `LK_TEST_KEY`) is not valid UTF-8"
    );
}
