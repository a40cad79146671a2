//! Checks 13 to 16: from a file whose bytes are good to plugins in a registry.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::check::Check;
use super::contents::PluginNote;
use super::open::{OpenModule, Unopened};
use super::probe::{self, Helper, Probe};
use super::report::{Fault, Refusal, Report};
use super::{Candidate, LogSink, ModuleNote, SearchPath, keep, search};
use crate::config::{Config, ConfigField, validate};
use crate::kinds::Kind;
use crate::plugin::Plugin;
use crate::registry::Registry;

/// Where plugins are loaded from, and how.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    path: SearchPath,
    helper: Helper,
    cache: Option<PathBuf>,
    log: Option<LogSink>,
}

impl LoadOptions {
    /// Loads from this path. Files are probed if the program called [`probe_main`](super::probe_main); nothing is
    /// remembered; what plugins log goes to the crate `log` with the feature of that name, and nowhere without.
    #[must_use]
    pub fn new(path: SearchPath) -> Self {
        #[cfg(feature = "log")]
        let log = Some(LogSink::of_log());
        #[cfg(not(feature = "log"))]
        let log = None;
        Self { path, helper: Helper::default(), cache: None, log }
    }

    /// Has files probed by another executable that calls [`probe_main`](super::probe_main) first in its `main`, such as
    /// `lk-go`.
    #[must_use]
    pub fn with_probe_helper(mut self, helper: impl Into<PathBuf>) -> Self {
        self.helper = Helper::Named(helper.into());
        self
    }

    /// Loads files without probing them first: one whose constructors crash then ends the program.
    #[must_use]
    pub fn without_probe(mut self) -> Self {
        self.helper = Helper::None;
        self
    }

    /// Remembers in this folder which files were probed, by their content and the version of lk-plugin. Those that failed
    /// are not remembered. The folder must be the user's own: who can write to it can have files loaded without a probe.
    #[must_use]
    pub fn with_probe_cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Sends what plugins log, and their panics, there. Of a file that was loaded before, the first sink stays.
    #[must_use]
    pub fn with_log(mut self, sink: LogSink) -> Self {
        self.log = Some(sink);
        self
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &SearchPath {
        &self.path
    }
}

/// What became of the files on a search path that was loaded.
pub type LoadReport = Report<LoadedFile>;

/// A file whose plugins are registered.
#[derive(Debug)]
#[non_exhaustive]
pub struct LoadedFile {
    /// Where it was found.
    pub path: PathBuf,
    /// What it is as a whole.
    pub module: ModuleNote,
    /// Its plugins, in the order of the file.
    pub plugins: Vec<Arc<Plugin>>,
    /// Whether a helper process loaded it first.
    pub probe: Probe,
}

impl Registry {
    /// Loads the plugin files on a path and registers their plugins, each file's all at once or not at all.
    ///
    /// Each file goes through the sixteen checks of [`Check`]; one that fails is in the report with the reason and what to
    /// do, and the others load. A plugin whose kind and name are taken, by one that is linked in or by one of an earlier
    /// file, keeps its whole file out. What is loaded stays in memory until the process ends.
    ///
    /// The checks stop mistakes, not malice: a loaded file may do all that the program may, and a plugin that crashes
    /// while it is used ends the program.
    pub fn load_path(&self, options: &LoadOptions) -> LoadReport {
        search::visit(&options.path, self, &mut |candidate| {
            let path = candidate.path().to_owned();
            load(self, &candidate, options).map_err(|fault| fault.at(path))
        })
    }
}

/// Has a helper process load a file that passed the checks of its bytes, and loads nothing here.
///
/// # Errors
///
/// What the helper found.
pub fn probe(candidate: &Candidate, options: &LoadOptions) -> std::result::Result<Probe, Refusal> {
    options.helper.probe(candidate, options.cache.as_deref()).map_err(|fault| fault.at(candidate.path()))
}

fn load(registry: &Registry, candidate: &Candidate, options: &LoadOptions) -> std::result::Result<LoadedFile, Fault> {
    let before = stamp(candidate);
    let probe = options.helper.probe(candidate, options.cache.as_deref())?;
    // Probing took its time. A locked file is a copy that nobody can change.
    if stamp(candidate).ok() != before.ok() {
        return Err(Fault::new(
            Check::Open,
            "was changed while it was being loaded",
            "install plugins by moving a finished file to its place",
        ));
    }
    let module = open(candidate)?;
    let in_memory = || module.plugins().map(|(kind, name)| (kind.as_str(), name));
    probe::compare(candidate, module.abi(), in_memory()).map_err(memory)?;
    let file = candidate.path().to_string_lossy().into_owned();
    if let Some(sink) = &options.log {
        module.log_to(&file, sink.clone());
    }
    let plugins: Vec<Arc<Plugin>> =
        candidate.plugins().iter().filter_map(|note| plugin(&module, note, &file)).map(Arc::new).collect();
    registry.register_all(&plugins).map_err(|error| {
        Fault::new(Check::Register, format!("could not be registered: {error}"), "rename one of the two plugins")
    })?;
    Ok(LoadedFile { path: candidate.path().to_owned(), module: candidate.module().clone(), plugins, probe })
}

/// What is in memory is not what the notes say.
fn memory(reason: String) -> Fault {
    Fault::new(Check::Memory, reason, "build it again from one source, with one version of lk-plugin")
}

/// Size and time of the last write: what another content almost always changes. (A file that is replaced by another one
/// changes neither: it lives on without a name, and is what is loaded.)
fn stamp(candidate: &Candidate) -> io::Result<(u64, i64, i64)> {
    let file = File::from(candidate.file().try_clone_to_owned()?);
    file.metadata().map(|of| (of.size(), of.mtime(), of.mtime_nsec()))
}

fn open(candidate: &Candidate) -> std::result::Result<OpenModule, Fault> {
    let failed = |reason: &str| probe::cannot_be_loaded(Check::Open, reason, candidate);
    let descriptor: OwnedFd = candidate
        .file()
        .try_clone_to_owned()
        .map_err(|error| failed(&format!("its descriptor could not be copied: {error}")))?;
    let opened = OpenModule::open(descriptor.as_raw_fd(), &candidate.module().symbol);
    // Never closed, also when the module is refused: the file is in memory under this number, and the system's loader
    // would take another file at the same number for this one.
    let _: i32 = descriptor.into_raw_fd();
    opened.map_err(|unopened| match unopened {
        Unopened::System(reason) => failed(&reason),
        Unopened::Module(reason) => memory(reason),
    })
}

/// The plugin as its note describes it, made by the module.
fn plugin(module: &OpenModule, note: &PluginNote, file: &str) -> Option<Plugin> {
    let kind: Kind = note.kind.parse().ok()?;
    let fields: Option<&'static [ConfigField]> = note.fields.as_deref().map(keep::fields);
    let check = move |config: &Config| fields.map_or(Ok(()), |fields| validate(config, fields));
    let mut plugin = module
        .plugin(kind, &note.name)?
        .into_plugin(check)
        .with_version(note.version.as_str())
        .with_package(note.package.as_str())
        .with_description(note.description.as_str())
        .with_models(keep::models(&note.models))
        .loaded_from(file.to_owned(), note.origin());
    if let Some(license) = &note.license {
        plugin = plugin.with_license(license.as_str());
    }
    Some(match fields {
        Some(fields) => plugin.with_fields(fields),
        None => plugin,
    })
}

/// Where probed files are remembered for this user: in the cache folder of the XDG rules; `None` when there is no home, and
/// in a process with more rights than its caller, who chose the environment.
#[must_use]
pub fn user_probe_cache() -> Option<PathBuf> {
    if search::has_more_rights_than_its_caller() {
        return None;
    }
    Some(crate::models::user_cache()?.join("probed"))
}
