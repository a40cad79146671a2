//! Text, whose type the field decides.

use std::time::Duration;

use lk_plugin::{Config, PluginConfig};

use crate::{one, refusal, text};

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
