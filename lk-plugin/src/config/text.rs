//! What text from the command line or the environment means.

use serde_json::Value;

use super::value_type::ValueType;

/// What text means for a value of this type; `None` when nothing.
pub(super) fn parse_text(text: &str, value_type: ValueType) -> Option<Value> {
    match value_type {
        ValueType::Boolean => text.trim().parse().ok().map(Value::Bool),
        ValueType::Integer { .. } => {
            let text = text.trim();
            text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<u64>().map(Value::from)).ok()
        }
        // `nan` and `inf` parse as floats, but are no JSON numbers.
        ValueType::Number | ValueType::Seconds => {
            text.trim().parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number)
        }
        ValueType::String | ValueType::Secret | ValueType::Url | ValueType::Path | ValueType::Choice(_) => {
            Some(Value::String(text.to_owned()))
        }
        // A JSON list, or what a person would write: `a,b,c`.
        ValueType::List(item) => match serde_json::from_str(text) {
            Ok(Value::Array(list)) => Some(Value::Array(list)),
            _ if text.trim().is_empty() => Some(Value::Array(Vec::new())),
            _ => text.split(',').map(|part| parse_text(part.trim(), *item)).collect::<Option<_>>().map(Value::Array),
        },
        // A JSON object; single values of it have keys of their own: `headers.accept`.
        ValueType::Map(_) | ValueType::Table | ValueType::Config(_) => {
            serde_json::from_str(text).ok().filter(Value::is_object)
        }
        ValueType::Optional(inner) => parse_text(text, *inner),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_means_what_the_type_says() {
        const WORD: ValueType = ValueType::Integer { min: 0, max: 9 };
        for (value_type, text, wanted) in [
            (ValueType::Boolean, " true ", Some(json!(true))),
            (ValueType::Boolean, "yes", None),
            (WORD, " -5 ", Some(json!(-5))),
            (WORD, "18446744073709551615", Some(json!(u64::MAX))),
            (WORD, "0.5", None),
            (ValueType::Number, " 0.5 ", Some(json!(0.5))),
            (ValueType::Number, "nan", None),
            (ValueType::Seconds, "inf", None),
            (ValueType::String, " a ", Some(json!(" a "))),
            (ValueType::Choice(&[]), "a", Some(json!("a"))),
            (ValueType::List(&WORD), "1, 2", Some(json!([1, 2]))),
            (ValueType::List(&WORD), "1,x", None),
            (ValueType::List(&ValueType::String), "[\"a,b\"]", Some(json!(["a,b"]))),
            (ValueType::List(&ValueType::String), " ", Some(json!([]))),
            (ValueType::Map(&WORD), "{\"a\": 1}", Some(json!({"a": 1}))),
            (ValueType::Map(&WORD), "[]", None),
            (ValueType::Table, "a", None),
            (ValueType::Optional(&WORD), "1", Some(json!(1))),
        ] {
            assert_eq!(parse_text(text, value_type), wanted, "{value_type:?} {text}");
        }
    }
}
