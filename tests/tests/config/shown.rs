//! What messages show, and what they do not.

use lk_plugin::{PluginConfig, Secret};
use serde_json::json;

use crate::{config, one, refusal, text};

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
