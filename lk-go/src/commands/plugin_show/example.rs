//! An example config of a plugin, in TOML, that is valid as it stands.

use lk_plugin::config::{FieldDescription, TypeDescription};
use serde_json::{Map, Value, json};

use super::limits;

/// Every key with what it is: those that must be given with a value to replace, the others behind a `#` with their default,
/// or with a value of their type.
pub(super) fn of(fields: &[FieldDescription]) -> String {
    let mut text = String::new();
    add(&mut text, fields, "", true);
    text
}

/// Configs within the config are written with dots, so that the order of the keys does not matter.
fn add(text: &mut String, fields: &[FieldDescription], prefix: &str, is_needed: bool) {
    for field in fields {
        let key = format!("{prefix}{}", key(&field.name));
        let is_needed = is_needed && field.required;
        if let TypeDescription::Config(inner) = without_optional(&field.value_type) {
            add(text, inner, &format!("{key}."), is_needed);
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        for line in field.doc.lines() {
            text.push_str(format!("# {line}").trim_end());
            text.push('\n');
        }
        text.push_str(&format!("# ({})\n", limits::of(field)));
        let Some(value) = toml(&value(field)) else { continue };
        text.push_str(if is_needed { "" } else { "# " });
        text.push_str(&format!("{key} = {value}\n"));
    }
}

fn key(name: &str) -> String {
    let is_bare = name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'));
    if is_bare { name.to_owned() } else { Value::from(name).to_string() }
}

fn without_optional(value_type: &TypeDescription) -> &TypeDescription {
    match value_type {
        TypeDescription::Optional(inner) => without_optional(inner),
        value_type => value_type,
    }
}

/// The default, else the first choice, else something of the type within the limits.
fn value(field: &FieldDescription) -> Value {
    let json = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    match field.default.as_deref().filter(|_| !field.secret).map(json) {
        Some(Value::Null) | None => of_type(&field.value_type, field),
        Some(default) => default,
    }
}

fn of_type(value_type: &TypeDescription, field: &FieldDescription) -> Value {
    let is_single =
        !matches!(value_type, TypeDescription::List(_) | TypeDescription::Map(_) | TypeDescription::Optional(_));
    if is_single && let Some(choice) = field.choices.first() {
        return serde_json::from_str(choice).unwrap_or_else(|_| Value::from(choice.as_str()));
    }
    let limit = |limit: &Option<String>| limit.as_deref().and_then(|limit| limit.parse::<f64>().ok());
    let (min, max) = (limit(&field.min), limit(&field.max));
    let within = |value: f64| value.max(min.unwrap_or(value)).min(max.unwrap_or(f64::INFINITY));
    match value_type {
        TypeDescription::Boolean => false.into(),
        TypeDescription::Integer { min: lowest, max: highest } => {
            let least = min.map_or(*lowest, |min| (min.ceil() as i128).max(*lowest)).max(0).min(*highest);
            serde_json::Number::from_i128(least).map_or(Value::Null, Value::Number)
        }
        TypeDescription::Number | TypeDescription::Seconds => within(1.0).into(),
        TypeDescription::String => {
            let text = "text".repeat(field.min_length.unwrap_or(1).div_ceil(4).max(1));
            text.chars().take(field.max_length.unwrap_or(usize::MAX)).collect::<String>().into()
        }
        TypeDescription::Secret => "secret".into(),
        TypeDescription::Url => "https://example.com/".into(),
        TypeDescription::Path => "path/to/file".into(),
        TypeDescription::Choice(choices) => choices.first().map_or(Value::Null, |choice| choice.name.as_str().into()),
        TypeDescription::List(item) => vec![of_type(item, field); field.min_length.unwrap_or(1).max(1)].into(),
        TypeDescription::Map(item) => {
            let count = field.min_length.unwrap_or(1).max(1);
            (1..=count).map(|number| (format!("name-{number}"), of_type(item, field))).collect::<Map<_, _>>().into()
        }
        TypeDescription::Config(fields) => {
            let needed = fields.iter().filter(|field| field.required);
            needed.map(|field| (field.name.clone(), value(field))).collect::<Map<_, _>>().into()
        }
        TypeDescription::Optional(inner) => of_type(inner, field),
        // Somebody else's keys; and types of a later version.
        _ => json!({}),
    }
}

/// The value in TOML, in one line; `None` where TOML has no such value.
fn toml(value: &Value) -> Option<String> {
    toml::Value::try_from(value).ok().map(|value| value.to_string())
}
