//! `lk-go plugin schema`: JSON Schema of the configs, for editors and other languages.

use lk_plugin::config::json_schema_of;
use serde_json::{Map, Value, json};

use super::named::{self, Named};
use crate::BuiltIns;
use crate::cli::SchemaArgs;
use crate::error::{Error, Exit, Result};
use crate::listing::Entry;
use crate::output;

/// The dialect that all schemas are written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Prints the schema of one plugin; of several, one document that has each under `$defs`.
///
/// # Errors
///
/// When there is no such plugin or file.
pub(super) fn run(arguments: &SchemaArgs, built_ins: BuiltIns<'_>) -> Result<Exit> {
    let entries = match &arguments.plugin {
        Some(plugin) => Named::find(plugin, built_ins)?.entries(),
        None if arguments.all => named::registry()?.plugins().iter().map(Entry::from).collect(),
        None => return Err(Error::Usage("name a plugin as `kind/name`, or a file, or give `--all`".to_owned())),
    };
    let schema = match entries.as_slice() {
        [entry] if !arguments.all => of(entry),
        entries => {
            let definitions: Map<String, Value> = entries.iter().map(|entry| (entry.spec(), of(entry))).collect();
            json!({"$schema": DIALECT, "$defs": definitions})
        }
    };
    output::json(&schema)?;
    Ok(Exit::Good)
}

/// A plugin that reads its config itself takes any keys.
fn of(entry: &Entry) -> Value {
    let fields = entry.takes.descriptions();
    let mut schema =
        fields.map_or_else(|| json!({"$schema": DIALECT, "type": "object"}), |fields| json_schema_of(&fields));
    schema["title"] = entry.spec().into();
    schema["description"] = entry.description.as_str().into();
    schema
}
