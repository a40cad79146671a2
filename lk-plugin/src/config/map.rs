//! The values on their way in.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// Config values by key, as JSON has them; what a plugin is made from.
///
/// Values from the command line or the environment are text whose type the plugin's field decides
/// ([`insert_text`](Config::insert_text)); values from files have a type of their own ([`insert`](Config::insert)).
/// `Debug` prints the keys alone, because a value may be a secret.
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
    // Keys whose value is text of unknown type.
    text: BTreeSet<String>,
}

impl Config {
    /// No values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The values of a JSON object.
    ///
    /// # Errors
    ///
    /// [`Config`](crate::ErrorKind::Config) when the text is not a JSON object.
    pub fn from_json(json: &str) -> Result<Self> {
        match serde_json::from_str(json) {
            Ok(Value::Object(values)) => Ok(values.into()),
            Ok(_) => Err(Error::config("a config must be a JSON object; write `{\"key\": value}`")),
            Err(error) => Err(Error::config("the config is not JSON").with_source(error)),
        }
    }

    /// Sets a value that has a type; what stood there is replaced.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        let key = key.into();
        self.text.remove(&key);
        self.values.insert(key, value.into());
    }

    /// Sets a value that is text for now; the plugin's field decides what it means (`0.5` may be a number or a name). For
    /// a list it is JSON, or items between commas: texts that hold commas need the JSON.
    pub fn insert_text(&mut self, key: impl Into<String>, text: impl Into<String>) {
        let key = key.into();
        self.text.insert(key.clone());
        self.values.insert(key, Value::String(text.into()));
    }

    /// The value of a key. What was set as text is a string.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    /// Whether the key's value is text whose type the field decides.
    #[must_use]
    pub fn is_text(&self, key: &str) -> bool {
        self.text.contains(key)
    }

    /// The keys, in no particular order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl From<Map<String, Value>> for Config {
    fn from(values: Map<String, Value>) -> Self {
        Self { values, text: BTreeSet::new() }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}
