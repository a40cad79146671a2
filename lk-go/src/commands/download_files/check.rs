//! What is there of a file, without asking anybody.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::wanted::Wanted;
use crate::error::{Error, Result};
use crate::printable;

/// How much is read at once, in bytes.
const BLOCK: usize = 1 << 20;

/// What is there of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// All of it, and it is the one.
    Present,
    /// It has just come.
    Downloaded,
    /// Nothing, but perhaps a part of it.
    Missing,
    /// Something else, for this reason.
    Damaged(String),
}

impl State {
    /// The word for it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Downloaded => "downloaded",
            Self::Missing => "missing",
            Self::Damaged(_) => "damaged",
        }
    }
}

/// Compares what is there with what is declared.
///
/// # Errors
///
/// When it cannot be read.
pub(super) fn state(wanted: &Wanted) -> Result<State> {
    let unreadable = |error: io::Error| Error::Input {
        file: format!("`{}`", printable::path(&wanted.path)),
        problem: "cannot be read".to_owned(),
        advice: "look at what it is, and who may read it".to_owned(),
        source: Some(error.into()),
    };
    match fs::metadata(&wanted.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::Missing),
        Err(error) => Err(unreadable(error)),
        Ok(metadata) if metadata.len() != wanted.size => {
            Ok(State::Damaged(format!("it has {} bytes, and {} are declared", metadata.len(), wanted.size)))
        }
        Ok(_) => {
            let sha256 = sha256(&wanted.path).map_err(unreadable)?;
            if sha256 == wanted.sha256 {
                return Ok(State::Present);
            }
            Ok(State::Damaged(format!("its SHA-256 is {sha256}, and {} is declared", wanted.sha256)))
        }
    }
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    hash(&mut hasher, File::open(path)?)?;
    Ok(digits(hasher))
}

/// Adds all that comes from this reader, and says how much it was.
pub(super) fn hash(hasher: &mut Sha256, mut from: impl Read) -> io::Result<u64> {
    let mut block = vec![0; BLOCK];
    let mut length = 0;
    loop {
        match from.read(&mut block) {
            Ok(0) => return Ok(length),
            Ok(read) => {
                hasher.update(&block[..read]);
                length += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The 64 digits.
pub(super) fn digits(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
