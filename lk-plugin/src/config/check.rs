//! What `#[config(…)]` says about a field against the field's type, at compile time: only the compiler knows what `Speed`
//! in `speed: Speed` takes. The derive calls these with the span of the literal, and `track_caller` moves the complaint
//! there.

#![expect(clippy::panic, reason = "these run at compile time, where a panic is a message of the compiler")]

use super::field::ConfigField;
use super::value_type::ValueType;

/// That the default is a value of the field's type; of a list without its items, which have tokens of their own.
#[track_caller]
pub const fn default_fits(field: &ConfigField) {
    let Some(json) = field.default else { return };
    // What is empty holds no secret.
    if field.secret && !matches!(json.as_bytes(), b"\"\"" | b"[]" | b"{}") {
        panic!(
            "a secret has no default, for it would stand in the program for everybody to read; leave it out, or name a \
             variable to read it from with `env = \"…\"`"
        )
    }
    match field.value_type.without_optional() {
        ValueType::List(_) if json.as_bytes()[0] == b'[' => {}
        value_type => refuse(fault_of(json.as_bytes(), 0, value_type).0),
    }
}

/// That an item of the default list is a value of the list's type.
#[track_caller]
pub const fn default_item_fits(field: &ConfigField, index: usize) {
    let (Some(json), ValueType::List(item)) = (field.default, field.value_type.without_optional()) else { return };
    let (mut at, mut passed) = (1, 0);
    while passed < index {
        at = end_of(json.as_bytes(), at) + 1;
        passed += 1;
    }
    refuse(fault_of(json.as_bytes(), at, *item).0);
}

#[track_caller]
const fn refuse(fault: Fault) {
    match fault {
        Fault::None => {}
        Fault::NotBoolean => panic!("a boolean belongs here; write `true` or `false`"),
        Fault::NotInteger => panic!("a whole number belongs here; write one such as `5`"),
        Fault::Point => panic!("a whole number belongs here; write one without a point"),
        Fault::Quoted => panic!("a number belongs here, and this is text; write one without quotes"),
        Fault::IntegerTooLarge => {
            panic!("the field's type cannot hold this number; write one that it can, or use a larger type")
        }
        Fault::NotNumber => panic!("a number belongs here; write one such as `0.5`"),
        Fault::NotSeconds => {
            panic!("a number of seconds belongs here; write one that is not negative, such as `0.5`")
        }
        Fault::NotText => panic!("text belongs here; write it in quotes"),
        Fault::NotChoice => panic!("this is none of the choices; write the name of one in quotes, as a config would"),
        Fault::NotList => panic!("a list belongs here; write its items in brackets, such as `[1, 2]`"),
        Fault::NotMap => panic!("a table belongs here; write `{{}}`, or its entries such as `{{ \"key\": 1 }}`"),
        Fault::Config => panic!("a nested config takes the defaults of its own fields; remove this one"),
    }
}

/// That only numbers have a range.
#[track_caller]
pub const fn range_fits(field: &ConfigField) {
    match leaf(field.value_type) {
        ValueType::Integer { .. } | ValueType::Number | ValueType::Seconds => {}
        ValueType::String | ValueType::Secret | ValueType::Path | ValueType::Url => {
            panic!(
                "the field is text, and only numbers have a range; remove this, or limit its length with `length = 1..`"
            )
        }
        _ => panic!("only numbers have a range, and the field is none; remove this"),
    }
}

/// That the ends of a range, first the smaller one, are values that the field's type can have.
#[track_caller]
pub const fn range_end_fits(field: &ConfigField, index: usize) {
    let leaf = leaf(field.value_type);
    let end = if index == 0 { field.min } else { field.max };
    if let (Some(json), ValueType::Integer { .. } | ValueType::Seconds) = (end, leaf) {
        refuse(fault_of(json.as_bytes(), 0, leaf).0);
    }
}

/// That only numbers have a unit.
#[track_caller]
pub const fn unit_fits(field: &ConfigField) {
    match leaf(field.value_type) {
        ValueType::Integer { .. } | ValueType::Number => {}
        ValueType::Seconds if matches!(field.unit, Some(unit) if is_text(b"s", 0, 1, unit.as_bytes())) => {}
        ValueType::Seconds => panic!("a `Duration` is in seconds; remove this"),
        _ => panic!("only numbers have a unit, and the field is none; remove this"),
    }
}

/// That only texts, lists and maps have a length.
#[track_caller]
pub const fn length_fits(field: &ConfigField) {
    match field.value_type.without_optional() {
        ValueType::String | ValueType::Secret | ValueType::Path | ValueType::Url => {}
        ValueType::List(_) | ValueType::Map(_) => {}
        ValueType::Integer { .. } | ValueType::Number | ValueType::Seconds => {
            panic!("the field is a number, which has no length; limit it with `range = 0..=9`")
        }
        _ => panic!("only texts, lists and maps have a length, and the field is none of them; remove this"),
    }
}

/// That each of the choices is a value of the field's type.
#[track_caller]
pub const fn choice_fits(field: &ConfigField, index: usize) {
    let leaf = leaf(field.value_type);
    match leaf {
        ValueType::Choice(_) => panic!("the field's type has choices of its own; remove these"),
        ValueType::Boolean | ValueType::Table | ValueType::Config(_) => {
            panic!("only numbers and texts have choices; remove these")
        }
        _ => {}
    }
    refuse(fault_of(field.choices[index].as_bytes(), 0, leaf).0);
}

/// What the values are at the bottom of lists, maps and options.
const fn leaf(value_type: ValueType) -> ValueType {
    match value_type.inner() {
        Some(inner) => leaf(inner),
        None => value_type,
    }
}

#[derive(Clone, Copy)]
enum Fault {
    None,
    NotBoolean,
    NotInteger,
    Point,
    Quoted,
    IntegerTooLarge,
    NotNumber,
    NotSeconds,
    NotText,
    NotChoice,
    NotList,
    NotMap,
    Config,
}

/// What is wrong with the JSON value that begins there, and where it ends. The derive wrote it: without white space,
/// and well formed.
const fn fault_of(json: &[u8], start: usize, value_type: ValueType) -> (Fault, usize) {
    let end = end_of(json, start);
    let first = json[start];
    let is_number = first == b'-' || first.is_ascii_digit();
    let fault = match value_type {
        ValueType::Optional(inner) => return fault_of(json, start, *inner),
        ValueType::Boolean if first == b't' || first == b'f' => Fault::None,
        ValueType::Boolean => Fault::NotBoolean,
        ValueType::Integer { .. } | ValueType::Number | ValueType::Seconds if first == b'"' => Fault::Quoted,
        ValueType::Integer { min, max } => match integer(json, start, end) {
            Some(number) if min <= number && number <= max => Fault::None,
            Some(_) => Fault::IntegerTooLarge,
            None if is_number => Fault::Point,
            None => Fault::NotInteger,
        },
        ValueType::Number if is_number => Fault::None,
        ValueType::Number => Fault::NotNumber,
        ValueType::Seconds if is_number && first != b'-' => Fault::None,
        ValueType::Seconds => Fault::NotSeconds,
        ValueType::String | ValueType::Secret | ValueType::Url | ValueType::Path if first == b'"' => Fault::None,
        ValueType::String | ValueType::Secret | ValueType::Url | ValueType::Path => Fault::NotText,
        ValueType::Choice(choices) => {
            let mut index = 0;
            let mut fault = Fault::NotChoice;
            while index < choices.len() {
                if first == b'"' && is_text(json, start + 1, end - 1, choices[index].name.as_bytes()) {
                    fault = Fault::None;
                }
                index += 1;
            }
            fault
        }
        ValueType::List(item) if first == b'[' => return (fault_of_items(json, start, *item, false), end),
        ValueType::List(_) => Fault::NotList,
        ValueType::Map(item) if first == b'{' => return (fault_of_items(json, start, *item, true), end),
        ValueType::Table if first == b'{' => Fault::None,
        ValueType::Map(_) | ValueType::Table => Fault::NotMap,
        ValueType::Config(_) => Fault::Config,
    };
    (fault, end)
}

/// The first fault among the items of a list or the values of a table.
const fn fault_of_items(json: &[u8], start: usize, item: ValueType, keys: bool) -> Fault {
    let mut at = start + 1;
    while json[at] != b']' && json[at] != b'}' {
        if keys {
            // The key and its colon.
            at = end_of(json, at) + 1;
        }
        let (fault, end) = fault_of(json, at, item);
        if !matches!(fault, Fault::None) {
            return fault;
        }
        at = if json[end] == b',' { end + 1 } else { end };
    }
    Fault::None
}

/// Where the value that begins there ends: at a comma, colon or bracket that is not in it.
const fn end_of(json: &[u8], start: usize) -> usize {
    let (mut at, mut depth, mut quoted) = (start, 0, false);
    while at < json.len() {
        match json[at] {
            // Only texts have one.
            b'\\' => at += 1,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' | b',' | b':' if depth == 0 => return at,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    json.len()
}

/// The whole number that is written there; `None` for one with a point or an exponent, or something else.
const fn integer(json: &[u8], start: usize, end: usize) -> Option<i128> {
    let negative = json[start] == b'-';
    let (mut at, mut number) = (if negative { start + 1 } else { start }, 0_i128);
    while at < end {
        if !json[at].is_ascii_digit() {
            return None;
        }
        // Where it stops no type holds it.
        number = number.saturating_mul(10).saturating_add((json[at] - b'0') as i128);
        at += 1;
    }
    Some(if negative { -number } else { number })
}

const fn is_text(json: &[u8], start: usize, end: usize, text: &[u8]) -> bool {
    if end - start != text.len() {
        return false;
    }
    let mut index = 0;
    while index < text.len() {
        if json[start + index] != text[index] {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use std::panic::{UnwindSafe, catch_unwind};

    use super::super::value_type::ConfigChoice;
    use super::*;

    const BYTE: ValueType = ValueType::Integer { min: -5, max: 255 };
    const SPEED: ValueType = ValueType::Choice(&[ConfigChoice::new("slow", ""), ConfigChoice::new("fast", "")]);

    /// What the compiler would say; nothing when the check passes.
    fn said(check: impl FnOnce() + UnwindSafe) -> String {
        match catch_unwind(check) {
            Ok(()) => String::new(),
            Err(said) => said.downcast_ref::<&str>().map_or_else(
                || said.downcast_ref::<String>().cloned().unwrap_or_else(|| "something else".to_owned()),
                |text| (*text).to_owned(),
            ),
        }
    }

    #[track_caller]
    fn says(found: &str, wanted: &str) {
        assert!(if wanted.is_empty() { found.is_empty() } else { found.contains(wanted) }, "{found:?}, not {wanted:?}");
    }

    #[test]
    fn a_default_is_of_the_fields_type() {
        const BYTES: ValueType = ValueType::List(&BYTE);
        let cases: &[(ValueType, &str, &str)] = &[
            (ValueType::Boolean, "true", ""),
            (ValueType::Boolean, "false", ""),
            (ValueType::Boolean, "1", "a boolean"),
            (BYTE, "0", ""),
            (BYTE, "255", ""),
            (BYTE, "-5", ""),
            (BYTE, "256", "cannot hold"),
            (BYTE, "-6", "cannot hold"),
            (BYTE, "12", ""),
            (BYTE, "1000000000000000000000000000000000000000000000000000", "cannot hold"),
            (BYTE, "-1000000000000000000000000000000000000000000000000000", "cannot hold"),
            (BYTE, "1.5", "without a point"),
            (BYTE, "true", "such as `5`"),
            (BYTE, "\"1\"", "without quotes"),
            (ValueType::Integer { min: 19, max: 19 }, "19", ""),
            (ValueType::Integer { min: -905, max: -905 }, "-905", ""),
            (ValueType::Number, "0.5", ""),
            (ValueType::Number, "-1", ""),
            (ValueType::Number, "true", "such as `0.5`"),
            (ValueType::Number, "\"1\"", "without quotes"),
            (ValueType::Seconds, "0.5", ""),
            (ValueType::Seconds, "-0.5", "a number of seconds"),
            (ValueType::Seconds, "\"1\"", "without quotes"),
            (ValueType::String, "\"\"", ""),
            (ValueType::Secret, "\"a\"", "a secret has no default"),
            (ValueType::Optional(&ValueType::Secret), "\"a\"", "a secret has no default"),
            (ValueType::Secret, "\"\"", ""),
            (ValueType::List(&ValueType::Secret), "[\"a\"]", "a secret has no default"),
            (ValueType::Map(&ValueType::Secret), "{\"a\":\"b\"}", "a secret has no default"),
            (ValueType::List(&ValueType::Secret), "[]", ""),
            (ValueType::Map(&ValueType::Secret), "{}", ""),
            (ValueType::Url, "\"a\"", ""),
            (ValueType::Path, "\"a\"", ""),
            (ValueType::String, "1", "text belongs"),
            (SPEED, "\"slow\"", ""),
            (SPEED, "\"fast\"", ""),
            (SPEED, "\"fest\"", "none of the choices"),
            (SPEED, "\"fas\"", "none of the choices"),
            (SPEED, "\"faster\"", "none of the choices"),
            (SPEED, "1slow1", "none of the choices"),
            // The items of a list are checked one by one, with places of their own.
            (BYTES, "[1,\"a\"]", ""),
            (BYTES, "1", "a list belongs"),
            (ValueType::List(&BYTES), "[[1]]", ""),
            (ValueType::Map(&BYTE), "{}", ""),
            (ValueType::Map(&BYTE), "{\"a\":1,\"b\":2}", ""),
            (ValueType::Map(&BYTE), "{\"a\":1,\"b\":\"c\"}", "without quotes"),
            (ValueType::Map(&BYTE), "{\"a\":\"b\",\"b\":1}", "without quotes"),
            (ValueType::Map(&BYTES), "{\"a\":[],\"b\":[1,2],\"c\":[3,256]}", "cannot hold"),
            (ValueType::Map(&ValueType::String), "{\"a\\\":1,\":\"b\",\"c\":1}", "text belongs"),
            (ValueType::Map(&ValueType::String), "{\"a\":\"[{\\\"\",\"c\":\"d\"}", ""),
            (ValueType::Map(&ValueType::Map(&BYTE)), "{\"a\":{\"b\":1},\"c\":{\"d\":true}}", "a whole number"),
            (ValueType::Map(&BYTE), "[1]", "a table belongs"),
            (ValueType::Table, "{\"a\":[{}]}", ""),
            (ValueType::Table, "1", "a table belongs"),
            (ValueType::Config(&[]), "{}", "a nested config"),
            (ValueType::Optional(&BYTE), "256", "cannot hold"),
            (ValueType::Optional(&BYTES), "[256]", ""),
        ];
        for (value_type, default, wanted) in cases {
            let field = ConfigField::new("speed", *value_type).default_json(default);
            let found = said(move || default_fits(&field));
            assert_eq!(found.is_empty(), wanted.is_empty(), "{value_type:?} {default}: {found}");
            says(&found, wanted);
        }
        let field = ConfigField::new("speed", BYTE);
        says(&said(move || default_fits(&field)), "");
        let field = ConfigField::new("speed", BYTE).default_json("1").secret();
        says(&said(move || default_fits(&field)), "a secret has no default");
    }

    #[test]
    fn each_item_of_a_default_list_is_of_its_type() {
        const PAIRS: ValueType = ValueType::List(&ValueType::List(&BYTE));
        let cases: &[(ValueType, &str, &[&str])] = &[
            (ValueType::List(&BYTE), "[1,\"a\",256,4]", &["", "without quotes", "cannot hold", ""]),
            (ValueType::Optional(&ValueType::List(&BYTE)), "[256,1]", &["cannot hold", ""]),
            (PAIRS, "[[1,2],[3,256],[],[\"]\",5],[6]]", &["", "cannot hold", "", "without quotes", ""]),
            (ValueType::List(&SPEED), "[\"fast\",\"a,\\\"b\",\"slow\"]", &["", "none of the choices", ""]),
            (BYTE, "1", &["", ""]),
        ];
        for (value_type, default, wanted) in cases {
            for (index, wanted) in wanted.iter().enumerate() {
                let field = ConfigField::new("speed", *value_type).default_json(default);
                says(&said(move || default_item_fits(&field, index)), wanted);
            }
        }
        let field = ConfigField::new("speed", ValueType::List(&BYTE));
        says(&said(move || default_item_fits(&field, 0)), "");
    }

    #[test]
    fn ranges_units_and_lengths_are_for_what_has_them() {
        let texts = [ValueType::String, ValueType::Secret, ValueType::Path, ValueType::Url];
        let rows: &[(&[ValueType], &str, &str, &str)] = &[
            (&[BYTE, ValueType::Number, ValueType::List(&BYTE), ValueType::Optional(&BYTE)], "", "", "-"),
            (&[BYTE, ValueType::Number, ValueType::Optional(&BYTE)], "", "", "which has no length"),
            (&[ValueType::Seconds], "", "in seconds", "which has no length"),
            (&texts, "the field is text", "only numbers have a unit", ""),
            (&[ValueType::List(&BYTE), ValueType::Map(&BYTE)], "", "", ""),
            (&[ValueType::Boolean, SPEED, ValueType::Table], "the field is none", "only numbers", "only texts, lists"),
        ];
        for (value_types, range, unit, length) in rows {
            for value_type in *value_types {
                let field = ConfigField::new("speed", *value_type).unit("Hz");
                says(&said(move || range_fits(&field)), range);
                says(&said(move || unit_fits(&field)), unit);
                if *length != "-" {
                    says(&said(move || length_fits(&field)), length);
                }
            }
        }
        // The unit that the type itself says.
        let field = ConfigField::new("pause", ValueType::Seconds).unit("s");
        says(&said(move || unit_fits(&field)), "");
        let field = ConfigField::new("pause", ValueType::Seconds).unit("m");
        says(&said(move || unit_fits(&field)), "in seconds");
    }

    #[test]
    fn a_range_ends_at_values_of_the_type() {
        for (value_type, min, max, wanted) in [
            (BYTE, "-5", "255", ["", ""]),
            (BYTE, "-6", "256", ["cannot hold", "cannot hold"]),
            (ValueType::Optional(&ValueType::List(&BYTE)), "0", "1.5", ["", "without a point"]),
            (ValueType::Number, "-1", "1.5", ["", ""]),
            (ValueType::Seconds, "-1", "1.5", ["not negative", ""]),
            // What has no range is told so once.
            (ValueType::String, "-1", "1.5", ["", ""]),
        ] {
            for (index, wanted) in wanted.into_iter().enumerate() {
                let field = ConfigField::new("rate", value_type).min(min).max(max);
                says(&said(move || range_end_fits(&field, index)), wanted);
            }
        }
        let field = ConfigField::new("rate", BYTE);
        says(&said(move || range_end_fits(&field, 0)), "");
    }

    #[test]
    fn choices_are_values_of_the_type() {
        let cases: &[(ValueType, [&str; 2])] = &[
            (BYTE, ["", "cannot hold"]),
            (ValueType::Optional(&ValueType::List(&BYTE)), ["", "cannot hold"]),
            (ValueType::String, ["text belongs", "text belongs"]),
            (SPEED, ["choices of its own", "choices of its own"]),
            (ValueType::Boolean, ["only numbers and texts", "only numbers and texts"]),
            (ValueType::Table, ["only numbers and texts", "only numbers and texts"]),
            (ValueType::Config(&[]), ["only numbers and texts", "only numbers and texts"]),
        ];
        for (value_type, wanted) in cases {
            for (index, wanted) in wanted.iter().enumerate() {
                let field = ConfigField::new("rate", *value_type).choices(&["8", "256"]);
                says(&said(move || choice_fits(&field, index)), wanted);
            }
        }
    }
}
