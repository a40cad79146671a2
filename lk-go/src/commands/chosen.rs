//! The plugin that the user chose, made with the config that the user gave.

use std::error::Error as _;
use std::path::Path;

use lk_plugin::{Config, ErrorKind, PluginKind};

use super::named;
use crate::BuiltIns;
use crate::cli::ConfigArgs;
use crate::error::{Error, Result};
use crate::printable;

/// Makes an instance of the plugin `spec` (`name` or `name/model`), linked in or loaded from `LK_PLUGIN_PATH`.
///
/// # Errors
///
/// When there is no such plugin, the config file cannot be read, or the config is wrong.
pub(super) fn create<K: PluginKind + ?Sized>(
    spec: &str,
    arguments: &ConfigArgs,
    built_ins: BuiltIns<'_>,
) -> Result<Box<K>> {
    let config = config(arguments)?;
    named::create(named::registry()?, spec, &config, built_ins)
}

/// The config that the user gave.
///
/// # Errors
///
/// When the file cannot be read, or is no config.
pub(super) fn config(arguments: &ConfigArgs) -> Result<Config> {
    let mut config = match &arguments.config_file {
        Some(file) => file_config(file)?,
        None => Config::new(),
    };
    for (key, value) in &arguments.settings {
        config.insert_text(key, value);
    }
    Ok(config)
}

/// The config in a file.
///
/// # Errors
///
/// When the file cannot be read, or is no config. What is no file but a single value is not repeated: it may be a
/// secret.
pub(super) fn file_config(file: &Path) -> Result<Config> {
    if let Some(key) = printable::key(&file.to_string_lossy()).filter(|_| !file.exists()) {
        return Err(Error::Usage(format!("`{key}=…` is no config file; write `--set {key}=…` for a single value")));
    }
    Config::from_file(file).map_err(|error| unreadable(file, error))
}

/// What the user named, if the file is at fault and not what it says.
fn unreadable(file: &Path, error: lk_plugin::Error) -> Error {
    if error.kind() != ErrorKind::Io {
        return error.into();
    }
    Error::Input {
        file: format!("`{}`", printable::path(file)),
        problem: "cannot be read".to_owned(),
        advice: "name a file with the config".to_owned(),
        source: error.source().map(|cause| cause.to_string().into()),
    }
}
