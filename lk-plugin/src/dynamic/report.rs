//! What became of each file: taken, refused with the reason, or skipped.

use std::fmt;
use std::path::PathBuf;

use super::check::Check;
use crate::error::{Error, ErrorKind};
use crate::hint::printable;

/// What became of the files on a search path. One that is refused does not stop the others.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report<T> {
    /// What was taken, in the order in which it was found.
    pub files: Vec<T>,
    /// What was not, and why.
    pub refused: Vec<Refusal>,
    /// Files that are another one under a second name.
    pub skipped: Vec<Skipped>,
}

impl<T> Report<T> {
    pub(super) const fn new() -> Self {
        Self { files: Vec::new(), refused: Vec::new(), skipped: Vec::new() }
    }
}

/// A file, directory or component of the search path that failed a check.
///
/// ```
/// use lk_plugin::Registry;
/// use lk_plugin::dynamic::{Check, SearchPath};
///
/// let report = SearchPath::new("plugins").list(&Registry::empty());
/// assert_eq!(report.refused[0].check, Check::SearchPath);
/// assert!(report.refused[0].to_string().starts_with("`plugins` "));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// What was refused.
    pub path: PathBuf,
    /// The first check that it failed.
    pub check: Check,
    /// What is wrong with it: the rest of a sentence that begins with its path. It is fit to print: what it repeats of the
    /// file has no control characters.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, check, reason, remedy } = self;
        write!(f, "`{}` {reason}; {remedy} (check {check})", printable(&path.to_string_lossy()))
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::new(ErrorKind::InvalidInput, refusal.to_string())
    }
}

/// A hard link or symbolic link to a file that was looked at already.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The second name.
    pub path: PathBuf,
    /// The first name.
    pub same_as: PathBuf,
}

/// A failed check of a file whose path the caller knows.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) check: Check,
    pub(super) reason: String,
    pub(super) remedy: String,
}

impl Fault {
    /// The reason may repeat what a file says of itself: nothing in it steers a terminal.
    pub(super) fn new(check: Check, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, reason: printable(&reason.into()), remedy: printable(&remedy.into()) }
    }

    /// The same of this path.
    pub(super) fn at(self, path: impl Into<PathBuf>) -> Refusal {
        let Self { check, reason, remedy } = self;
        Refusal { path: path.into(), check, reason, remedy }
    }
}
