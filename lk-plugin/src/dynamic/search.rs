//! Where plugin files are looked for, and the walk through the checks that run nothing.

use std::collections::HashMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::candidate::{Candidate, OpenCandidate};
use super::check::Check;
use super::elf::Elf;
use super::files::{Directory, Found, Opened};
use super::lock::{self, LOCK_FILE, Lock, Locked};
use super::names::Taken;
use super::report::{Fault, Refusal, Report, Skipped};
use super::{fit, format, names, notes, symbol};
use crate::registry::Registry;

/// Directories of plugin files, and how strict to be with them.
///
/// ```
/// use lk_plugin::Registry;
/// use lk_plugin::dynamic::SearchPath;
///
/// let report = SearchPath::new("/usr/lib/my-agent/plugins").list(Registry::global());
/// for refusal in &report.refused {
///     eprintln!("{refusal}");
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct SearchPath {
    // As it is written: components with colons between them.
    text: OsString,
    // This file in place of directories.
    file: Option<PathBuf>,
    is_strict: bool,
    trusts_all: bool,
    is_ignored: bool,
}

impl SearchPath {
    /// Absolute directories with colons between them; nothing when it is empty.
    #[must_use]
    pub fn new(path: impl Into<OsString>) -> Self {
        Self { text: path.into(), ..Self::default() }
    }

    /// What the environment says: `LK_PLUGIN_PATH`, `LK_PLUGIN_STRICT` and `LK_PLUGIN_INSECURE=1`.
    ///
    /// A program that runs with more rights than whoever started it (set-user-ID, capabilities) takes nothing from the
    /// environment.
    #[must_use]
    pub fn from_env() -> Self {
        Self::from_variables(|name| env::var_os(name).unwrap_or_default(), has_more_rights_than_its_caller)
    }

    fn from_variables(variable: impl Fn(&str) -> OsString, has_more_rights: impl FnOnce() -> bool) -> Self {
        let [text, strict, insecure] = ["LK_PLUGIN_PATH", "LK_PLUGIN_STRICT", "LK_PLUGIN_INSECURE"].map(variable);
        // Most programs end here, and need not ask the system who started them.
        if [&text, &strict, &insecure].into_iter().all(|value| value.is_empty()) {
            return Self::default();
        }
        if has_more_rights() {
            // Without a path too: a file may be named that `LK_PLUGIN_INSECURE` would let in.
            return Self { is_ignored: !text.is_empty(), ..Self::default() };
        }
        Self {
            text,
            file: None,
            is_strict: !strict.is_empty() && strict != "0",
            trusts_all: insecure == "1",
            is_ignored: false,
        }
    }

    /// Looks at this one file in place of the directories. The checks are the same, those of the directory that it is in
    /// included. A relative path is one from the current directory.
    #[must_use]
    pub fn only(mut self, file: impl AsRef<Path>) -> Self {
        let file = file.as_ref();
        self.file = Some(std::path::absolute(file).unwrap_or_else(|_| file.to_owned()));
        self
    }

    /// Says whether a refused file is fatal. That is for the caller to act on: the report is the same.
    #[must_use]
    pub fn strict(mut self, is_strict: bool) -> Self {
        self.is_strict = is_strict;
        self
    }

    /// Says whether to take files and directories that others than root and this user own or can write to.
    #[must_use]
    pub fn insecure(mut self, trusts_all: bool) -> Self {
        self.trusts_all = trusts_all;
        self
    }

    /// Whether a refused file is fatal.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.is_strict
    }

    /// Whether the environment named a path that was not taken, because this program has more rights than its caller.
    #[must_use]
    pub fn is_ignored(&self) -> bool {
        self.is_ignored
    }

    /// The files that may be loaded beside what `registry` has, and those that may not. Nothing of them runs, nothing is
    /// registered, and none is left open.
    #[must_use]
    pub fn list(&self, registry: &Registry) -> Report<Candidate> {
        visit(self, registry, &mut |open| Ok(open.candidate))
    }

    /// The directories, as they are written.
    pub fn directories(&self) -> impl Iterator<Item = &Path> {
        self.components().filter(|component| component.is_absolute())
    }

    /// Locks a directory: writes the SHA-256 of each of its plugin files into its [`LOCK_FILE`], so that from now on these
    /// contents alone are loaded from there. A file that cannot be read is refused in the report, and is not in the lock.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use lk_plugin::dynamic::SearchPath;
    ///
    /// let report = SearchPath::default().lock(Path::new("/usr/lib/my-agent/plugins"))?;
    /// for locked in &report.files {
    ///     println!("{locked:?}");
    /// }
    /// # Ok::<(), lk_plugin::dynamic::Refusal>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the directory cannot be trusted, or the lock file not be written.
    pub fn lock(&self, directory: &Path) -> Result<Report<Locked>, Refusal> {
        let is_searched = self.directories().any(|searched| searched == directory);
        let found = if is_searched { Found::Searched } else { Found::Named };
        lock::lock(directory, self.trusts_all, found)
    }

    fn components(&self) -> impl Iterator<Item = &Path> {
        let text = self.text.as_bytes();
        let parts = text.split(|byte| *byte == b':').filter(|_| !text.is_empty());
        parts.map(|part| Path::new(OsStr::from_bytes(part)))
    }
}

/// Takes each file through the checks that run nothing and hands those that pass to `take`, one by one: what it refuses
/// leaves its plugins' names to the files that follow.
pub(crate) fn visit<T>(
    path: &SearchPath,
    registry: &Registry,
    take: &mut dyn FnMut(OpenCandidate) -> Result<T, Refusal>,
) -> Report<T> {
    let mut visit = Visit {
        registry,
        trusts_all: path.trusts_all,
        seen: HashMap::new(),
        taken: Taken::default(),
        report: Report::new(),
    };
    let mut component = |path: &Path, only: Option<&OsStr>| {
        if let Err(refusal) = visit.component(path, only, take) {
            visit.report.refused.push(refusal);
        }
    };
    match &path.file {
        Some(file) => component(file.parent().unwrap_or(Path::new("/")), file.file_name()),
        None => path.components().for_each(|path| component(path, None)),
    }
    visit.report
}

struct Visit<'r, T> {
    registry: &'r Registry,
    trusts_all: bool,
    seen: HashMap<(u64, u64), PathBuf>,
    taken: Taken,
    report: Report<T>,
}

impl<T> Visit<'_, T> {
    fn component(
        &mut self,
        path: &Path,
        only: Option<&OsStr>,
        take: &mut dyn FnMut(OpenCandidate) -> Result<T, Refusal>,
    ) -> Result<(), Refusal> {
        check_component(path).map_err(|fault| fault.at(path))?;
        let found = if only.is_some() { Found::Named } else { Found::Searched };
        let directory = Directory::open(path, self.trusts_all, found).map_err(|fault| fault.at(path))?;
        let (files, too_many) = match only {
            Some(name) => (vec![name.to_owned()], None),
            None => directory.list().map_err(|fault| fault.at(path))?,
        };
        self.report.refused.extend(too_many.map(|fault| fault.at(path)));
        let lock = Lock::of(&directory, self.trusts_all).map_err(|fault| fault.at(path.join(LOCK_FILE)))?;
        for name in files {
            let path = path.join(&name);
            match self.file(&directory, found, &name, &path, lock.as_ref()) {
                Ok(Some(open)) => {
                    let names = names::of(open.candidate.plugins());
                    match take(open) {
                        Ok(file) => {
                            self.taken.add(names, &path);
                            self.report.files.push(file);
                        }
                        Err(refusal) => self.report.refused.push(refusal),
                    }
                }
                Ok(None) => {}
                Err(fault) => self.report.refused.push(fault.at(path)),
            }
        }
        Ok(())
    }

    fn file(
        &mut self,
        directory: &Directory,
        found: Found,
        name: &OsStr,
        path: &Path,
        lock: Option<&Lock>,
    ) -> Result<Option<OpenCandidate>, Fault> {
        let opened = directory.file(name, self.trusts_all, found)?;
        if let Some(first) = self.seen.get(&opened.identity) {
            self.report.skipped.push(Skipped { path: path.to_owned(), same_as: first.clone() });
            return Ok(None);
        }
        self.seen.insert(opened.identity, path.to_owned());
        let Opened { file, length, stamp, .. } = match lock {
            Some(lock) => lock.admit(name, &opened.file)?,
            None => opened,
        };
        let candidate = self.candidate(path, &file, length, lock.is_some())?;
        Ok(Some(OpenCandidate { candidate, file, stamp }))
    }

    fn candidate(&self, path: &Path, file: &File, length: u64, is_locked: bool) -> Result<Candidate, Fault> {
        let elf = Elf::read(file, length)?;
        format::check_format(&elf)?;
        let libraries = format::check_hardening(&elf)?;
        let mut contents = notes::read(&elf)?;
        let module = notes::module(&mut contents)?;
        fit::check(&module)?;
        let plugins = names::check(&module, contents, self.registry, &self.taken)?;
        symbol::check(&elf, &module)?;
        let uses_origin = libraries.uses_origin;
        Ok(Candidate { path: path.to_owned(), module, plugins, is_locked, uses_origin })
    }
}

/// What the checks of the bytes say of a file in no directory.
#[cfg(any(test, fuzzing))]
pub(super) fn candidate(registry: &Registry, file: &File, length: u64) -> Result<Candidate, Fault> {
    let (seen, taken) = (HashMap::new(), Taken::default());
    let visit = Visit::<()> { registry, trusts_all: true, seen, taken, report: Report::new() };
    visit.candidate(Path::new("/fuzzed.so"), file, length, false)
}

/// Check 1: a component that depends on where the program was started would load what lies there.
fn check_component(path: &Path) -> Result<(), Fault> {
    let reason = match path.as_os_str().as_bytes() {
        [] => "is an empty component of the search path, which would be the current directory",
        [b'/', ..] => return Ok(()),
        _ => "is not absolute: it would depend on where the program was started",
    };
    Err(Fault::new(Check::SearchPath, reason, "write absolute directories with single colons between them"))
}

/// Whether the system started this program in its secure mode (`AT_SECURE`). Also when that cannot be told.
pub(super) fn has_more_rights_than_its_caller() -> bool {
    const AT_SECURE: usize = 23;
    let Ok(auxiliary) = std::fs::read("/proc/self/auxv") else { return true };
    let (words, _) = auxiliary.as_chunks::<{ size_of::<usize>() }>();
    let (pairs, _) = words.as_chunks::<2>();
    let secure = pairs.iter().find(|[tag, _]| usize::from_ne_bytes(*tag) == AT_SECURE);
    secure.is_none_or(|[_, value]| usize::from_ne_bytes(*value) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_more_rights_than_its_caller_takes_no_variable() {
        for path in ["", "/plugins"] {
            let read = |has_more_rights| {
                let variable = |name: &str| OsString::from(if name == "LK_PLUGIN_PATH" { path } else { "1" });
                let read = SearchPath::from_variables(variable, || has_more_rights);
                (read.text.clone(), read.is_strict, read.trusts_all, read.is_ignored)
            };
            assert_eq!(read(true), (OsString::new(), false, false, !path.is_empty()));
            assert_eq!(read(false), (path.into(), true, true, false));
        }
    }
}
