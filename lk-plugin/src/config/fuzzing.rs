//! Config files and settings, whatever is in them: the fuzz target `config`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::{Config, Secret};
use crate::PluginConfig;
use crate::error::Error;

/// Stands where a secret belongs; no message may have it.
const KEY: &str = "sk-5ecre7";

#[derive(PluginConfig)]
#[config(crate = "crate")]
struct Everything {
    /// Required.
    api_key: Secret,
    #[config(secret, length = 1..)]
    password: Option<String>,
    keys: Option<Vec<Secret>>,
    named: Option<BTreeMap<String, Secret>>,
    #[config(default = 0.5, range = 0.0..=1.0)]
    temperature: f64,
    #[config(default = 3, range = 1..=100)]
    count: u8,
    #[config(default = 0.5)]
    pause: Duration,
    #[config(default = "one")]
    choice: Choice,
    #[config(default = [8_000, 16_000], choices = [8_000, 16_000], length = 1..=3)]
    rates: Vec<u32>,
    #[config(default = true)]
    flag: bool,
    headers: Option<BTreeMap<String, String>>,
    nested: Nested,
    many: Option<Vec<Nested>>,
    by_name: Option<BTreeMap<String, Nested>>,
    extra: Option<Config>,
    path: Option<PathBuf>,
    #[cfg(feature = "url")]
    url: Option<super::Url>,
}

#[derive(Debug, Clone, Copy, PartialEq, crate::ConfigValue)]
#[config(crate = "crate")]
enum Choice {
    One,
    #[config(rename = "two-2")]
    Two,
}

#[derive(PluginConfig)]
#[config(crate = "crate", check = Nested::is_in_order)]
struct Nested {
    token: Option<Secret>,
    #[config(default = -5)]
    low: i64,
    #[config(default = 5)]
    high: i64,
}

impl Nested {
    fn is_in_order(&self) -> Result<(), &'static str> {
        if self.low <= self.high { Ok(()) } else { Err("`low` is above `high`") }
    }
}

/// The first letter tells the format; behind a line `===` come settings, `key=text`, one a line.
///
/// Nothing panics. What is read is within its limits. A message has no secret in it, neither the reader's nor a parser's. The
/// description alone refuses nothing that the reader takes, and a config says the same on the other side of a plugin
/// file's border.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut rest = text.chars();
    let format = rest.next();
    let (file, settings) = rest.as_str().split_once("\n===\n").unwrap_or((rest.as_str(), ""));
    let parsed = match format {
        Some('j') => Config::from_json(file),
        Some('t') => Config::from_toml(file),
        Some('y') => Config::from_yaml(file),
        _ => return,
    };
    let mut config = match parsed {
        Ok(config) => config,
        Err(error) => {
            assert!(is_name(file) || !told(&error).contains(KEY), "{}", told(&error));
            return;
        }
    };
    for (key, value) in settings.lines().filter_map(|line| line.split_once('=')) {
        config.insert_text(key, value);
    }
    assert!(config.keys().all(|key| config.get(key).is_some()));
    let read = Everything::from_config(&config);
    let hidden = config.keys().all(|key| !key.contains(KEY) && is_hidden(&[key], config.get(key)));
    if let Err(error) = &read {
        assert!(!hidden || !told(error).contains(KEY), "{}", told(error));
    }
    if let Ok(read) = &read {
        within_limits(read);
    }
    #[cfg(all(feature = "dynamic", target_os = "linux"))]
    {
        let checked = super::validate(&config, Everything::FIELDS);
        assert!(checked.is_ok() || read.is_err(), "{checked:?}");
        if let Err(error) = checked {
            assert!(!hidden || !told(&error).contains(KEY), "{}", told(&error));
        }
        let (json, texts) = config.to_wire();
        if let Ok(there) = Config::from_wire(&json, texts) {
            let there = Everything::from_config(&there).map(drop).map_err(|error| error.to_string());
            assert_eq!(there, read.map(drop).map_err(|error| error.to_string()));
        }
    }
}

fn within_limits(read: &Everything) {
    assert!((0.0..=1.0).contains(&read.temperature) && (1..=100).contains(&read.count));
    assert!((1..=3).contains(&read.rates.len()) && read.rates.iter().all(|rate| [8_000, 16_000].contains(rate)));
    assert!(read.password.as_ref().is_none_or(|password| !password.is_empty()));
    let nested = std::iter::once(&read.nested).chain(read.many.iter().flatten());
    assert!(nested.chain(read.by_name.iter().flat_map(BTreeMap::values)).all(|nested| nested.low <= nested.high));
    let secrets = [Some(&read.api_key), read.nested.token.as_ref()].into_iter().flatten();
    let secrets = secrets.chain(read.keys.iter().flatten()).chain(read.named.iter().flat_map(BTreeMap::values));
    assert!(secrets.into_iter().all(|secret| format!("{secret:?}{secret}") == "******"));
    let _ = (read.pause, read.choice, read.flag, &read.headers, &read.extra, &read.path);
    #[cfg(feature = "url")]
    let _ = &read.url;
}

fn told(error: &Error) -> String {
    format!("{} {error:?}", error.in_full())
}

/// Whether the key stands only where a secret belongs: nowhere in a name, nor in a value that may be shown.
fn is_hidden(path: &[&str], value: Option<&Value>) -> bool {
    let is_secret = match path {
        [first] => {
            // A setting's key is the whole way.
            let mut parts = first.split('.');
            matches!(parts.next(), Some("api_key" | "password" | "keys" | "named")) || first.ends_with(".token")
        }
        ["api_key" | "password" | "keys" | "named", ..] | [.., "token"] => true,
        _ => false,
    };
    match value {
        Some(Value::String(text)) => is_secret || !text.contains(KEY),
        Some(Value::Array(items)) => items.iter().all(|item| is_hidden(path, Some(item))),
        Some(Value::Object(entries)) => entries.iter().all(|(key, value)| {
            let path: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
            !key.contains(KEY) && is_hidden(&path, Some(value))
        }),
        _ => true,
    }
}

/// Whether the key is written where a name could stand, which a parser may repeat.
fn is_name(file: &str) -> bool {
    file.match_indices(KEY).any(|(start, key)| {
        let before = file[..start].trim_end_matches(|letter: char| letter != '\n' && !"\"' ".contains(letter));
        let after = file[start + key.len()..].trim_start_matches(|letter: char| !"=:.]}&*!,\n".contains(letter));
        before.ends_with(['&', '*', '!', '[', '.', '{', '?', '<']) || after.starts_with(['=', ':', '.', ']'])
    })
}
