//! What is said of the files: a table, or a JSON document. Its keys are only ever added to.

use std::path::Path;

use indicatif::HumanBytes;
use serde::Serialize;

use super::check::State;
use super::part;
use super::wanted::Wanted;
use crate::cli::{DownloadArgs, ListFormat};
use crate::error::{Error, Result};
use crate::output;

/// The version of the document; grows when a reader would have to change.
const FORMAT: u32 = 1;

/// All files.
#[derive(Serialize)]
pub(super) struct Document {
    format: u32,
    /// Where model files are.
    folder: String,
    files: Vec<Outcome>,
}

/// A file, and what has become of it.
#[derive(Serialize)]
pub(super) struct Outcome {
    plugins: Vec<String>,
    package: String,
    name: String,
    url: String,
    size: u64,
    sha256: String,
    /// Where it belongs; `null` when its name is none.
    path: Option<String>,
    /// `present`, `downloaded`, `missing`, `damaged` or `failed`.
    state: &'static str,
    /// How many of its bytes are here for the next run to go on from.
    kept: u64,
    /// Why it is damaged or failed.
    problem: Option<String>,
}

impl Outcome {
    /// What has become of this file.
    pub(super) fn of(state: Result<State>, wanted: Wanted) -> Self {
        let word = state.as_ref().map_or("failed", State::word);
        let kept = if wanted.path.as_os_str().is_empty() { 0 } else { part::kept(&wanted) };
        let problem = match state {
            Ok(State::Damaged(reason)) => Some(reason),
            Err(error) => Some(told(&error)),
            Ok(_) => None,
        };
        let path = (!wanted.path.as_os_str().is_empty()).then(|| wanted.path.to_string_lossy().into_owned());
        let Wanted { plugins, package, name, url, size, sha256, .. } = wanted;
        Self { plugins, package, name, url, size, sha256, path, state: word, kept, problem }
    }

    fn is_here(&self) -> bool {
        matches!(self.state, "present" | "downloaded")
    }
}

fn told(error: &Error) -> String {
    let causes: String = error.causes().iter().map(|cause| format!(": {cause}")).collect();
    format!("{error}{causes}")
}

impl Document {
    /// Of these files.
    pub(super) fn new(folder: &Path, files: Vec<Outcome>) -> Self {
        Self { format: FORMAT, folder: folder.to_string_lossy().into_owned(), files }
    }

    /// Whether all files are here.
    pub(super) fn is_complete(&self) -> bool {
        self.files.iter().all(Outcome::is_here)
    }

    /// Prints it as the user wants it.
    ///
    /// # Errors
    ///
    /// When standard output does not take it.
    pub(super) fn print(&self, arguments: &DownloadArgs) -> Result<()> {
        if arguments.format == ListFormat::Json {
            return output::json(self);
        }
        if self.files.is_empty() {
            output::note("no plugin here wants a model file");
            return Ok(());
        }
        let rows = self.files.iter().map(|file| {
            let place = file.path.clone().or_else(|| file.problem.clone()).unwrap_or_default();
            [file.state.to_owned(), file.plugins.join(", "), HumanBytes(file.size).to_string(), place]
        });
        output::result(&output::table(["STATE", "PLUGIN", "SIZE", "FILE"], rows, &[2]))?;
        if arguments.dry_run {
            let missing = self.files.iter().filter(|file| !file.is_here() && file.state != "failed");
            let bytes: u64 = missing.map(|file| file.size.saturating_sub(file.kept)).sum();
            output::note(format_args!("{} would be downloaded; nothing was", HumanBytes(bytes)));
        }
        if arguments.dry_run || arguments.verify {
            for file in self.files.iter().filter(|file| file.path.is_some()) {
                if let Some(problem) = &file.problem {
                    output::warning(format_args!("`{}` of {}: {problem}", file.name, file.plugins.join(" and ")));
                }
            }
        }
        Ok(())
    }
}
