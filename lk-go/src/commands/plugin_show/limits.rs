//! What a config key takes, in a line: `number, 0 to 1, default 0.5`.

use lk_plugin::config::{FieldDescription, TypeDescription};

/// Type, limits, choices, default, and the variable that is asked.
pub(super) fn of(field: &FieldDescription) -> String {
    let mut parts = vec![field.value_type.name()];
    // The type says it already.
    let is_told = *field.value_type.innermost() == TypeDescription::Seconds;
    let unit = field.unit.as_deref().filter(|unit| *unit != "s" || !is_told);
    if let Some(unit) = unit {
        parts[0].push_str(&format!(" in {unit}"));
    }
    parts.extend(between(field.min.as_deref(), field.max.as_deref(), ""));
    let text = |length: Option<usize>| length.map(|length| length.to_string());
    let what = match field.value_type.innermost() {
        _ if field.value_type.name().starts_with("list") => " items",
        _ if field.value_type.name().starts_with("map") => " entries",
        _ => " characters",
    };
    parts.extend(between(text(field.min_length).as_deref(), text(field.max_length).as_deref(), what));
    let choices: Vec<&str> = match field.value_type.innermost() {
        TypeDescription::Choice(choices) => choices.iter().map(|choice| choice.name.as_str()).collect(),
        _ => field.choices.iter().map(String::as_str).collect(),
    };
    if !choices.is_empty() {
        parts.push(format!("one of {}", choices.join(", ")));
    }
    match field.default.as_deref() {
        // A secret is never shown, not even one that everybody has.
        Some(_) if field.secret => parts.push("has a default".to_owned()),
        Some("null") | None if field.required => parts.push("required".to_owned()),
        Some("null") | None => {}
        Some(default) => parts.push(format!("default {}", short(default))),
    }
    if let Some(env) = &field.env {
        parts.push(format!("or from {env}"));
    }
    parts.join(", ")
}

/// A number as a person writes it.
fn short(json: &str) -> &str {
    json.strip_suffix(".0").unwrap_or(json)
}

fn between(min: Option<&str>, max: Option<&str>, what: &str) -> Option<String> {
    match (min.map(short), max.map(short)) {
        (Some(min), Some(max)) => Some(format!("{min} to {max}{what}")),
        (Some("1"), None) if !what.is_empty() => Some("not empty".to_owned()),
        (Some(min), None) => Some(format!("at least {min}{what}")),
        (None, Some(max)) => Some(format!("at most {max}{what}")),
        (None, None) => None,
    }
}
