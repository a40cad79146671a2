//! Configs in files: JSON, and with the features of these names TOML and YAML.

use std::fmt;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::map::Config;
use crate::error::{Error, ErrorKind, Result};

/// Where the toml crate hides a date in a table.
const TOML_DATE: &str = "$__toml_private_datetime";

impl Config {
    /// The values of a JSON object.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config) when the text is not a JSON object, or has a key twice. Where the parser gave up is
    /// in the message, what it said is the source; values are in neither.
    pub fn from_json(json: &str) -> Result<Self> {
        parse(json, Format::Json, "the config")
    }

    /// The values of a TOML document. Dates are text.
    ///
    /// ```
    /// let config = lk_plugin::Config::from_toml("language = 'de'\n[retry]\nmax = 5")?;
    /// assert_eq!(config.get("language").and_then(|value| value.as_str()), Some("de"));
    /// # Ok::<(), lk_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`from_json`](Config::from_json).
    #[cfg(feature = "toml")]
    pub fn from_toml(toml: &str) -> Result<Self> {
        parse(toml, Format::Toml, "the config")
    }

    /// The values of a YAML mapping; an empty document has none. Only `true` and `false` are booleans, as YAML 1.2 has
    /// it: `no` is text.
    ///
    /// ```
    /// let config = lk_plugin::Config::from_yaml("language: no")?;
    /// assert_eq!(config.get("language").and_then(|value| value.as_str()), Some("no"));
    /// # Ok::<(), lk_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`from_json`](Config::from_json).
    #[cfg(feature = "yaml")]
    pub fn from_yaml(yaml: &str) -> Result<Self> {
        parse(yaml, Format::Yaml, "the config")
    }

    /// The values of a file, whose format its ending tells: `.json`, `.toml` (feature `toml`), `.yaml` or `.yml`
    /// (feature `yaml`).
    ///
    /// ```no_run
    /// let config = lk_plugin::Config::from_file("speech.json")?;
    /// # Ok::<(), lk_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`from_json`](Config::from_json); also for another ending, or one whose feature is not enabled.
    /// [`Io`](ErrorKind::Io) when the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let name = format!("`{}`", path.display());
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let format = match ending.as_str() {
            "json" => Format::Json,
            #[cfg(feature = "toml")]
            "toml" => Format::Toml,
            #[cfg(feature = "yaml")]
            "yaml" | "yml" => Format::Yaml,
            #[cfg(not(feature = "toml"))]
            "toml" => return Err(needs_feature(&name, "toml")),
            #[cfg(not(feature = "yaml"))]
            "yaml" | "yml" => return Err(needs_feature(&name, "yaml")),
            _ => {
                return Err(Error::config(format!(
                    "{name} does not end as a config file does; choose from `.json`, `.toml`, `.yaml`, `.yml`"
                )));
            }
        };
        match std::fs::read_to_string(path) {
            Ok(text) => parse(&text, format, &name),
            Err(error) => Err(Error::new(ErrorKind::Io, format!("{name} cannot be read")).with_source(error)),
        }
    }
}

#[cfg(not(all(feature = "toml", feature = "yaml")))]
fn needs_feature(name: &str, feature: &str) -> Error {
    Error::config(format!("{name} cannot be read by this program; build lk-plugin with the feature `{feature}`"))
}

#[derive(Clone, Copy)]
enum Format {
    Json,
    #[cfg(feature = "toml")]
    Toml,
    #[cfg(feature = "yaml")]
    Yaml,
}

/// A parser's complaint: where, and in its words.
struct Complaint {
    line: usize,
    column: usize,
    message: String,
}

fn parse(text: &str, format: Format, name: &str) -> Result<Config> {
    // Windows' editors begin a file with it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (called, table, parsed) = match format {
        Format::Json => ("JSON", "JSON object; write `{\"key\": value}`", parse_json(text)),
        #[cfg(feature = "toml")]
        Format::Toml => ("TOML", "TOML table; write `key = value`", parse_toml(text)),
        #[cfg(feature = "yaml")]
        Format::Yaml => ("YAML", "YAML mapping; write `key: value`", parse_yaml(text)),
    };
    match parsed {
        Ok(Tree(Value::Object(values))) => Ok(values.into()),
        #[cfg(feature = "yaml")]
        Ok(Tree(Value::Null)) if matches!(format, Format::Yaml) => Ok(Config::new()),
        Ok(_) => Err(Error::config(format!("{name} must be a {table}"))),
        Err(Complaint { line, column, message }) => {
            Err(Error::config(format!("{name} cannot be read as {called} at line {line}, column {column}"))
                .with_source(message))
        }
    }
}

fn parse_json(text: &str) -> Result<Tree, Complaint> {
    serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
        Complaint { line: error.line(), column: error.column(), message }
    })
}

#[cfg(feature = "toml")]
fn parse_toml(text: &str) -> Result<Tree, Complaint> {
    toml::from_str(text).map_err(|error| {
        // Its `Display` shows the line itself, which may hold a secret.
        let before = &text.as_bytes()[..error.span().map_or(0, |span| span.start.min(text.len()))];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        Complaint { line, column, message: error.message().to_owned() }
    })
}

#[cfg(feature = "yaml")]
fn parse_yaml(text: &str) -> Result<Tree, Complaint> {
    // A snippet of the text may hold a secret.
    let options =
        serde_saphyr::options! { with_snippet: false, strict_booleans: true, reject_non_finite_typeless_float: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let location = error.location();
        let line = location.map_or(1, |location| location.line() as usize);
        let column = location.map_or(1, |location| location.column() as usize);
        // The other messages are for who programs with the parser.
        let message = error.render_with_formatter(&serde_saphyr::UserMessageFormatter);
        let place = format!(" at line {line}, column {column}");
        Complaint { line, column, message: message.replace(&place, "") }
    })
}

/// Any value of any format: a key given twice is refused, and what JSON has no value for is kept as text, so that the
/// field that gets it can say what is wrong.
struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor).map(Self)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(serde_json::Number::from_f64(value).map_or_else(|| value.to_string().into(), Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Tree(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut table = Map::new();
        while let Some((key, Tree(value))) = entries.next_entry::<String, Tree>()? {
            if key == TOML_DATE {
                return Ok(value);
            }
            if table.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key `{key}` is given twice; keep one")));
            }
            table.insert(key, value);
        }
        Ok(table.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Every value of a config, or what is wrong with it.
    fn read(config: Result<Config>) -> Result<Value, String> {
        config.map(|config| Value::Object(config.values().clone())).map_err(|error| error.to_string())
    }

    #[test]
    fn json_is_kept_as_it_is_written() {
        let json = r#"{"a":true,"b":-1,"c":18446744073709551615,"d":0.5,"e":"t","f":null,"g":[1,[]],"h":{"i":{}}}"#;
        assert_eq!(read(Config::from_json(json)).map(|value| value.to_string()), Ok(json.to_owned()));
        assert_eq!(read(Config::from_json("\u{feff}{}")), Ok(json!({})));
    }

    #[test]
    fn what_is_no_table_and_what_comes_twice_is_refused_with_its_place() {
        let said = |json| read(Config::from_json(json)).err().unwrap_or_default();
        assert_eq!(said("[]"), "the config must be a JSON object; write `{\"key\": value}`");
        assert_eq!(said("null"), "the config must be a JSON object; write `{\"key\": value}`");
        assert_eq!(said("{\n \"a\": }"), "the config cannot be read as JSON at line 2, column 7");
        assert_eq!(said("{\"a\": {\"b\": 1, \"b\": 2}}"), "the config cannot be read as JSON at line 1, column 22");
        let twice = Config::from_json("{\"a\": 1, \"a\": 2}").err();
        let source = twice.as_ref().and_then(std::error::Error::source).map(ToString::to_string);
        assert_eq!(source.as_deref(), Some("the key `a` is given twice; keep one"));
    }

    #[cfg(feature = "toml")]
    #[test]
    fn toml_has_dates_as_text_and_numbers_that_json_has_not() {
        let toml = "a = true\nb = -1\nc = 0.5\nd = 't'\ne = [1, []]\nf = 1979-05-27\ng = nan\n[h]\ni = {}";
        let wanted = json!({"a": true, "b": -1, "c": 0.5, "d": "t", "e": [1, []], "f": "1979-05-27", "g": "NaN", "h": {"i": {}}});
        assert_eq!(read(Config::from_toml(toml)), Ok(wanted));
        let said = read(Config::from_toml("a = 1\nb = = 2")).err();
        assert_eq!(said.as_deref(), Some("the config cannot be read as TOML at line 2, column 5"));
    }

    #[cfg(feature = "yaml")]
    #[test]
    fn yaml_may_be_empty_and_has_no_other_booleans() {
        let yaml = "a: true\nb: -1\nc: 0.5\nd: no\ne: [1, []]\nf: ~\nh:\n  i: {}";
        let wanted = json!({"a": true, "b": -1, "c": 0.5, "d": "no", "e": [1, []], "f": null, "h": {"i": {}}});
        assert_eq!(read(Config::from_yaml(yaml)), Ok(wanted));
        assert_eq!(read(Config::from_yaml("")), Ok(json!({})));
        let said = read(Config::from_yaml("- 1")).err();
        assert_eq!(said.as_deref(), Some("the config must be a YAML mapping; write `key: value`"));
    }

    #[cfg(feature = "yaml")]
    #[test]
    fn of_yaml_nothing_is_advised_that_only_a_programmer_can_do() {
        for (yaml, place, wanted) in [
            ("a: 1\nb: 2\na: 3", "line 3, column 1", "duplicate mapping key: a not allowed here"),
            ("a: 1\n---\nb: 2", "line 3, column 1", "only single YAML document expected but multiple found"),
            ("a: &x\n  b: *x", "line 2, column 6", "Recursive reference not allowed here"),
        ] {
            let error = Config::from_yaml(yaml).err();
            let said = error.as_ref().map(ToString::to_string).unwrap_or_default();
            assert_eq!(said, format!("the config cannot be read as YAML at {place}"));
            let source = error.as_ref().and_then(std::error::Error::source).map(ToString::to_string);
            assert_eq!(source.as_deref(), Some(wanted));
        }
    }
}
