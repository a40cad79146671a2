//! Strict schemas: a provider that holds a model to a schema wants every object closed and every property required.

use serde_json::{Map, Value};

/// Closes the objects of a schema in place; whether it can be sent as strict. One with properties that may be missing, or
/// with names of any kind, cannot, and is left as it was.
pub(super) fn make_strict(schema: &mut Value) -> bool {
    let can = can_be_strict(schema);
    if can {
        close(schema);
    }
    can
}

fn can_be_strict(schema: &Value) -> bool {
    let Value::Object(schema) = schema else { return true };
    if is_object(schema) {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = |name: &String| required.is_some_and(|names| names.iter().any(|other| other == name.as_str()));
        let properties = schema.get("properties").and_then(Value::as_object);
        let all_required = properties.is_none_or(|properties| properties.keys().all(is_required));
        let closed = matches!(schema.get("additionalProperties"), None | Some(Value::Bool(false)));
        if !all_required || !closed || schema.contains_key("patternProperties") {
            return false;
        }
    }
    parts(schema).all(can_be_strict)
}

fn close(schema: &mut Value) {
    let Value::Object(schema) = schema else { return };
    if is_object(schema) {
        schema.insert("additionalProperties".to_owned(), Value::Bool(false));
        schema.entry("properties").or_insert_with(|| Value::Object(Map::new()));
        schema.entry("required").or_insert_with(|| Value::Array(Vec::new()));
    }
    for (key, value) in schema.iter_mut() {
        match value {
            Value::Object(inner) if is_table(key) => inner.values_mut().for_each(close),
            Value::Array(inner) if is_list(key) => inner.iter_mut().for_each(close),
            _ if key == "items" => close(value),
            _ => {}
        }
    }
}

/// The schemas within a schema.
fn parts(schema: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    schema.iter().flat_map(|(key, value)| -> Box<dyn Iterator<Item = &Value>> {
        match value {
            Value::Object(inner) if is_table(key) => Box::new(inner.values()),
            Value::Array(inner) if is_list(key) => Box::new(inner.iter()),
            _ if key == "items" => Box::new(std::iter::once(value)),
            _ => Box::new(std::iter::empty()),
        }
    })
}

fn is_object(schema: &Map<String, Value>) -> bool {
    let is = |value: &Value| value == "object";
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(is),
        Some(one) => is(one),
        None => schema.contains_key("properties"),
    }
}

fn is_table(key: &str) -> bool {
    matches!(key, "properties" | "$defs" | "definitions")
}

fn is_list(key: &str) -> bool {
    matches!(key, "anyOf" | "oneOf" | "allOf" | "prefixItems")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_are_closed_at_every_depth() {
        let mut schema = json!({
            "type": "object",
            "properties": {"at": {"anyOf": [{"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}, {"type": "null"}]}},
            "required": ["at"]
        });
        assert!(make_strict(&mut schema));
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(schema["properties"]["at"]["anyOf"][0]["additionalProperties"], json!(false));
        let mut none = json!({"type": "object"});
        assert!(make_strict(&mut none));
        assert_eq!(none, json!({"type": "object", "properties": {}, "required": [], "additionalProperties": false}));
    }

    #[test]
    fn what_may_be_missing_is_not_strict_and_stays() {
        for schema in [
            json!({"type": "object", "properties": {"x": {"type": "number"}}}),
            json!({"type": "object", "properties": {}, "additionalProperties": {"type": "string"}}),
            json!({"type": "array", "items": {"type": "object", "properties": {"x": {}}}}),
        ] {
            let mut changed = schema.clone();
            assert!(!make_strict(&mut changed), "{schema}");
            assert_eq!(changed, schema);
        }
    }
}
