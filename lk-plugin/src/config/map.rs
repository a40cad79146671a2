//! The values on their way in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value};

use crate::error::Result;

/// Config values by key, as JSON has them; what a plugin is made from.
///
/// Values from the command line or the environment are text whose type the plugin's field decides
/// ([`insert_text`](Config::insert_text)); values from files have a type of their own ([`insert`](Config::insert)).
/// `Debug` prints the keys alone, because a value may be a secret.
///
/// Files are read with [`from_file`](Config::from_file): JSON always, TOML and YAML with the features of these names.
///
/// ```
/// use lk_plugin::Config;
///
/// let config = Config::from_json(r#"{"temperature": 0.2}"#)?;
/// assert_eq!(config.get("temperature").and_then(|value| value.as_f64()), Some(0.2));
/// # Ok::<(), lk_plugin::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Config {
    values: Map<String, Value>,
    // Texts of unknown type by key or path; they go before the values.
    texts: BTreeMap<String, Value>,
    // Where it stands in a larger config; empty when it is a whole.
    place: String,
    // Keys of that place that are not the plugin's.
    others: Vec<String>,
}

impl Config {
    /// No values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says where this config stands in a larger one, such as `stt`: problems are named from there, `stt.language`.
    ///
    /// A plugin in a file (feature `dynamic`) names so what its description refuses; what its constructor says, it says by
    /// its own keys.
    ///
    /// ```
    /// use lk_plugin::{Config, PluginConfig};
    ///
    /// #[derive(PluginConfig)]
    /// struct Ears {
    ///     threshold: u16,
    /// }
    ///
    /// let config = Config::from_json(r#"{"treshold": 500}"#)?.within("stt");
    /// let problems = Ears::from_config(&config).err().map(|error| error.to_string()).unwrap_or_default();
    /// assert!(problems.contains("`stt.threshold` is missing"), "{problems}");
    /// # Ok::<(), lk_plugin::Error>(())
    /// ```
    #[must_use]
    pub fn within(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }

    /// Takes out keys that stand in the same table and are somebody else's. Messages about a key that nobody knows have
    /// them among the choices.
    ///
    /// ```
    /// use lk_plugin::{Config, PluginConfig};
    ///
    /// #[derive(PluginConfig)]
    /// struct Ears {
    ///     threshold: Option<u16>,
    /// }
    ///
    /// let config = Config::from_json(r#"{"plugin": "ears", "plugn": "ears"}"#)?.without(&["plugin"]);
    /// let problem = Ears::from_config(&config).err().map(|error| error.to_string()).unwrap_or_default();
    /// assert_eq!(problem, "`plugn` is not an option; did you mean `plugin`? choose from `plugin`, `threshold`");
    /// # Ok::<(), lk_plugin::Error>(())
    /// ```
    #[must_use]
    pub fn without(mut self, keys: &[&str]) -> Self {
        for key in keys {
            self.values.remove(*key);
            self.texts.remove(*key);
        }
        self.others.extend(keys.iter().map(ToString::to_string));
        self
    }

    /// Sets a value that has a type; what stood there is replaced, with all in it.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        let key = key.into();
        self.forget_texts(&key);
        self.values.insert(key, value.into());
    }

    /// Sets a value that is text for now; the plugin's field decides what it means (`0.5` may be a number or a name). For
    /// a list it is JSON, or items between commas: texts that hold commas need the JSON.
    ///
    /// Dots lead into nested configs and maps: `retry.max_attempts`. What else is given for `retry` stays.
    ///
    /// ```
    /// use lk_plugin::{Config, PluginConfig};
    ///
    /// #[derive(PluginConfig)]
    /// struct Ears {
    ///     threshold: u16,
    ///     words: Vec<String>,
    /// }
    ///
    /// let mut config = Config::new();
    /// config.insert_text("threshold", "500");
    /// config.insert_text("words", "yes,no");
    /// let ears = Ears::from_config(&config)?;
    /// assert_eq!((ears.threshold, ears.words.len()), (500, 2));
    /// # Ok::<(), lk_plugin::Error>(())
    /// ```
    pub fn insert_text(&mut self, key: impl Into<String>, text: impl Into<String>) {
        let key = key.into();
        self.forget_texts(&key);
        self.values.remove(&key);
        self.texts.insert(key, Value::String(text.into()));
    }

    /// The value of a key. What was set as text is a string, and has the key that it was set with.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.texts.get(key).or_else(|| self.values.get(key))
    }

    /// Whether the key's value is text whose type the field decides.
    #[must_use]
    pub fn is_text(&self, key: &str) -> bool {
        self.texts.contains_key(key)
    }

    /// The keys, each once, in no particular order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().chain(self.texts.keys()).map(String::as_str).collect::<BTreeSet<_>>().into_iter()
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.texts.is_empty()
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    pub(super) fn others(&self) -> &[String] {
        &self.others
    }

    pub(super) fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_str()?)))
    }

    /// All of it as a JSON object, and the keys whose values are text of unknown type: what crosses the boundary of a
    /// `.so`.
    #[cfg(any(all(feature = "dynamic", target_os = "linux"), test))]
    pub(crate) fn to_wire(&self) -> (String, Vec<String>) {
        let mut all = self.values.clone();
        // No key is in both.
        all.extend(self.texts.iter().map(|(path, text)| (path.clone(), text.clone())));
        (Value::Object(all).to_string(), self.texts.keys().cloned().collect())
    }

    /// What [`to_wire`](Config::to_wire) wrote.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Config::from_json).
    pub(crate) fn from_wire(json: &str, texts: Vec<String>) -> Result<Self> {
        let mut config = Self::from_json(json)?;
        for key in texts {
            if let Some(text) = config.get(&key).and_then(Value::as_str).map(ToOwned::to_owned) {
                config.insert_text(key, text);
            }
        }
        Ok(config)
    }

    /// Of the key itself and of all that is in it.
    fn forget_texts(&mut self, key: &str) {
        self.texts
            .retain(|path, _| path.strip_prefix(key).is_none_or(|rest| !rest.is_empty() && !rest.starts_with('.')));
    }
}

impl From<Map<String, Value>> for Config {
    fn from(values: Map<String, Value>) -> Self {
        Self { values, ..Self::default() }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_set_later_replaces_what_stood_there_with_all_in_it() {
        let mut config = Config::new();
        assert!(config.is_empty());
        config.insert_text("retry.max", "5");
        config.insert_text("retries", "1");
        assert!(!config.is_empty() && config.is_text("retry.max"));
        config.insert("retry", json!({"max": 3}));
        assert!(config.get("retry.max").is_none() && config.is_text("retries"));
        config.insert_text("retry", "{}");
        assert_eq!((config.get("retry"), config.is_text("retry")), (Some(&json!("{}")), true));
        config.insert("retry", 1);
        assert!(!config.is_text("retry") && !config.is_empty());
        assert_eq!(config.keys().collect::<Vec<_>>(), ["retries", "retry"]);
        assert_eq!(format!("{config:?}"), r#"{"retries", "retry"}"#);
    }

    #[test]
    fn values_and_texts_cross_the_boundary() {
        let mut config = Config::new();
        config.insert("a", json!([1]));
        config.insert_text("b.c", "2");
        let (json, texts) = config.to_wire();
        assert_eq!((json.as_str(), &texts), (r#"{"a":[1],"b.c":"2"}"#, &vec!["b.c".to_owned()]));
        assert!(Config::from_wire(&json, texts).is_ok_and(|read| read == config));
        // What is no text stays what it is.
        let read = Config::from_wire(&json, vec!["a".to_owned()]);
        assert!(read.is_ok_and(|read| !read.is_text("a") && !read.is_text("b.c")));
    }

    #[test]
    fn problems_are_named_from_where_the_config_stands() {
        let config = Config::from(Map::from_iter([("a".to_owned(), json!(1))])).within("stt");
        assert_eq!((config.place(), config.values().len(), config.texts().count()), ("stt", 1, 0));
    }
}
