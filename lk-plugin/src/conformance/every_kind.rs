//! What holds for plugins of every kind: how they are described, made and configured.

use serde_json::{Value, json};

use super::run::{Check, Checked, Stop, Subject, ensure, skip};
use super::secrets;
use crate::config::{Config, ConfigField, FieldDescription, ValueType};
use crate::error::{Error, ErrorKind};
use crate::kinds::PluginKind;

/// No plugin has such a key.
pub(super) const UNKNOWN_KEY: &str = "no_such_key_4711";

/// The first is that an instance can be made.
pub(super) fn checks<K: PluginKind + ?Sized>() -> [Check<K>; 6] {
    [
        Check { name: "instance-is-made", rule: "the config makes an instance, and another one", run: is_made },
        Check {
            name: "is-described",
            rule: "the plugin has a description, a version and a package, and each config key has a description",
            run: is_described,
        },
        Check { name: "unknown-key-is-refused", rule: "an unknown config key is named in an error", run: unknown_key },
        Check {
            name: "wrong-values-are-refused",
            rule: "a value of the wrong type or out of range is refused, and the error names its key",
            run: wrong_values,
        },
        Check { name: "problems-come-at-once", rule: "all problems of a config come in one error", run: all_at_once },
        Check { name: "secrets-stay-secret", rule: "no error shows the value of a secret", run: secrets::check },
    ]
}

fn is_made<K: PluginKind + ?Sized>(subject: &Subject<K>) -> Checked {
    let first = subject.create()?;
    let second = subject.create()?;
    drop(first);
    drop(second);
    Ok(())
}

fn is_described<K: PluginKind + ?Sized>(subject: &Subject<K>) -> Checked {
    let plugin = &subject.plugin;
    for (what, text) in
        [("description", plugin.description()), ("version", plugin.version()), ("package", plugin.package())]
    {
        ensure(!text.is_empty(), || format!("it has no {what}"))?;
    }
    let fields = descriptions(subject);
    let bare: Vec<String> = FieldDescription::all(&fields)
        .into_iter()
        .filter(|(_, field)| field.doc.is_empty())
        .map(|(key, _)| key)
        .collect();
    ensure(bare.is_empty(), || format!("no description: `{}`", bare.join("`, `")))
}

fn unknown_key<K: PluginKind + ?Sized>(subject: &Subject<K>) -> Checked {
    let mut config = subject.config.clone();
    config.insert(UNKNOWN_KEY, true);
    refused(subject, &config, UNKNOWN_KEY).map(drop)
}

fn wrong_values<K: PluginKind + ?Sized>(subject: &Subject<K>) -> Checked {
    let wrong: Vec<(&ConfigField, Value)> = fields(subject).flat_map(wrong_values_of).collect();
    if wrong.is_empty() {
        return skip("no config key has a type or a range that a value could miss");
    }
    for (field, value) in wrong {
        let mut config = subject.config.clone();
        config.insert(field.name, value);
        refused(subject, &config, field.name)?;
    }
    Ok(())
}

fn all_at_once<K: PluginKind + ?Sized>(subject: &Subject<K>) -> Checked {
    let Some((field, value)) = fields(subject).find_map(|field| wrong_values_of(field).into_iter().next()) else {
        return skip("no config key has a type or a range that a value could miss");
    };
    let mut config = subject.config.clone();
    config.insert(field.name, value);
    config.insert(UNKNOWN_KEY, true);
    let error = refused(subject, &config, UNKNOWN_KEY)?;
    ensure(told(&error).contains(field.name), || {
        format!("with `{UNKNOWN_KEY}` and a wrong `{}` only the first is named: {error}", field.name)
    })
}

/// That this config is refused because of this key.
fn refused<K: PluginKind + ?Sized>(
    subject: &Subject<K>,
    config: &Config,
    key: &str,
) -> std::result::Result<Error, Stop> {
    match subject.create_with(config) {
        Ok(_) => Err(Stop::Finding(format!("a config with a wrong `{key}` made an instance"))),
        Err(error) if error.kind() != ErrorKind::Config => {
            Err(Stop::Finding(format!("a wrong `{key}` is an error of the kind `{}`, not `config`", error.kind())))
        }
        Err(error) if !told(&error).contains(key) => {
            Err(Stop::Finding(format!("the error does not name `{key}`: {error}")))
        }
        Err(error) => Ok(error),
    }
}

/// Everything that an error shows.
pub(super) fn told(error: &Error) -> String {
    format!("{error} {error:?} {}", error.chain().join(" "))
}

/// The config keys, each with those inside it.
pub(super) fn descriptions<K: PluginKind + ?Sized>(subject: &Subject<K>) -> Vec<FieldDescription> {
    fields(subject).map(FieldDescription::from).collect()
}

fn fields<K: PluginKind + ?Sized>(subject: &Subject<K>) -> impl Iterator<Item = &ConfigField> {
    subject.plugin.fields().unwrap_or_default().iter()
}

/// Values that the field must not take.
fn wrong_values_of(field: &ConfigField) -> Vec<(&ConfigField, Value)> {
    let inner = match field.value_type {
        ValueType::Optional(inner) => *inner,
        other => other,
    };
    let mut values = match inner {
        ValueType::Boolean | ValueType::Integer { .. } | ValueType::Number | ValueType::Seconds | ValueType::String => {
            vec![json!({ "a": "table" })]
        }
        ValueType::Choice(_) => vec![json!("no-such-choice-4711")],
        _ => Vec::new(),
    };
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<f64>().ok());
    if let Some(min) = number(field.min) {
        values.push(json!(min - 1.0));
    }
    if let Some(max) = number(field.max) {
        values.push(json!(max + 1.0));
    }
    values.into_iter().map(|value| (field, value)).collect()
}
