//! The text that the user gave.

use std::io::{IsTerminal, Read};

use lk_plugin::BoxError;

use crate::error::{Error, Result};
use crate::interrupt::Interruptible;

/// The longest text that is read from standard input, in bytes.
const MAX_TEXT: u64 = 16 << 20;

/// The argument, or standard input for `-`, without the line break at its end; never empty.
///
/// # Errors
///
/// When there is no text, or standard input is a terminal, cannot be read, is too long, or is not UTF-8.
pub(super) fn read(argument: &str) -> Result<String> {
    let (name, text) = match argument {
        "-" => ("standard input", from_standard_input()?),
        text => ("the text", text.to_owned()),
    };
    if text.is_empty() {
        return Err(refused(name, "is empty", "give some words", None));
    }
    Ok(text)
}

fn refused(name: &str, problem: &str, advice: &str, source: Option<BoxError>) -> Error {
    Error::Input { file: name.to_owned(), problem: problem.to_owned(), advice: advice.to_owned(), source }
}

fn from_standard_input() -> Result<String> {
    let refused = |problem: &str, advice: &str, source| refused("standard input", problem, advice, source);
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
