//! What a single value must be, and in which words it is refused.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value;

use super::field::ConfigField;
use super::number::Number;
use super::problems::Place;
use super::value_type::ValueType;
use crate::hint;

/// The longest time taken, in seconds: about what a `Duration` can hold, and exact as integer and as double.
pub(super) const MAX_SECONDS: f64 = 1e19;

/// What is wrong with a value that is neither a list nor a table.
pub(super) fn scalar_problem(
    value_type: ValueType,
    field: &ConfigField,
    value: &Value,
    place: &Place,
) -> Option<String> {
    if !accepts(value_type, value) {
        return Some(mistyped(value_type, field, value, place));
    }
    not_listed(field, value, place).or_else(|| out_of_range(field, value, place))
}

/// Whether the value is of a type that is neither a list nor a table.
fn accepts(value_type: ValueType, value: &Value) -> bool {
    match value_type {
        ValueType::Boolean => value.is_boolean(),
        ValueType::Integer { min, max } => {
            Number::of(value).and_then(Number::whole).is_some_and(|number| (min..=max).contains(&number))
        }
        ValueType::Number => value.is_number(),
        ValueType::Seconds => Number::of(value).is_some_and(|seconds| {
            !seconds.is(Ordering::Less, Number::Whole(0)) && !seconds.is(Ordering::Greater, Number::Float(MAX_SECONDS))
        }),
        ValueType::Choice(choices) => {
            value.as_str().is_some_and(|given| choices.iter().any(|choice| choice.name == given))
        }
        _ => value.is_string(),
    }
}

/// What is said of a value that is not of its type.
pub(super) fn mistyped(value_type: ValueType, field: &ConfigField, value: &Value, place: &Place) -> String {
    match (value_type.without_optional(), value) {
        (ValueType::Choice(choices), Value::String(given)) => {
            let names: Vec<&str> = choices.iter().map(|choice| choice.name).collect();
            if place.hidden {
                return format!("{place} is not a choice; {}", hint::choose("", &names));
            }
            format!("{place} cannot be `{}`; {}", hint::shown(given), hint::choose(given, &names))
        }
        (ValueType::Seconds, value)
            if Number::of(value).is_some_and(|seconds| seconds.is(Ordering::Greater, Number::Float(MAX_SECONDS))) =>
        {
            place.must_be(format_args!("a number of seconds of at most {MAX_SECONDS:e}"), value)
        }
        (value_type, _) => {
            let wanted = Wanted { value_type, field };
            place.clone().hidden_if(value_type.holds_secret()).must_be(wanted, value)
        }
    }
}

/// What a field wants, in a sentence.
pub(super) fn wanted(field: &ConfigField) -> impl fmt::Display {
    Wanted { value_type: field.value_type, field }
}

/// What values of a type a field wants: of numbers and texts its choices, of integers those within its range.
pub(super) struct Wanted<'f> {
    pub(super) value_type: ValueType,
    pub(super) field: &'f ConfigField,
}

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |value_type: &ValueType| Self { value_type: *value_type, field: self.field };
        match self.value_type {
            ValueType::List(item) => write!(f, "a list, each {}", of(item)),
            ValueType::Map(item) => write!(f, "a table, each value {}", of(item)),
            ValueType::Optional(inner) => of(inner).fmt(f),
            ValueType::Config(_) | ValueType::Table => self.value_type.fmt(f),
            _ if !self.field.choices.is_empty() => write!(f, "one of {}", choices(self.field)),
            ValueType::Integer { min, max } => {
                let end = |json: Option<&str>| json.and_then(Number::parse).and_then(Number::whole);
                let (least, most) = (end(self.field.min).unwrap_or(min), end(self.field.max).unwrap_or(max));
                ValueType::Integer { min: min.max(least), max: max.min(most) }.fmt(f)
            }
            value_type => value_type.fmt(f),
        }
    }
}

/// The choices of a field as they are listed: in their own order, which for numbers is the better one.
fn choices(field: &ConfigField) -> String {
    let list: Vec<String> = field.choices.iter().map(|json| format!("`{}`", plain(json))).collect();
    list.join(", ")
}

/// JSON text as people write it: without quotes.
fn plain(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(Value::String(text)) => text,
        _ => json.to_owned(),
    }
}

fn not_listed(field: &ConfigField, value: &Value, place: &Place) -> Option<String> {
    let is = |json: &&str| match (Number::of(value), Number::parse(json)) {
        (Some(value), Some(choice)) => value.is(Ordering::Equal, choice),
        (None, None) => serde_json::from_str::<Value>(json).is_ok_and(|choice| choice == *value),
        _ => false,
    };
    if field.choices.is_empty() || field.choices.iter().any(is) {
        return None;
    }
    if place.hidden {
        return Some(format!("{place} is not a choice; choose from {}", choices(field)));
    }
    Some(match value {
        Value::String(given) => {
            let names: Vec<String> = field.choices.iter().map(|json| plain(json)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!("{place} cannot be `{}`; {}", hint::shown(given), hint::choose(given, &names))
        }
        value => format!("{place} cannot be `{value}`; choose from {}", choices(field)),
    })
}

/// Numbers alone have a range.
fn out_of_range(field: &ConfigField, value: &Value, place: &Place) -> Option<String> {
    let number = Number::of(value)?;
    let beyond = |limit: Option<&str>, side| limit.and_then(Number::parse).is_some_and(|limit| number.is(side, limit));
    if !beyond(field.min, Ordering::Less) && !beyond(field.max, Ordering::Greater) {
        return None;
    }
    let wanted = match (field.min, field.max) {
        (Some(min), Some(max)) => format!("between {min} and {max}"),
        (Some(min), None) => format!("at least {min}"),
        (_, max) => format!("at most {}", max.unwrap_or_default()),
    };
    Some(place.must_be(wanted, value))
}

/// What is wrong with the length of a text, list or map.
pub(super) fn wrong_length(field: &ConfigField, length: usize, value: &Value, place: &Place) -> Option<String> {
    // At least nothing is no limit, and nothing to speak of.
    let (min, max) = (field.min_length.filter(|min| *min > 0), field.max_length);
    if min.is_none_or(|min| min <= length) && max.is_none_or(|max| length <= max) {
        return None;
    }
    let wanted = match (min, max) {
        (Some(min), Some(max)) if min == max => min.to_string(),
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (_, max) => format!("at most {}", max.unwrap_or_default()),
    };
    let (one, many) = match value {
        Value::String(_) => ("character", "characters"),
        Value::Array(_) => ("item", "items"),
        _ => ("entry", "entries"),
    };
    let unit = if wanted.ends_with(" 1") || wanted == "1" { one } else { many };
    let given = if place.hidden { "; what was given is not shown".to_owned() } else { format!(", but has {length}") };
    Some(format!("{place} must have {wanted} {unit}{given}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::map::Config;
    use super::super::value_type::ConfigChoice;
    use super::*;

    const BYTE: ValueType = ValueType::Integer { min: -5, max: 255 };
    const SPEED: ValueType = ValueType::Choice(&[ConfigChoice::new("slow", ""), ConfigChoice::new("fast", "")]);

    fn place() -> Place {
        Place::root(&Config::new()).key("a")
    }

    #[test]
    fn a_single_value_is_of_its_type_and_within_its_limits() {
        let field = |value_type| ConfigField::new("a", value_type);
        for (field, value, wanted) in [
            (field(ValueType::Boolean), json!(true), ""),
            (field(ValueType::Boolean), json!(1), "`a` must be `true` or `false`, but is `1`"),
            (field(BYTE), json!(-5), ""),
            (field(BYTE), json!(255.0), ""),
            (field(BYTE), json!(256), "`a` must be an integer from -5 to 255, but is `256`"),
            (field(BYTE), json!("1"), "`a` must be an integer from -5 to 255, but is the text `1`"),
            (field(ValueType::Number), json!(0.5), ""),
            (field(ValueType::Number), json!([]), "`a` must be a number, but is `[]`"),
            (field(ValueType::Seconds), json!(0), ""),
            (field(ValueType::Seconds), json!(1e19), ""),
            (field(ValueType::Seconds), json!(-0.5), "`a` must be a number of seconds, not negative, but is `-0.5`"),
            (field(ValueType::Seconds), json!(1e20), "`a` must be a number of seconds of at most 1e19, but is `1e+20`"),
            (field(ValueType::String), json!("x"), ""),
            (field(ValueType::String), json!({}), "`a` must be text, but is a table"),
            (field(ValueType::Secret), json!(1), "`a` must be text; what was given is not shown"),
            (field(SPEED), json!("slow"), ""),
            (field(SPEED), json!("slwo"), "`a` cannot be `slwo`; did you mean `slow`? choose from `fast`, `slow`"),
            (field(SPEED), json!(1), "`a` must be one of `fast`, `slow`, but is `1`"),
            (field(BYTE).min("1"), json!(1), ""),
            (field(BYTE).min("1"), json!(0), "`a` must be at least 1, but is `0`"),
            (field(BYTE).max("9"), json!(9), ""),
            (field(BYTE).max("9"), json!(10), "`a` must be at most 9, but is `10`"),
            (field(BYTE).min("1").max("9"), json!(10), "`a` must be between 1 and 9, but is `10`"),
            (field(ValueType::String).min("1"), json!("x"), ""),
            (field(BYTE).min("1").max("9"), json!(70_000), "`a` must be an integer from 1 to 9, but is `70000`"),
            (field(BYTE).min("1"), json!("x"), "`a` must be an integer from 1 to 255, but is the text `x`"),
            (field(BYTE).min("-9").max("999"), json!(true), "`a` must be an integer from -5 to 255, but is `true`"),
            (field(BYTE).choices(&["16", "8"]), json!("x"), "`a` must be one of `16`, `8`, but is the text `x`"),
            (field(BYTE).choices(&["16", "8"]), json!(8.0), ""),
            (field(BYTE).choices(&["16", "8"]), json!(9), "`a` cannot be `9`; choose from `16`, `8`"),
            (field(ValueType::String).choices(&["\"on\"", "\"off\""]), json!("off"), ""),
            (
                field(ValueType::String).choices(&["\"on\""]),
                json!("of"),
                "`a` cannot be `of`; did you mean `on`? choose from `on`",
            ),
        ] {
            let said = scalar_problem(field.value_type, &field, &value, &place()).unwrap_or_default();
            assert_eq!(said, wanted, "{field:?} {value}");
        }
        let said = scalar_problem(SPEED, &ConfigField::new("a", SPEED), &json!("x"), &place().hidden_if(true));
        assert_eq!(said.as_deref(), Some("`a` is not a choice; choose from `fast`, `slow`"));
        let key = ConfigField::new("a", ValueType::Secret).choices(&["\"on\""]);
        let said = scalar_problem(ValueType::Secret, &key, &json!("x"), &place().hidden_if(true));
        assert_eq!(said.as_deref(), Some("`a` is not a choice; choose from `on`"));
    }

    #[test]
    fn lengths_are_counted_in_what_the_value_has() {
        let field = |min: Option<usize>, max: Option<usize>| {
            let mut field = ConfigField::new("a", ValueType::String);
            (field.min_length, field.max_length) = (min, max);
            field
        };
        for (field, length, value, wanted) in [
            (field(None, None), 5, json!("x"), ""),
            (field(Some(1), Some(2)), 1, json!("x"), ""),
            (field(Some(1), Some(2)), 2, json!("x"), ""),
            (field(Some(1), Some(2)), 3, json!("x"), "`a` must have 1 to 2 characters, but has 3"),
            (field(Some(1), None), 0, json!("x"), "`a` must have at least 1 character, but has 0"),
            (field(Some(0), Some(1)), 2, json!("x"), "`a` must have at most 1 character, but has 2"),
            (field(None, Some(2)), 3, json!([]), "`a` must have at most 2 items, but has 3"),
            (field(Some(1), Some(1)), 2, json!([]), "`a` must have 1 item, but has 2"),
            (field(Some(2), Some(2)), 1, json!({}), "`a` must have 2 entries, but has 1"),
        ] {
            assert_eq!(wrong_length(&field, length, &value, &place()).unwrap_or_default(), wanted);
        }
        let said = wrong_length(&field(Some(1), None), 0, &json!({}), &place().hidden_if(true));
        assert_eq!(said.as_deref(), Some("`a` must have at least 1 entry; what was given is not shown"));
    }

    #[test]
    fn what_is_wanted_is_the_type_or_one_of_the_choices() {
        const BYTES: ValueType = ValueType::Optional(&ValueType::List(&BYTE));
        for (field, said) in [
            (ConfigField::new("a", ValueType::Path), "a path"),
            (ConfigField::new("a", BYTE).choices(&["16", "8"]), "one of `16`, `8`"),
            (ConfigField::new("a", BYTES).choices(&["16", "8"]), "a list, each one of `16`, `8`"),
            (ConfigField::new("a", BYTES).max("9"), "a list, each an integer from -5 to 9"),
            (ConfigField::new("a", ValueType::Map(&BYTE)).min("0"), "a table, each value an integer from 0 to 255"),
        ] {
            assert_eq!(wanted(&field).to_string(), said);
        }
    }
}
