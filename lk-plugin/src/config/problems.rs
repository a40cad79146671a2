//! Everything that is wrong with a config, each with its place and in words.

use std::fmt;

use serde_json::Value;

use super::map::Config;
use crate::error::{Error, Result};
use crate::hint;

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    list: Vec<Problem>,
    // Of the values that were not given; they may turn out to have a problem later.
    sources: Vec<(String, Source)>,
}

#[derive(Debug)]
struct Problem {
    path: String,
    message: String,
}

impl Problems {
    pub(super) fn add(&mut self, path: &str, message: String) {
        self.list.push(Problem { path: path.to_owned(), message });
    }

    /// Whether something is known to be wrong with what stands there.
    pub(super) fn has(&self, path: &str) -> bool {
        self.list.iter().any(|problem| problem.path == path)
    }

    /// Remembers where the value of a field comes from.
    pub(super) fn comes_from(&mut self, place: &Place) {
        if place.source != Source::Given {
            self.sources.push((place.path.clone(), place.source));
        }
    }

    pub(super) fn source_of(&self, path: &str) -> Source {
        self.sources.iter().find(|(known, _)| known == path).map_or(Source::Given, |(_, source)| *source)
    }

    /// What was read, or all the problems in one error.
    pub(super) fn finish<T>(self, read: Option<T>) -> Result<T> {
        match (read, self.list.as_slice()) {
            (Some(read), []) => Ok(read),
            (None, []) => Err(Error::config("the config could not be read, and the plugin does not say why")),
            (_, [problem]) => Err(Error::config(problem.message.as_str())),
            (_, problems) => {
                let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
                Err(Error::config(format!("{} problems in the config: {}", problems.len(), messages.join("; "))))
            }
        }
    }
}

/// Where a value stands and where it comes from; prints as the subject of a sentence.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The keys down to it: `retry.max_attempts`, `formats[1]`; empty for the whole config.
    pub(super) path: String,
    pub(super) source: Source,
    /// Whether values from here must not be shown.
    pub(super) hidden: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Given,
    Environment(&'static str),
    Default,
}

impl Place {
    pub(super) fn root(config: &Config) -> Self {
        Self { path: config.place().to_owned(), source: Source::Given, hidden: false }
    }

    pub(super) fn key(&self, key: &str) -> Self {
        Self { path: path_of_key(&self.path, key), ..*self }
    }

    pub(super) fn item(&self, index: usize) -> Self {
        Self { path: path_of_item(&self.path, index), ..*self }
    }

    pub(super) fn from(self, source: Source) -> Self {
        Self { source, ..self }
    }

    pub(super) fn hidden_if(self, hidden: bool) -> Self {
        Self { hidden: self.hidden || hidden, ..self }
    }

    /// ` must be …, but is …`.
    pub(super) fn must_be(&self, wanted: impl fmt::Display, value: &Value) -> String {
        must_be(&self.to_string(), wanted, value, self.hidden)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = hint::shown(&self.path);
        match self.source {
            Source::Given => write!(f, "`{path}`"),
            Source::Environment(variable) => write!(f, "`{path}` (from the environment variable `{variable}`)"),
            Source::Default => write!(f, "the default of `{path}`"),
        }
    }
}

pub(super) fn must_be(place: &str, wanted: impl fmt::Display, value: &Value, hidden: bool) -> String {
    if hidden {
        return format!("{place} must be {wanted}; what was given is not shown");
    }
    match value {
        Value::String(text) => format!("{place} must be {wanted}, but is the text `{}`", hint::shown(text)),
        Value::Object(_) => format!("{place} must be {wanted}, but is a table"),
        _ => format!("{place} must be {wanted}, but is `{}`", hint::shown(&value.to_string())),
    }
}

pub(super) fn path_of_key(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

pub(super) fn path_of_item(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}
