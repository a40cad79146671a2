//! A file that may be loaded.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::contents::{ModuleNote, PluginNote};
use super::files::Stamp;

/// A `.so` that passed every check of its bytes. Nothing of it has run.
#[derive(Debug)]
pub struct Candidate {
    pub(super) path: PathBuf,
    pub(super) module: ModuleNote,
    pub(super) plugins: Vec<PluginNote>,
    pub(super) is_locked: bool,
    pub(super) uses_origin: bool,
}

impl Candidate {
    /// Where it was found.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it is as a whole.
    #[must_use]
    pub fn module(&self) -> &ModuleNote {
        &self.module
    }

    /// The plugins that it exports, sorted by kind, then name. Their kinds are known and their names are free.
    #[must_use]
    pub fn plugins(&self) -> &[PluginNote] {
        &self.plugins
    }

    /// Whether its content is in a lock file, and held in memory where nobody can change it.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.is_locked
    }

    /// Whether it looks for libraries beside itself (`$ORIGIN`), where they are not found: a file that is opened by its
    /// descriptor has no place.
    #[must_use]
    pub fn uses_origin(&self) -> bool {
        self.uses_origin
    }
}

/// A candidate with the bytes that were checked.
pub(crate) struct OpenCandidate {
    pub(super) candidate: Candidate,
    /// The open file, or the sealed copy of a locked one.
    pub(super) file: File,
    /// What the file was like before the first look at its bytes.
    pub(super) stamp: Stamp,
}
