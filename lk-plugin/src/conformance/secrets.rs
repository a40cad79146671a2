//! What holds for secrets: no error shows one.

use serde_json::{Map, Value, json};

use super::every_kind::{UNKNOWN_KEY, descriptions, told};
use super::run::{Checked, Subject, ensure, skip};
use crate::config::{Config, FieldDescription, TypeDescription};
use crate::error::Error;
use crate::kinds::PluginKind;

/// Stands for a secret.
const CANARY: &str = "canary-5b1f0c7e";

/// Looks for a secret in what a config with too much or of the wrong form is refused with, in what the constructor says of
/// a key that does not count, and in what one call with such a key comes to.
pub(super) fn check<K: PluginKind + ?Sized>(subject: &Subject<K>) -> Checked {
    let fields = descriptions(subject);
    let secrets: Vec<String> =
        FieldDescription::all(&fields).into_iter().filter(|(_, field)| field.secret).map(|(key, _)| key).collect();
    if secrets.is_empty() {
        return skip("no config key is a secret");
    }
    let put = |keys: &[String], secret: &Value| {
        keys.iter().fold(subject.config.clone(), |config, key| with(config, &fields, key, secret))
    };
    let canary = json!(CANARY);
    let mut too_much = put(&secrets, &canary);
    too_much.insert(UNKNOWN_KEY, true);
    let misshapen = put(&secrets, &json!({ "inside": CANARY }));
    // Beside a secret that counts for nothing another may never be looked at.
    let one_by_one = secrets.iter().map(|key| put(std::slice::from_ref(key), &canary)).filter(|_| secrets.len() > 1);
    let mut is_asked = false;
    for config in [too_much, misshapen, put(&secrets, &canary)].into_iter().chain(one_by_one) {
        match subject.create_with(&config) {
            Err(error) => hidden(&error, "with which no instance is made")?,
            // Once: behind it may be a provider.
            Ok(instance) if !is_asked => {
                is_asked = true;
                if let Some(error) = (subject.ask)(&instance) {
                    hidden(&error, "of a call")?;
                }
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

fn hidden(error: &Error, which: &str) -> Checked {
    ensure(!told(error).contains(CANARY), || format!("the error {which} shows a secret (here `{CANARY}`)"))
}

/// The config with this value for the key `retry.api_key`, wherever lists and maps on the way have one.
fn with(mut config: Config, fields: &[FieldDescription], key: &str, secret: &Value) -> Config {
    let (top, rest) = key.split_once('.').unwrap_or((key, ""));
    let Some(field) = fields.iter().find(|field| field.name == top) else { return config };
    // What was given for other keys in the same table stays.
    let beside = format!("{top}.");
    let texts: Vec<(String, String)> = config
        .keys()
        .filter(|path| path.starts_with(&beside) && *path != key && config.is_text(path))
        .filter_map(|path| Some((path.to_owned(), config.get(path)?.as_str()?.to_owned())))
        .collect();
    let given = config.get(top).cloned().unwrap_or_default();
    let mut value = match given.as_str().filter(|_| config.is_text(top)) {
        Some(text) => serde_json::from_str(text).unwrap_or_default(),
        None => given,
    };
    put(&mut value, &field.value_type, rest, secret);
    config.insert(top, value);
    for (path, text) in texts {
        config.insert_text(path, text);
    }
    config
}

fn put(value: &mut Value, value_type: &TypeDescription, key: &str, secret: &Value) {
    match value_type {
        TypeDescription::Optional(inner) => put(value, inner, key, secret),
        TypeDescription::List(item) => {
            if value.as_array().is_none_or(Vec::is_empty) {
                *value = json!([null]);
            }
            value.as_array_mut().into_iter().flatten().for_each(|value| put(value, item, key, secret));
        }
        TypeDescription::Map(item) => {
            if value.as_object().is_none_or(Map::is_empty) {
                *value = json!({ "any": null });
            }
            value.as_object_mut().into_iter().flatten().for_each(|(_, value)| put(value, item, key, secret));
        }
        TypeDescription::Config(fields) => {
            let (name, rest) = key.split_once('.').unwrap_or((key, ""));
            if !value.is_object() {
                *value = json!({});
            }
            let field = fields.iter().find(|field| field.name == name);
            if let (Some(field), Some(table)) = (field, value.as_object_mut()) {
                put(table.entry(name).or_insert(Value::Null), &field.value_type, rest, secret);
            }
        }
        _ => *value = secret.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigField, ValueType};

    const SERVER: ValueType = ValueType::Config(&[
        ConfigField::new("url", ValueType::String),
        ConfigField::new("keys", ValueType::Map(&ValueType::Secret)),
    ]);

    const LOGIN: ValueType = ValueType::Config(&[
        ConfigField::new("user", ValueType::String),
        ConfigField::new("password", ValueType::Optional(&ValueType::Secret)),
    ]);

    #[test]
    fn a_secret_is_put_beside_what_is_given() {
        let fields = [
            ConfigField::new("servers", ValueType::Optional(&ValueType::List(&SERVER))),
            ConfigField::new("login", LOGIN),
        ]
        .map(|field| FieldDescription::from(&field));
        let put = |config, key| with(config, &fields, key, &json!("S"));
        let empty = put(put(Config::new(), "servers.keys"), "login.password");
        assert_eq!(empty.get("servers"), Some(&json!([{"keys": {"any": "S"}}])));
        assert_eq!(empty.get("login"), Some(&json!({"password": "S"})));
        let mut given = Config::new();
        given.insert("servers", json!([{"url": "a", "keys": {"x": "1", "y": "2"}}, {"url": "b"}]));
        given.insert_text("login.user", "me");
        given.insert_text("login.password", "real");
        let given = put(put(given, "servers.keys"), "login.password");
        let servers = json!([{"url": "a", "keys": {"x": "S", "y": "S"}}, {"url": "b", "keys": {"any": "S"}}]);
        assert_eq!(given.get("servers"), Some(&servers));
        assert_eq!(
            (given.get("login"), given.get("login.user")),
            (Some(&json!({"password": "S"})), Some(&json!("me")))
        );
        assert!(given.get("login.password").is_none());
    }
}
