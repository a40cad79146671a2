//! JSON Schema of a config, from the same constants that the reader goes by.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::description::{FieldDescription, TypeDescription};
use super::field::ConfigField;
use super::number::Number;
use super::rules::MAX_SECONDS;

/// The dialect that the schema is written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The JSON Schema (2020-12) of a config with these fields: what editors, forms and other languages check it with.
///
/// It takes what [`from_config`](super::PluginConfig::from_config) takes, with these limits: a type of one's own may
/// refuse more than its [`TYPE`](super::ConfigValue::TYPE) says, and so may rules across fields; a key that the
/// environment can give is not required. Words outside the standard: `x-env` (the environment variable), `x-unit`, and
/// `x-choices` (what each choice means). The default of a secret is left out.
///
/// ```
/// use lk_plugin::PluginConfig;
/// use lk_plugin::config::json_schema;
///
/// #[derive(PluginConfig)]
/// struct WhisperConfig {
///     /// How adventurous the transcription may be.
///     #[config(default = 0.0, range = 0.0..=1.0)]
///     temperature: f64,
/// }
///
/// let schema = json_schema(WhisperConfig::FIELDS);
/// assert_eq!(schema["properties"]["temperature"]["maximum"], 1.0);
/// assert_eq!(schema["additionalProperties"], false);
/// ```
#[must_use]
pub fn json_schema(fields: &[ConfigField]) -> Value {
    json_schema_of(&fields.iter().map(FieldDescription::from).collect::<Vec<_>>())
}

/// As [`json_schema`], of descriptions: those of a plugin in a file, say.
#[must_use]
pub fn json_schema_of(fields: &[FieldDescription]) -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), DIALECT.into());
    schema.extend(table(fields));
    schema.into()
}

fn table(fields: &[FieldDescription]) -> Map<String, Value> {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.clone(), property(field).into())).collect();
    let required: Vec<&str> =
        fields.iter().filter(|field| must_be_given(field)).map(|field| field.name.as_str()).collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties.into());
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    schema.insert("additionalProperties".to_owned(), false.into());
    schema
}

/// Whether a config is wrong without the key, whatever the environment has.
fn must_be_given(field: &FieldDescription) -> bool {
    field.required
        && field.env.is_none()
        && match &field.value_type {
            TypeDescription::Config(fields) => fields.iter().any(must_be_given),
            _ => true,
        }
}

fn property(field: &FieldDescription) -> Map<String, Value> {
    let mut schema = of_type(&field.value_type, field);
    let limits = match field.value_type.without_optional() {
        TypeDescription::List(_) => ["minItems", "maxItems"],
        TypeDescription::Map(_) => ["minProperties", "maxProperties"],
        _ => ["minLength", "maxLength"],
    };
    for (word, length) in limits.into_iter().zip([field.min_length, field.max_length]) {
        schema.extend(length.map(|length| (word.to_owned(), length.into())));
    }
    if !field.doc.is_empty() {
        schema.insert("description".to_owned(), field.doc.as_str().into());
    }
    if field.secret {
        schema.insert("writeOnly".to_owned(), true.into());
    } else if let Some(default) = field.default.as_deref().map(value_of) {
        schema.insert("default".to_owned(), default);
    }
    schema.extend(field.env.as_deref().map(|env| ("x-env".to_owned(), env.into())));
    schema.extend(field.unit.as_deref().map(|unit| ("x-unit".to_owned(), unit.into())));
    schema
}

/// The type with the field's rules for single values, which in a list or map hold for each of them.
fn of_type(value_type: &TypeDescription, field: &FieldDescription) -> Map<String, Value> {
    let schema = match value_type {
        TypeDescription::Boolean => json!({"type": "boolean"}),
        TypeDescription::Integer { min, max } => {
            let min = stricter([Some(whole(*min)), limit(&field.min)], Ordering::Greater);
            let max = stricter([Some(whole(*max)), limit(&field.max)], Ordering::Less);
            json!({"type": "integer", "minimum": min, "maximum": max})
        }
        TypeDescription::Number => ranged(json!({"type": "number"}), [limit(&field.min), limit(&field.max)]),
        TypeDescription::Seconds => {
            let min = stricter([Some(0.into()), limit(&field.min)], Ordering::Greater);
            let max = stricter([Some(MAX_SECONDS.into()), limit(&field.max)], Ordering::Less);
            ranged(json!({"type": "number"}), [min, max])
        }
        TypeDescription::String | TypeDescription::Path => json!({"type": "string"}),
        TypeDescription::Secret => json!({"type": "string", "writeOnly": true}),
        TypeDescription::Url => json!({"type": "string", "format": "uri"}),
        TypeDescription::Choice(choices) => {
            let names: Vec<&str> = choices.iter().map(|choice| choice.name.as_str()).collect();
            let mut schema = json!({"type": "string", "enum": names});
            if choices.iter().any(|choice| !choice.doc.is_empty()) {
                let docs = choices.iter().map(|choice| (choice.name.clone(), Value::from(choice.doc.as_str())));
                schema["x-choices"] = Value::Object(docs.collect());
            }
            schema
        }
        TypeDescription::List(item) => json!({"type": "array", "items": of_type(item, field)}),
        TypeDescription::Map(item) => json!({"type": "object", "additionalProperties": of_type(item, field)}),
        TypeDescription::Table => json!({"type": "object"}),
        TypeDescription::Config(fields) => table(fields).into(),
        TypeDescription::Optional(inner) => return or_null(of_type(inner, field)),
    };
    let Value::Object(mut schema) = schema else { return Map::new() };
    if std::ptr::eq(value_type, value_type.innermost()) && !field.choices.is_empty() {
        let choices: Vec<Value> = field.choices.iter().map(|json| value_of(json)).collect();
        schema.insert("enum".to_owned(), choices.into());
    }
    schema
}

fn or_null(mut schema: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::String(name)) = schema.get("type") {
        let either = json!([name, "null"]);
        schema.insert("type".to_owned(), either);
    }
    if let Some(Value::Array(choices)) = schema.get_mut("enum") {
        choices.push(Value::Null);
    }
    schema
}

fn ranged(mut schema: Value, limits: [Option<Value>; 2]) -> Value {
    for (word, limit) in ["minimum", "maximum"].into_iter().zip(limits) {
        if let Some(limit) = limit {
            schema[word] = limit;
        }
    }
    schema
}

fn limit(json: &Option<String>) -> Option<Value> {
    json.as_deref().map(value_of)
}

/// Of two limits the one on that side of the other.
fn stricter([one, other]: [Option<Value>; 2], side: Ordering) -> Option<Value> {
    let further = match (one.as_ref().and_then(Number::of), other.as_ref().and_then(Number::of)) {
        (Some(one), Some(other)) => other.is(side, one),
        (one, _) => one.is_none(),
    };
    if further { other } else { one }
}

fn whole(number: i128) -> Value {
    serde_json::Number::from_i128(number).map_or(Value::Null, Value::Number)
}

/// What JSON text says; the text itself when it is none.
fn value_of(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| Value::from(json))
}

#[cfg(test)]
mod tests {
    use super::super::value_type::{ConfigChoice, ValueType};
    use super::*;

    const BYTE: ValueType = ValueType::Integer { min: 0, max: 255 };
    const SPEED: ValueType =
        ValueType::Choice(&[ConfigChoice::new("slow", "Takes time."), ConfigChoice::new("fast", "")]);
    const PLAIN: ValueType = ValueType::Choice(&[ConfigChoice::new("on", "")]);
    const KEY: ConfigField = ConfigField::new("key", ValueType::Secret).env("KEY").doc("It opens.");

    #[test]
    fn each_type_and_what_is_said_of_a_field_has_its_words() {
        for (field, wanted) in [
            (
                ConfigField::new("a", ValueType::Boolean).default_json("true"),
                json!({"type": "boolean", "default": true}),
            ),
            (ConfigField::new("a", BYTE), json!({"type": "integer", "minimum": 0, "maximum": 255})),
            (ConfigField::new("a", BYTE).min("1").max("9"), json!({"type": "integer", "minimum": 1, "maximum": 9})),
            (
                ConfigField::new("a", BYTE).min("-1").max("300"),
                json!({"type": "integer", "minimum": 0, "maximum": 255}),
            ),
            (
                ConfigField::new("a", BYTE).choices(&["8", "16"]).unit("Hz"),
                json!({"type": "integer", "minimum": 0, "maximum": 255, "enum": [8, 16], "x-unit": "Hz"}),
            ),
            (ConfigField::new("a", ValueType::Number), json!({"type": "number"})),
            (ConfigField::new("a", ValueType::Number).max("0.5"), json!({"type": "number", "maximum": 0.5})),
            (
                ConfigField::new("a", ValueType::Seconds),
                json!({"type": "number", "minimum": 0, "maximum": 1e19, "x-unit": "s"}),
            ),
            (
                ConfigField::new("a", ValueType::Seconds).min("0.1").max("5"),
                json!({"type": "number", "minimum": 0.1, "maximum": 5, "x-unit": "s"}),
            ),
            (
                ConfigField::new("a", ValueType::String).doc("It is."),
                json!({"type": "string", "description": "It is."}),
            ),
            (ConfigField::new("a", ValueType::String).min_length(1), json!({"type": "string", "minLength": 1})),
            (ConfigField::new("a", ValueType::Path).max_length(2), json!({"type": "string", "maxLength": 2})),
            (ConfigField::new("a", ValueType::Url), json!({"type": "string", "format": "uri"})),
            (
                KEY.default_json("\"k\""),
                json!({"type": "string", "writeOnly": true, "description": "It opens.", "x-env": "KEY"}),
            ),
            (
                ConfigField::new("a", ValueType::String).default_json("\"hidden\"").secret(),
                json!({"type": "string", "writeOnly": true}),
            ),
            (ConfigField::new("a", PLAIN), json!({"type": "string", "enum": ["on"]})),
            (
                ConfigField::new("a", SPEED),
                json!({"type": "string", "enum": ["slow", "fast"], "x-choices": {"slow": "Takes time.", "fast": ""}}),
            ),
            (
                ConfigField::new("a", ValueType::Optional(&PLAIN)),
                json!({"type": ["string", "null"], "enum": ["on", null]}),
            ),
            (
                ConfigField::new("a", ValueType::List(&BYTE)).min_length(1).max_length(2).choices(&["8"]),
                json!({"type": "array", "minItems": 1, "maxItems": 2,
                    "items": {"type": "integer", "minimum": 0, "maximum": 255, "enum": [8]}}),
            ),
            (
                ConfigField::new("a", ValueType::Optional(&ValueType::Map(&BYTE))).max_length(2),
                json!({"type": ["object", "null"], "maxProperties": 2,
                    "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 255}}),
            ),
            (ConfigField::new("a", ValueType::Table), json!({"type": "object"})),
        ] {
            assert_eq!(json_schema(&[field])["properties"][field.name], wanted, "{field:?}");
        }
    }

    #[test]
    fn what_nothing_else_gives_is_required_in_nested_configs_too() {
        const NESTED: ValueType = ValueType::Config(&[KEY, ConfigField::new("a", BYTE)]);
        const GIVEN: ValueType = ValueType::Config(&[KEY, ConfigField::new("a", BYTE).default_json("1")]);
        let fields =
            [KEY, ConfigField::new("nested", NESTED), ConfigField::new("given", GIVEN), ConfigField::new("b", BYTE)];
        let schema = json_schema(&fields);
        assert_eq!(schema["required"], json!(["nested", "b"]));
        assert_eq!(schema["properties"]["nested"]["required"], json!(["a"]));
        assert_eq!(schema["properties"]["given"].get("required"), None);
        assert_eq!((&schema["type"], &schema["additionalProperties"]), (&json!("object"), &json!(false)));
        assert_eq!(schema["$schema"], DIALECT);
        assert_eq!(
            json_schema(&[]),
            json!({"$schema": DIALECT, "type": "object", "properties": {}, "additionalProperties": false})
        );
    }
}
