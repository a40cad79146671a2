//! Takes typed values out of a config whose parts have been put together and checked.

use std::fmt::Display;

use serde_json::Value;

use super::PluginConfig;
use super::field::ConfigField;
use super::map::Config;
use super::problems::{Place, Problems};
use super::resolve::resolve;
use super::value::{ConfigValue, Mismatch};
use crate::error::Result;

/// Reads one config or a part of it; the derive drives it.
#[derive(Debug)]
pub struct ConfigReader<'c> {
    value: &'c Value,
    fields: &'static [ConfigField],
    place: Place,
    problems: &'c mut Problems,
}

/// Reads a whole config.
pub(super) fn read<C: PluginConfig>(config: &Config) -> Result<C> {
    let mut problems = Problems::default();
    let table = Value::Object(resolve(config, C::FIELDS, &mut problems));
    let place = Place::root(config);
    let read = C::read(&mut ConfigReader { value: &table, fields: C::FIELDS, place, problems: &mut problems });
    problems.finish(read)
}

/// Checks a config against descriptions alone, as [`read`] does first.
#[cfg(all(feature = "dynamic", target_os = "linux"))]
pub(crate) fn validate(config: &Config, fields: &'static [ConfigField]) -> Result<()> {
    let mut problems = Problems::default();
    resolve(config, fields, &mut problems);
    problems.finish(Some(()))
}

impl ConfigReader<'_> {
    /// The value of the field of that name: given, else from the environment, else the default. `None` notes a problem.
    pub fn field<T: ConfigValue>(&mut self, name: &str) -> Option<T> {
        match (self.fields.iter().find(|field| field.name == name), self.value.get(name)) {
            (Some(field), Some(value)) => {
                let place = self.place.key(name).hidden_if(field.secret);
                let source = self.problems.source_of(&place.path);
                self.part(value, place.from(source))
            }
            // Why there is none has been noted.
            (Some(_), None) => None,
            (None, _) => {
                let path = self.place.key(name).path;
                let message = format!("`{path}` is not described in `FIELDS`; derive `PluginConfig`");
                self.problems.add(&path, message);
                None
            }
        }
    }

    /// Notes what a rule across fields says against this config.
    pub fn check<E: Display>(&mut self, result: Result<(), E>) -> Option<()> {
        let message = match result {
            Ok(()) => return Some(()),
            Err(message) if self.place.path.is_empty() => message.to_string(),
            Err(message) => format!("`{}`: {message}", self.place.path),
        };
        self.problems.add(&self.place.path, message);
        None
    }

    /// A value that stands for itself.
    pub(super) fn plain<T: ConfigValue>(&mut self) -> Option<T> {
        match T::from_json(self.value) {
            Ok(value) => Some(value),
            Err(mismatch) => {
                let place = self.place.clone().hidden_if(T::TYPE.holds_secret());
                let message = match mismatch.what() {
                    Some(wanted) => place.must_be(wanted, self.value),
                    None => place.must_be(T::TYPE, self.value),
                };
                self.problems.add(&self.place.path, message);
                None
            }
        }
    }

    pub(super) fn optional<T: ConfigValue>(&mut self) -> Option<Option<T>> {
        if self.value.is_null() { Some(None) } else { T::read_value(self).map(Some) }
    }

    pub(super) fn items<T: ConfigValue>(&mut self) -> Option<Vec<T>> {
        let items = self.value.as_array()?.iter().enumerate();
        // Not collected as an `Option`, which would stop at the first problem.
        let items: Vec<Option<T>> = items.map(|(index, value)| self.part(value, self.place.item(index))).collect();
        items.into_iter().collect()
    }

    pub(super) fn entries<T: ConfigValue, M: FromIterator<(String, T)>>(&mut self) -> Option<M> {
        let entries = self.value.as_object()?.iter();
        let entries: Vec<Option<(String, T)>> =
            entries.map(|(key, value)| Some((key.clone(), self.part(value, self.place.key(key))?))).collect();
        entries.into_iter().collect()
    }

    /// A config within the config; the derive calls it.
    #[doc(hidden)]
    pub fn config<C: PluginConfig>(&mut self) -> Option<C> {
        let Self { value, place, problems, .. } = self;
        C::read(&mut ConfigReader { value, fields: C::FIELDS, place: place.clone(), problems })
    }

    fn part<T: ConfigValue>(&mut self, value: &Value, place: Place) -> Option<T> {
        if self.problems.has(&place.path) {
            return None;
        }
        T::read_value(&mut ConfigReader { value, fields: &[], place, problems: self.problems })
    }
}

/// A config by itself, from a JSON object.
pub(crate) fn nested<C: PluginConfig>(value: &Value) -> Result<C, Mismatch> {
    let table = value.as_object().ok_or(Mismatch::new())?;
    C::from_config(&Config::from(table.clone())).map_err(|_| Mismatch::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_no_config_refuses_every_key() {
        assert!(<()>::from_config(&Config::new()).is_ok());
        let mut config = Config::new();
        config.insert("voice", "alto");
        let said = <()>::from_config(&config).err().map(|error| error.to_string());
        assert_eq!(said.as_deref(), Some("`voice` is not an option; this plugin takes none"));
    }
}
