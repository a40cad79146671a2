//! Where config values meet what the plugin says it takes. Every problem is noted, none ends the reading.

use std::cmp::Ordering;
use std::env;

use serde_json::Value;

use super::field::ConfigField;
use super::map::Config;
use super::value::{ConfigValue, parse_text};
use crate::error::{Error, Result};
use crate::hint;

/// The longest value that a message repeats, in characters.
const MAX_SHOWN: usize = 60;

/// Reads one config; the derive drives it.
#[derive(Debug)]
pub struct ConfigReader<'c> {
    config: &'c Config,
    fields: &'static [ConfigField],
    problems: Vec<String>,
}

impl<'c> ConfigReader<'c> {
    pub(super) fn new(config: &'c Config, fields: &'static [ConfigField]) -> Self {
        Self { config, fields, problems: Vec::new() }
    }

    /// The value of the field of that name: given, else from the environment, else the default. `None` notes a problem.
    pub fn field<T: ConfigValue>(&mut self, name: &str) -> Option<T> {
        let Some(field) = self.fields.iter().find(|field| field.name == name) else {
            self.problems.push(format!("`{name}` is not described in `FIELDS`; derive `PluginConfig`"));
            return None;
        };
        let (value, place) = match self.find(field) {
            Ok(Some(found)) => found,
            Ok(None) => {
                let absent = T::absent().filter(|_| !field.required);
                if absent.is_none() {
                    let env = field.env.map(|env| format!(" or set the environment variable `{env}`"));
                    self.problems.push(format!(
                        "`{name}` is missing; give {}{}",
                        field.value_type,
                        env.unwrap_or_default()
                    ));
                }
                return absent;
            }
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        match T::from_json(&value) {
            Err(_) => self.problems.push(mistyped(field, &place, &value)),
            Ok(read) => match out_of_range(field, &place, &value) {
                Some(problem) => self.problems.push(problem),
                None => return Some(read),
            },
        }
        None
    }

    /// The raw value and where it comes from; `Ok(None)` when there is none.
    fn find(&self, field: &ConfigField) -> Result<Option<(Value, String)>, String> {
        let name = field.name;
        if let Some(value) = self.config.get(name) {
            let place = format!("`{name}`");
            return match value {
                Value::Null => Ok(None),
                Value::String(text) if self.config.is_text(name) => read_text(field, place, text),
                _ => Ok(Some((value.clone(), place))),
            };
        }
        if let Some(variable) = field.env {
            let place = format!("`{name}` (from the environment variable `{variable}`)");
            match env::var(variable) {
                // A variable that is set to nothing is how a shell user unsets it.
                Ok(text) if !text.is_empty() => return read_text(field, place, &text),
                Err(env::VarError::NotUnicode(_)) => return Err(format!("{place} is not valid UTF-8")),
                _ => {}
            }
        }
        match field.default.map(serde_json::from_str) {
            Some(Ok(value)) => Ok(Some((value, format!("the default of `{name}`")))),
            Some(Err(error)) => {
                Err(format!("the default of `{name}` is not JSON ({error}); this is the plugin's fault"))
            }
            None => Ok(None),
        }
    }

    pub(super) fn finish<T>(mut self, read: Option<T>) -> Result<T> {
        let known: Vec<&str> = self.fields.iter().map(|field| field.name).collect();
        let mut unknown: Vec<&str> = self.config.keys().filter(|key| !known.contains(key)).collect();
        unknown.sort_unstable();
        for key in unknown {
            let key = shortened(key);
            self.problems.push(if known.is_empty() {
                format!("`{key}` is not an option; this plugin takes none")
            } else {
                format!("`{key}` is not an option; {}", hint::choose(&key, &known))
            });
        }
        match (read, self.problems.as_slice()) {
            (Some(read), []) => Ok(read),
            (None, []) => Err(Error::config("the config could not be read, and the plugin does not say why")),
            (_, [problem]) => Err(Error::config(problem.as_str())),
            (_, problems) => {
                Err(Error::config(format!("{} problems in the config: {}", problems.len(), problems.join("; "))))
            }
        }
    }
}

fn read_text(field: &ConfigField, place: String, text: &str) -> Result<Option<(Value, String)>, String> {
    match parse_text(text, field.value_type) {
        Some(value) => Ok(Some((value, place))),
        None => Err(mistyped(field, &place, &Value::String(text.to_owned()))),
    }
}

fn mistyped(field: &ConfigField, place: &str, value: &Value) -> String {
    let wanted = field.value_type;
    if field.secret {
        return format!("{place} must be {wanted}; what was given is not shown");
    }
    match value {
        Value::String(text) => format!("{place} must be {wanted}, but is the text `{}`", shortened(text)),
        Value::Object(_) => format!("{place} must be {wanted}, but is a table"),
        _ => format!("{place} must be {wanted}, but is `{}`", shortened(&value.to_string())),
    }
}

/// Numbers alone have a range; a list's range holds for each item.
fn out_of_range(field: &ConfigField, place: &str, value: &Value) -> Option<String> {
    if let Value::Array(items) = value {
        return items.iter().find_map(|item| out_of_range(field, place, item));
    }
    let number = Number::of(value)?;
    let beyond = |limit: Option<&str>, side| limit.and_then(Number::parse).is_some_and(|limit| number.is(side, limit));
    if !beyond(field.min, Ordering::Less) && !beyond(field.max, Ordering::Greater) {
        return None;
    }
    let wanted = match (field.min, field.max) {
        (Some(min), Some(max)) => format!("between {min} and {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => return None,
    };
    let given = if field.secret { String::new() } else { format!(", but is `{value}`") };
    Some(format!("{place} must be {wanted}{given}"))
}

/// A number to compare: whole ones stay exact, where a double would round those of more than 53 bits.
#[derive(Clone, Copy)]
enum Number {
    Whole(i128),
    Float(f64),
}

impl Number {
    fn of(value: &Value) -> Option<Self> {
        let whole = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
        whole.map(Self::Whole).or_else(|| value.as_f64().map(Self::Float))
    }

    fn parse(json: &str) -> Option<Self> {
        json.parse().map(Self::Whole).or_else(|_| json.parse().map(Self::Float)).ok()
    }

    fn is(self, side: Ordering, limit: Self) -> bool {
        match (self, limit) {
            (Self::Whole(number), Self::Whole(limit)) => number.cmp(&limit) == side,
            _ => self.float().partial_cmp(&limit.float()) == Some(side),
        }
    }

    fn float(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Float(number) => number,
        }
    }
}

fn shortened(text: &str) -> String {
    // Control characters would let a value rewrite the terminal line that shows it.
    let clean = text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter });
    let shown: String = clean.clone().take(MAX_SHOWN).collect();
    if clean.count() > MAX_SHOWN { format!("{shown}…") } else { shown }
}
