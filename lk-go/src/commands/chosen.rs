//! The plugin that the user chose, made with the config that the user gave.

use std::error::Error as _;
use std::io::{IsTerminal, Read};
use std::path::Path;

use lk_plugin::{Config, ErrorKind, PluginKind};

use super::named;
use crate::cli::ConfigArgs;
use crate::error::{Error, Result};
use crate::interrupt::Interruptible;
use crate::printable;

/// The longest text that is read from standard input, in bytes.
const MAX_TEXT: u64 = 16 << 20;

/// Makes an instance of the plugin `spec` (`name` or `name/model`), linked in or loaded from `LK_PLUGIN_PATH`.
///
/// # Errors
///
/// When there is no such plugin, the config file cannot be read, or the config is wrong.
pub(super) fn create<K: PluginKind + ?Sized>(
    spec: &str,
    arguments: &ConfigArgs,
    built_ins: &[(&str, bool)],
) -> Result<Box<K>> {
    let config = config(arguments)?;
    named::registry()?.create::<K>(spec, &config).map_err(|error| Error::of_look_up(error, spec, built_ins))
}

/// The config that the user gave.
///
/// # Errors
///
/// When the file cannot be read, or is no config.
pub(super) fn config(arguments: &ConfigArgs) -> Result<Config> {
    let mut config = match &arguments.config_file {
        Some(file) => Config::from_file(file).map_err(|error| unreadable(file, error))?,
        None => Config::new(),
    };
    for (key, value) in &arguments.settings {
        config.insert_text(key, value);
    }
    Ok(config)
}

/// What the user named, if the file is at fault and not what it says.
pub(super) fn unreadable(file: &Path, error: lk_plugin::Error) -> Error {
    if error.kind() != ErrorKind::Io {
        return error.into();
    }
    Error::Input {
        file: format!("`{}`", printable::path(file)),
        problem: "cannot be read".to_owned(),
        advice: "name a file with the plugin's config".to_owned(),
        source: error.source().map(|cause| cause.to_string().into()),
    }
}

/// The text that the user gave: `argument`, or standard input for `-`, without the line break at its end.
///
/// # Errors
///
/// When standard input is a terminal, cannot be read, is too long, or is not UTF-8.
pub(super) fn text(argument: &str) -> Result<String> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let refused = |problem: &str, advice: &str, source| Error::Input {
        file: "standard input".to_owned(),
        problem: problem.to_owned(),
        advice: advice.to_owned(),
        source,
    };
    if std::io::stdin().is_terminal() {
        return Err(refused("is a terminal here", "pipe a text into it, or write the text instead of `-`", None));
    }
    let mut bytes = Vec::new();
    Interruptible::open(|| Ok(std::io::stdin()))
        .and_then(|source| source.take(MAX_TEXT + 1).read_to_end(&mut bytes))
        .map_err(|error| refused("cannot be read", "check what writes to it", Some(error.into())))?;
    if bytes.len() as u64 > MAX_TEXT {
        return Err(refused("is longer than 16 MiB", "cut it into pieces", None));
    }
    let mut text = String::from_utf8(bytes)
        .map_err(|error| refused("is not UTF-8", "convert it first, as with `iconv -t utf-8`", Some(error.into())))?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text)
}
