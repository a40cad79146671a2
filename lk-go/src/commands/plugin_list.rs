//! `lk-go plugin list`: what is linked into this program.

use std::sync::Arc;

use lk_plugin::{ConfigField, Kind, Plugin, Registry, ValueType};
use serde::Serialize;
use serde_json::Value;

use crate::cli::{ListArgs, ListFormat};
use crate::error::{Exit, Result};
use crate::output;

/// The version of the JSON document; grows when a reader would have to change.
const FORMAT: u32 = 1;

/// Lists the plugins.
///
/// # Errors
///
/// When the kind is none, or two plugins have the same name.
pub(super) fn run(arguments: &ListArgs) -> Result<Exit> {
    let kind = arguments.kind.as_deref().map(str::parse::<Kind>).transpose()?;
    let mut plugins = Registry::try_global()?.plugins();
    plugins.retain(|plugin| kind.is_none_or(|kind| plugin.kind() == kind));
    match arguments.format {
        ListFormat::Json => output::json(&List::of(&plugins))?,
        // As kubectl does it: what reads standard output sees nothing, who looks at the terminal sees why.
        ListFormat::Table if plugins.is_empty() => {
            let what = kind.map_or_else(String::new, |kind| format!("`{kind}` "));
            output::note(format_args!(
                "there is no {what}plugin in this program; build it with the features that hold them, or name their \
                 crates in its main.rs, as in `use lk_plugins as _;`"
            ));
        }
        ListFormat::Table => output::result(&table(&plugins))?,
    }
    Ok(Exit::Good)
}

fn table(plugins: &[Arc<Plugin>]) -> String {
    let rows = plugins.iter().map(|plugin| {
        [
            plugin.kind().to_string(),
            plugin.name().to_owned(),
            plugin.version().to_owned(),
            plugin.package().to_owned(),
            plugin.source().to_owned(),
            plugin.description().to_owned(),
        ]
    });
    output::table(["KIND", "NAME", "VERSION", "PACKAGE", "SOURCE", "DESCRIPTION"], rows, &[])
}

#[derive(Serialize)]
struct List<'p> {
    format: u32,
    plugins: Vec<Entry<'p>>,
    // Plugins that were found and not taken; none can be while all are linked in.
    refused: [(); 0],
}

#[derive(Serialize)]
struct Entry<'p> {
    kind: &'static str,
    name: &'p str,
    version: &'p str,
    package: &'p str,
    source: &'p str,
    origin: String,
    description: &'p str,
    license: Option<&'p str>,
    models: Vec<Model>,
    fields: Option<Vec<Field>>,
}

#[derive(Serialize)]
struct Model {
    name: &'static str,
    url: &'static str,
    size: u64,
    sha256: &'static str,
}

#[derive(Serialize)]
struct Field {
    name: &'static str,
    r#type: String,
    doc: &'static str,
    default: Option<Value>,
    required: bool,
    env: Option<&'static str>,
    secret: bool,
    min: Option<Value>,
    max: Option<Value>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    choices: Option<Vec<Choice>>,
    unit: Option<&'static str>,
    // Of a config within the config, also of those in a list or map.
    fields: Option<Vec<Field>>,
}

#[derive(Serialize)]
struct Choice {
    value: Value,
    doc: &'static str,
}

impl<'p> List<'p> {
    fn of(plugins: &'p [Arc<Plugin>]) -> Self {
        Self { format: FORMAT, plugins: plugins.iter().map(|plugin| Entry::of(plugin)).collect(), refused: [] }
    }
}

impl<'p> Entry<'p> {
    fn of(plugin: &'p Plugin) -> Self {
        let models = plugin.models().iter();
        Self {
            kind: plugin.kind().as_str(),
            name: plugin.name(),
            version: plugin.version(),
            package: plugin.package(),
            source: plugin.source(),
            origin: plugin.origin().to_string(),
            description: plugin.description(),
            license: plugin.license(),
            models: models
                .map(|model| Model { name: model.name, url: model.url, size: model.size, sha256: model.sha256 })
                .collect(),
            fields: plugin.fields().map(|fields| fields.iter().map(Field::of).collect()),
        }
    }
}

impl Field {
    fn of(field: &ConfigField) -> Self {
        Self {
            name: field.name,
            r#type: field.value_type.name(),
            doc: field.doc,
            // A secret is never shown, not even one that everybody has.
            default: field.default.filter(|_| !field.secret).map(value),
            required: field.required,
            env: field.env,
            secret: field.secret,
            min: field.min.map(value),
            max: field.max.map(value),
            min_length: field.min_length,
            max_length: field.max_length,
            choices: choices(field),
            unit: field.unit,
            fields: match innermost(field.value_type) {
                ValueType::Config(fields) => Some(fields.iter().map(Self::of).collect()),
                _ => None,
            },
        }
    }
}

fn choices(field: &ConfigField) -> Option<Vec<Choice>> {
    match innermost(field.value_type) {
        ValueType::Choice(choices) => {
            Some(choices.iter().map(|choice| Choice { value: choice.name.into(), doc: choice.doc }).collect())
        }
        _ if field.choices.is_empty() => None,
        _ => Some(field.choices.iter().map(|json| Choice { value: value(json), doc: "" }).collect()),
    }
}

/// What the values are at the bottom of lists, maps and options.
fn innermost(value_type: ValueType) -> ValueType {
    match value_type {
        ValueType::List(inner) | ValueType::Map(inner) | ValueType::Optional(inner) => innermost(*inner),
        other => other,
    }
}

/// What JSON text says; the text itself when it is none.
fn value(json: &'static str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| Value::from(json))
}
