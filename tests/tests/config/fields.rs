//! Fields and what is said about them: missing, unknown, wrong, left out.

use std::time::Duration;

use lk_plugin::{Config, ConfigField, ErrorKind, PluginConfig, Secret, ValueType};
use serde_json::json;

use crate::{config, one, refusal};

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
        "`value` must be an integer from 0 to 255, but is `null`"
    );
}

#[test]
fn an_option_with_a_default_has_it_unless_null_is_given() {
    one!(Volume: Option<u8>, (default = 7));
    assert_eq!(Volume::from_config(&Config::new()).unwrap().value, Some(7));
    assert_eq!(Volume::from_config(&config(json!({"value": 1}))).unwrap().value, Some(1));
    assert_eq!(Volume::from_config(&config(json!({"value": null}))).unwrap().value, None);
}

#[test]
fn raw_identifiers_are_keys_without_their_mark() {
    #[derive(Debug, PluginConfig)]
    struct Raw {
        r#type: String,
    }
    assert_eq!(Raw::from_config(&config(json!({"type": "x"}))).unwrap().r#type, "x");
}

#[test]
fn a_config_that_is_no_json_object_is_refused() {
    for (text, wanted) in [
        ("[1]", "the config must be a JSON object; write"),
        ("5", "the config must be a JSON object; write"),
        ("{", "the config cannot be read as JSON at line 1, column 1"),
    ] {
        let error = Config::from_json(text).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().starts_with(wanted), "{error}");
    }
}
