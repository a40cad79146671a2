//! Puts together what was given, the environment and the defaults, and checks all of it against the descriptions alone:
//! no code of the plugin runs here. Every problem is noted, none ends the reading.

use std::collections::BTreeSet;
use std::env;

use serde_json::{Map, Value};

use super::field::ConfigField;
use super::map::Config;
use super::problems::{Place, Problems, Source};
use super::rules::{Wanted, mistyped, scalar_problem, wanted, wrong_length};
use super::text::parse_text;
use super::value_type::ValueType;
use crate::hint;

/// The value of each field: complete, typed, and without what has a problem.
pub(super) fn resolve(config: &Config, fields: &[ConfigField], problems: &mut Problems) -> Map<String, Value> {
    let given = Given { value: None, table: Some(config.values()), texts: config.texts().collect() };
    Resolver { problems }.table(fields, config.others(), &given, &Place::root(config))
}

/// What was given for one place: a value, and texts for it (with an empty path) or for places in it.
struct Given<'c> {
    value: Option<&'c Value>,
    table: Option<&'c Map<String, Value>>,
    texts: Vec<(&'c str, &'c str)>,
}

impl<'c> Given<'c> {
    fn of(value: &'c Value) -> Self {
        Self { value: Some(value), table: value.as_object(), texts: Vec::new() }
    }

    fn at(&self, key: &str) -> Self {
        let value = self.table.and_then(|table| table.get(key));
        let below = |(path, text): &(&'c str, &'c str)| match path.strip_prefix(key)? {
            "" => Some(("", *text)),
            rest => Some((rest.strip_prefix('.')?, *text)),
        };
        Self { value, table: value.and_then(Value::as_object), texts: self.texts.iter().filter_map(below).collect() }
    }

    /// As `at`, for a key whose dots are its own.
    fn exactly_at(&self, key: &str) -> Self {
        let mut given = self.at(key);
        given.texts.retain(|(path, _)| path.is_empty());
        given
    }

    /// The keys given here; of a text's path the first, or the whole where the values are no tables.
    fn keys(&self, whole: bool) -> BTreeSet<&'c str> {
        let texts = self.texts.iter().map(|(path, _)| match path.split_once('.') {
            Some((first, _)) if !whole => first,
            _ => path,
        });
        self.table.into_iter().flat_map(Map::keys).map(String::as_str).chain(texts).collect()
    }

    fn is_none(&self) -> bool {
        self.texts.is_empty() && self.value.is_none()
    }

    fn is_null(&self) -> bool {
        self.texts.is_empty() && self.value == Some(&Value::Null)
    }
}

struct Resolver<'p> {
    problems: &'p mut Problems,
}

impl Resolver<'_> {
    /// `others` are keys that may be meant where one is unknown, but are not taken from here.
    fn table(
        &mut self,
        fields: &[ConfigField],
        others: &[String],
        given: &Given<'_>,
        place: &Place,
    ) -> Map<String, Value> {
        let mut table = Map::new();
        for field in fields {
            let place = place.key(field.name).hidden_if(field.secret);
            if let Some(value) = self.field(field, &given.at(field.name), place) {
                table.insert(field.name.to_owned(), value);
            }
        }
        let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
        for key in given.keys(false).into_iter().filter(|key| !known.contains(key)) {
            let path = place.key(key).path;
            let what = if place.path.is_empty() { "this plugin" } else { "this table" };
            let choices: Vec<&str> = known.iter().copied().chain(others.iter().map(String::as_str)).collect();
            let problem = match choices.as_slice() {
                [] => format!("is not an option; {what} takes none"),
                // Itself it was taken out; what is here was written behind it.
                _ if others.iter().any(|other| other == key) => "has no keys in it; give it alone".to_owned(),
                choices => format!("is not an option; {}", hint::choose(key, choices)),
            };
            self.problems.add(&path, format!("`{}` {problem}", hint::shown(&path)));
        }
        table
    }

    /// `None` when there is no value, which has been noted.
    fn field(&mut self, field: &ConfigField, given: &Given<'_>, place: Place) -> Option<Value> {
        let optional = matches!(field.value_type, ValueType::Optional(_));
        if !given.is_none() && (optional || !given.is_null()) {
            return self.whole(field, given, &place);
        }
        if given.is_none() {
            match from_environment(field, &place) {
                Ok(None) => {}
                Ok(Some((value, place))) => return self.whole(field, &Given::of(&value), &place),
                Err(message) => return self.bad(&place, message),
            }
            match field.default.map(serde_json::from_str::<Value>) {
                Some(Ok(value)) => return self.whole(field, &Given::of(&value), &place.from(Source::Default)),
                Some(Err(error)) => {
                    let place = place.from(Source::Default);
                    return self.bad(&place, format!("{place} is not JSON ({error}); this is the plugin's fault"));
                }
                None => {}
            }
            match field.value_type {
                ValueType::Optional(_) => return Some(Value::Null),
                // What it needs is missed by its own keys.
                ValueType::Config(fields) => return Some(Value::Object(self.table(fields, &[], given, &place))),
                _ => {}
            }
        }
        if given.is_null() {
            let advice = match field.env {
                _ if !field.required => "; leave the key out for its default".to_owned(),
                Some(env) => format!("; leave the key out to have it from the environment variable `{env}`"),
                None => String::new(),
            };
            return self.bad(&place, format!("{place} must be {}, but is `null`{advice}", wanted(field)));
        }
        let or_env = field.env.map(|env| format!(" or set the environment variable `{env}`")).unwrap_or_default();
        self.bad(&place, format!("{place} is missing; give {}{or_env}", wanted(field)))
    }

    /// The value of a field, its length checked: of the whole, not of the texts or lists in it.
    fn whole(&mut self, field: &ConfigField, given: &Given<'_>, place: &Place) -> Option<Value> {
        self.problems.comes_from(place);
        let value = self.value(field.value_type, field, given, place)?;
        let length = match &value {
            Value::String(text) => text.chars().count(),
            Value::Array(items) => items.len(),
            Value::Object(entries) => entries.len(),
            _ => return Some(value),
        };
        match wrong_length(field, length, &value, place) {
            Some(message) => self.bad(place, message),
            None => Some(value),
        }
    }

    /// The value with its texts parsed and all in it checked. `None` when it has a problem as a whole; a part of a list
    /// or map that has one is null.
    fn value(&mut self, value_type: ValueType, field: &ConfigField, given: &Given<'_>, place: &Place) -> Option<Value> {
        if let Some(index) = given.texts.iter().position(|(path, _)| path.is_empty()) {
            let text = given.texts[index].1;
            let Some(value) = parse_text(text, value_type) else {
                return self.bad(place, mistyped(value_type, field, &Value::String(text.to_owned()), place));
            };
            let mut typed = Given::of(&value);
            typed.texts = given.texts.iter().copied().filter(|(path, _)| !path.is_empty()).collect();
            return self.value(value_type, field, &typed, place);
        }
        let value = given.value.unwrap_or(&Value::Null);
        match value_type {
            ValueType::Optional(_) if given.is_null() => Some(Value::Null),
            ValueType::Optional(inner) => self.value(*inner, field, given, place),
            ValueType::Config(_) | ValueType::Map(_) | ValueType::Table
                if given.value.is_some() && given.table.is_none() =>
            {
                self.bad(place, mistyped(value_type, field, value, place))
            }
            ValueType::Config(fields) => Some(Value::Object(self.table(fields, &[], given, place))),
            ValueType::Table => {
                let texts = given.texts.iter().map(|(path, text)| ((*path).to_owned(), Value::from(*text)));
                Some(Value::Object(given.table.cloned().unwrap_or_default().into_iter().chain(texts).collect()))
            }
            ValueType::Map(item) => {
                let is_table =
                    matches!(item.without_optional(), ValueType::Config(_) | ValueType::Map(_) | ValueType::Table);
                let entry = |key: &str| {
                    let given = if is_table { given.at(key) } else { given.exactly_at(key) };
                    let value = self.value(*item, field, &given, &place.key(key));
                    (key.to_owned(), value.unwrap_or_default())
                };
                Some(Value::Object(given.keys(!is_table).into_iter().map(entry).collect()))
            }
            _ if !given.texts.is_empty() => {
                self.bad(place, format!("{place} has no keys; give all of it, {}", Wanted { value_type, field }))
            }
            ValueType::List(item) => {
                let Some(items) = value.as_array() else {
                    return self.bad(place, mistyped(value_type, field, value, place));
                };
                let item = |(index, value)| {
                    self.value(*item, field, &Given::of(value), &place.item(index)).unwrap_or_default()
                };
                Some(Value::Array(items.iter().enumerate().map(item).collect()))
            }
            _ => match scalar_problem(value_type, field, value, place) {
                Some(message) => self.bad(place, message),
                None => Some(value.clone()),
            },
        }
    }

    fn bad(&mut self, place: &Place, message: String) -> Option<Value> {
        self.problems.add(&place.path, message);
        None
    }
}

/// What the field's environment variable says, if it is set.
fn from_environment(field: &ConfigField, place: &Place) -> Result<Option<(Value, Place)>, String> {
    let Some(variable) = field.env else { return Ok(None) };
    let place = place.clone().from(Source::Environment(variable));
    match env::var(variable) {
        // A variable that is set to nothing is how a shell user unsets it.
        Ok(text) if !text.is_empty() => match parse_text(&text, field.value_type) {
            Some(value) => Ok(Some((value, place))),
            None => Err(mistyped(field.value_type, field, &Value::String(text), &place)),
        },
        Err(env::VarError::NotUnicode(_)) => Err(format!("{place} is not valid UTF-8; set it to text")),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const WORD: ValueType = ValueType::Integer { min: 0, max: 9 };
    const RETRY: ValueType =
        ValueType::Config(&[ConfigField::new("max", WORD), ConfigField::new("name", ValueType::String).max_length(2)]);

    /// What becomes of a value and of texts for one field, or what is wrong with them.
    fn resolved(value_type: ValueType, value: Option<Value>, texts: &[(&str, &str)]) -> Result<Value, String> {
        let mut config = Config::from(Map::from_iter(value.map(|value| ("a".to_owned(), value))));
        for (path, text) in texts {
            config.insert_text(*path, *text);
        }
        let mut problems = Problems::default();
        let table = resolve(&config, &[ConfigField::new("a", value_type)], &mut problems);
        problems
            .finish(Some(()))
            .map(|()| table.get("a").cloned().unwrap_or_default())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn texts_lead_into_tables_of_each_kind_beside_what_is_given() {
        for (value_type, value, texts, wanted) in [
            (
                ValueType::Table,
                json!({"b": 1}),
                &[("a.c", "2"), ("a.d.e", "3")][..],
                json!({"b": 1, "c": "2", "d.e": "3"}),
            ),
            (ValueType::Map(&WORD), json!({"b": 1}), &[("a.c.d", "2")], json!({"b": 1, "c.d": 2})),
            (
                ValueType::Map(&RETRY),
                json!({"b": {"max": 1}}),
                &[("a.b.name", "x")],
                json!({"b": {"max": 1, "name": "x"}}),
            ),
            (ValueType::Map(&ValueType::Map(&WORD)), json!({}), &[("a.b.c", "2")], json!({"b": {"c": 2}})),
            (ValueType::Map(&ValueType::Table), json!({}), &[("a.b.c", "2")], json!({"b": {"c": "2"}})),
            (RETRY, json!({"max": 1}), &[("a.name", "x")], json!({"max": 1, "name": "x"})),
            (ValueType::Optional(&RETRY), json!({"name": "x"}), &[("a.max", "1")], json!({"max": 1, "name": "x"})),
            (ValueType::List(&WORD), json!([1, 2]), &[], json!([1, 2])),
            (ValueType::Optional(&WORD), Value::Null, &[], Value::Null),
        ] {
            assert_eq!(resolved(value_type, Some(value), texts), Ok(wanted), "{value_type:?}");
        }
        assert_eq!(
            resolved(ValueType::Table, None, &[("a", "{\"b\": 1}"), ("a.c", "2")]),
            Ok(json!({"b": 1, "c": "2"}))
        );
        assert_eq!(resolved(ValueType::Optional(&WORD), None, &[]), Ok(Value::Null));
    }

    #[test]
    fn every_problem_has_its_place() {
        for (value_type, value, texts, wanted) in [
            (WORD, Some(json!(10)), &[][..], "`a` must be an integer from 0 to 9, but is `10`"),
            (WORD, None, &[], "`a` is missing; give an integer from 0 to 9"),
            (WORD, Some(Value::Null), &[], "`a` must be an integer from 0 to 9, but is `null`"),
            (
                ValueType::Config(&[]),
                Some(Value::Null),
                &[],
                "`a` must be a table, but is `null`; leave the key out for its default",
            ),
            (WORD, None, &[("a", "x")], "`a` must be an integer from 0 to 9, but is the text `x`"),
            (WORD, None, &[("a.b", "1")], "`a` has no keys; give all of it, an integer from 0 to 9"),
            (
                ValueType::List(&WORD),
                Some(json!(1)),
                &[],
                "`a` must be a list, each an integer from 0 to 9, but is `1`",
            ),
            (
                ValueType::List(&WORD),
                Some(json!([1, "x"])),
                &[],
                "`a[1]` must be an integer from 0 to 9, but is the text `x`",
            ),
            (
                ValueType::Map(&WORD),
                Some(json!([1])),
                &[],
                "`a` must be a table, each value an integer from 0 to 9, but is `[1]`",
            ),
            (ValueType::Map(&WORD), Some(json!({"b": 10})), &[], "`a.b` must be an integer from 0 to 9, but is `10`"),
            (ValueType::Table, Some(json!(1)), &[], "`a` must be a table; what was given is not shown"),
            (RETRY, Some(json!(1)), &[], "`a` must be a table, but is `1`"),
            (RETRY, Some(json!({"max": 1, "name": "xyz"})), &[], "`a.name` must have at most 2 characters, but has 3"),
            (
                RETRY,
                Some(json!({"max": 1, "name": "x", "b": 1})),
                &[],
                "`a.b` is not an option; choose from `max`, `name`",
            ),
            (ValueType::Config(&[]), Some(json!({"b": 1})), &[], "`a.b` is not an option; this table takes none"),
            (
                RETRY,
                None,
                &[],
                "2 problems in the config: `a.max` is missing; give an integer from 0 to 9; `a.name` is missing; give text",
            ),
        ] {
            assert_eq!(resolved(value_type, value, texts), Err(wanted.to_owned()), "{value_type:?}");
        }
    }

    #[test]
    fn null_is_no_value_and_what_to_do_instead_is_told() {
        let config = Config::from(Map::from_iter([("a".to_owned(), Value::Null)]));
        for (field, wanted) in [
            (
                ConfigField::new("a", ValueType::Number).default_json("0.5"),
                "`a` must be a number, but is `null`; leave the key out for its default",
            ),
            (
                ConfigField::new("a", ValueType::Secret).env("A_KEY"),
                "`a` must be text, but is `null`; leave the key out to have it from the environment variable `A_KEY`",
            ),
            (ConfigField::new("a", WORD).choices(&["1", "2"]), "`a` must be one of `1`, `2`, but is `null`"),
        ] {
            let mut problems = Problems::default();
            resolve(&config, &[field], &mut problems);
            assert_eq!(problems.finish(Some(())).err().map(|error| error.to_string()).as_deref(), Some(wanted));
        }
    }

    #[test]
    fn a_default_that_is_no_json_is_the_plugins_fault() {
        let mut problems = Problems::default();
        resolve(&Config::new(), &[ConfigField::new("a", WORD).default_json("{")], &mut problems);
        let said = problems.finish(Some(())).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(
            said.starts_with("the default of `a` is not JSON (") && said.ends_with("this is the plugin's fault"),
            "{said}"
        );
    }

    #[cfg(all(feature = "dynamic", target_os = "linux"))]
    #[test]
    fn descriptions_alone_refuse_what_the_reader_would() {
        use super::super::validate;

        const FIELDS: &[ConfigField] = &[ConfigField::new("a", WORD)];
        let config = |value: u8| Config::from(Map::from_iter([("a".to_owned(), json!(value))]));
        assert!(validate(&config(9), FIELDS).is_ok());
        assert!(validate(&config(10), FIELDS).is_err());
    }
}
