//! `lk-go plugin show`: everything that is known about a plugin.

use lk_plugin::ErrorKind;
use lk_plugin::config::FieldDescription;
use serde::Serialize;
use serde_json::{Map, Value};

use super::chosen;
use super::instance::Instance;
use super::named::Named;
use crate::BuiltIns;
use crate::cli::{ListFormat, ShowArgs};
use crate::error::{Error, Exit, Result};
use crate::listing::Entry;
use crate::output;

mod capabilities;
mod example;
mod limits;

/// The version of the JSON document; grows when a reader would have to change.
const FORMAT: u32 = 1;

/// Shows the plugin, or each in the file.
///
/// # Errors
///
/// When there is no such plugin or file, or the config that was given cannot be read, or is wrong or not enough: what
/// is known without an instance is printed all the same.
pub(super) fn run(arguments: &ShowArgs, built_ins: BuiltIns<'_>) -> Result<Exit> {
    let mut wrong = None;
    let plugins: Vec<Shown> = match Named::find(&arguments.plugin, built_ins)? {
        Named::Plugin(plugin) => {
            let capabilities = match Instance::of(&plugin, &chosen::config(&arguments.config)?) {
                Ok(instance) => Ok(capabilities::of(&instance)),
                Err(error) => {
                    let why = format!("unknown until created: {error}");
                    // A plugin may want more than nothing; what was given must be right.
                    wrong =
                        Some(error).filter(|error| error.kind() == ErrorKind::Config && !arguments.config.is_empty());
                    Err(why)
                }
            };
            vec![Shown::new(Entry::from(&plugin), capabilities)]
        }
        Named::File(_) if !arguments.config.is_empty() => {
            return Err(Error::Usage(
                "a config is for a plugin that is loaded; name one as `kind/name`, or leave `--set` and `--config` out"
                    .to_owned(),
            ));
        }
        Named::File(entries) => {
            let unknown = || Err("unknown until loaded".to_owned());
            entries.into_iter().map(|entry| Shown::new(entry, unknown())).collect()
        }
    };
    match arguments.format {
        ListFormat::Json => output::json(&Document { format: FORMAT, plugins })?,
        ListFormat::Table => {
            let pages: Vec<String> = plugins.iter().map(Shown::page).collect();
            output::result(&pages.join("\n\n"))?;
        }
    }
    wrong.map_or(Ok(Exit::Good), |error| Err(error.into()))
}

#[derive(Serialize)]
struct Document {
    format: u32,
    plugins: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    entry: Entry,
    capabilities: Option<Map<String, Value>>,
    /// Why they are not known.
    capabilities_unknown: Option<String>,
    /// A config in TOML.
    example: Option<String>,
    #[serde(skip)]
    fields: Option<Vec<FieldDescription>>,
}

impl Shown {
    fn new(entry: Entry, capabilities: Result<Map<String, Value>, String>) -> Self {
        let fields = entry.takes.descriptions();
        let example = fields.as_deref().map(example::of);
        let (capabilities, capabilities_unknown) = match capabilities {
            Ok(capabilities) => (Some(capabilities), None),
            Err(why) => (None, Some(why)),
        };
        Self { entry, capabilities, capabilities_unknown, example, fields }
    }

    /// What a person reads.
    fn page(&self) -> String {
        let entry = &self.entry;
        let mut facts = vec![
            ["version".to_owned(), entry.version.clone()],
            ["package".to_owned(), entry.package.clone()],
            ["license".to_owned(), entry.license.clone().unwrap_or_else(|| "not told".to_owned())],
            ["source".to_owned(), entry.source.clone()],
            ["origin".to_owned(), entry.origin.to_string()],
        ];
        for model in &entry.models {
            facts.push(["model file".to_owned(), format!("{}, {} bytes, {}", model.name, model.size, model.url)]);
        }
        let mut text = format!("{}: {}\n\n{}", entry.spec(), entry.description, output::list(facts));
        text.push_str("\nCapabilities\n");
        match (&self.capabilities, &self.capabilities_unknown) {
            (Some(capabilities), _) => {
                let rows = capabilities.iter().map(|(name, value)| [name.clone(), shown(value)]);
                text.push_str(&output::list(rows));
            }
            (None, why) => text.push_str(&format!("{}\n", why.as_deref().unwrap_or("unknown"))),
        }
        text.push_str("\nConfig\n");
        match self.fields.as_deref() {
            None => text.push_str("any keys: the plugin reads its config itself\n"),
            Some([]) => text.push_str("none\n"),
            Some(fields) => {
                text.push_str(&output::list(rows(fields)));
                text.push_str("\nExample config (TOML)\n\n");
                text.push_str(self.example.as_deref().unwrap_or_default());
            }
        }
        text
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "not told".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Two rows a key: what it takes, and what it is.
fn rows(fields: &[FieldDescription]) -> Vec<[String; 2]> {
    let mut rows = Vec::new();
    for (key, field) in FieldDescription::all(fields) {
        rows.push([key, limits::of(field)]);
        if !field.doc.is_empty() {
            rows.push([String::new(), field.doc.clone()]);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_valid_as_printed_and_with_every_key() -> Result<(), Box<dyn std::error::Error>> {
        use lk_plugin::Config;
        use lk_plugin::config::{ConfigField, ValueType};
        let fields = [
            ConfigField::new("name", ValueType::String).min_length(6).doc("Who.\n\nSecond paragraph."),
            ConfigField::new("rate", ValueType::Number).default_json("0.5").min("0").max("1"),
            ConfigField::new("count", ValueType::Integer { min: -5, max: 5 }).min("2"),
            ConfigField::new("tags", ValueType::List(&ValueType::String)).min_length(2),
            ConfigField::new("key", ValueType::Optional(&ValueType::Secret)).env("KEY"),
        ];
        let descriptions: Vec<FieldDescription> = fields.iter().map(FieldDescription::from).collect();
        let example = example::of(&descriptions);
        let printed = Config::from_toml(&example)?;
        let keys: Vec<&str> = printed.keys().collect();
        assert_eq!(keys, ["count", "name", "tags"]);
        assert_eq!(printed.get("count"), Some(&2.into()));
        assert_eq!(printed.get("name"), Some(&"texttext".into()));
        let all: String =
            example.lines().map(|line| line.replacen("# rate", "rate", 1).replacen("# key", "key", 1) + "\n").collect();
        assert_eq!(Config::from_toml(&all)?.keys().count(), 5, "{all}");
        assert!(
            example.contains("# Who.\n#\n# Second paragraph.\n# (string, at least 6 characters, required)\n"),
            "{example}"
        );
        Ok(())
    }
}
