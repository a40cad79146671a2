//! Checks 13 to 16: from a file whose bytes are good to plugins in a registry.

use std::path::PathBuf;

use super::candidate::OpenCandidate;
use super::check::Check;
use super::contents::PluginNote;
use super::files::Stamp;
use super::open::{OpenModule, Unopened};
use super::probe::{self, Helper, Probe};
use super::report::{Fault, Report};
use super::{LogSink, ModuleNote, SearchPath, keep, search};
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
    /// `lk-go`. A script that starts one must `exec` it: the helper ends with the process that started it.
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
    pub plugins: Vec<Plugin>,
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
    ///
    /// ```no_run
    /// use lk_plugin::Registry;
    /// use lk_plugin::dynamic::{LoadOptions, LogSink, SearchPath, probe_main};
    ///
    /// fn main() {
    ///     probe_main(); // first: this program is then its own helper process
    ///     let log = LogSink::new(3, |record| eprintln!("{}: {}", record.target, record.message));
    ///     let report = Registry::global().load_path(&LoadOptions::new(SearchPath::from_env()).with_log(log));
    ///     for file in &report.files {
    ///         println!("{}: {:?}", file.path.display(), file.plugins);
    ///     }
    ///     for refusal in &report.refused {
    ///         eprintln!("{refusal}");
    ///     }
    /// }
    /// ```
    pub fn load_path(&self, options: &LoadOptions) -> LoadReport {
        search::visit(&options.path, self, &mut |open| {
            let path = open.candidate.path.clone();
            load(self, open, options).map_err(|fault| fault.at(path))
        })
    }
}

fn load(registry: &Registry, open: OpenCandidate, options: &LoadOptions) -> Result<LoadedFile, Fault> {
    let probe = options.helper.probe(&open, options.cache.as_deref())?;
    // Checks and probe took their time. (A locked file is a copy that nobody can change.)
    if open.file.metadata().map(|metadata| Stamp::of(&metadata)).ok() != Some(open.stamp) {
        return Err(Fault::new(
            Check::Open,
            "was changed while it was being loaded",
            "install plugins by moving a finished file to its place",
        ));
    }
    let OpenCandidate { candidate, file, .. } = open;
    let module = OpenModule::open(file.into(), &candidate.module.symbol).map_err(|unopened| match unopened {
        Unopened::System(reason) => probe::cannot_be_loaded(Check::Open, &reason, &candidate),
        Unopened::Module(reason) => memory(reason),
    })?;
    let in_memory = || module.plugins().map(|(kind, name)| (kind.as_str(), name));
    probe::compare(&candidate, module.abi(), in_memory()).map_err(memory)?;
    let file = candidate.path.to_string_lossy().into_owned();
    if let Some(sink) = &options.log {
        module.log_to(&file, sink.clone());
    }
    let plugins: Vec<Plugin> = candidate.plugins.iter().filter_map(|note| plugin(&module, note, &file)).collect();
    registry.register_all(&plugins).map_err(|error| {
        Fault::new(Check::Register, format!("could not be registered: {error}"), "rename one of the two plugins")
    })?;
    Ok(LoadedFile { path: candidate.path, module: candidate.module, plugins, probe })
}

/// What is in memory is not what the notes say.
fn memory(reason: String) -> Fault {
    Fault::new(Check::Memory, reason, probe::REBUILD)
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;

    use super::*;
    use crate::dynamic::candidate::Candidate;
    use crate::dynamic::files::Opened;

    #[test]
    fn what_changed_since_its_first_check_is_not_opened() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("plugin.so");
        let load_when = |change: &dyn Fn() -> io::Result<()>| {
            fs::write(&path, "what was checked")?;
            let opened = Opened::any(&path).map_err(|fault| io::Error::other(fault.reason))?;
            // As after checks 7 to 12.
            change()?;
            let module = serde_json::from_str::<ModuleNote>(
                r#"{"abi":[1,0],"framework":"","rustc":"","target":"","panic":"","package":"","version":"","exports":[],
                    "symbol":"s","cpu_features":[]}"#,
            )?;
            let candidate =
                Candidate { path: path.clone(), module, plugins: Vec::new(), is_locked: false, uses_origin: false };
            let open = OpenCandidate { candidate, file: opened.file, stamp: opened.stamp };
            let options = LoadOptions::new(SearchPath::default()).without_probe();
            io::Result::Ok(load(&Registry::empty(), open, &options).map(drop).map_err(|fault| fault.reason))
        };
        let changed = Err("was changed while it was being loaded".to_owned());
        assert_eq!(load_when(&|| fs::write(&path, "something longer than that"))?, changed);
        let earlier = std::time::UNIX_EPOCH;
        assert_eq!(load_when(&|| fs::File::options().write(true).open(&path)?.set_modified(earlier))?, changed);
        // The same file under another name is what was checked; it is no library.
        let moved = load_when(&|| fs::rename(&path, folder.path().join("moved")))?;
        assert!(moved.is_err_and(|reason| reason.contains("cannot be loaded")));
        Ok(())
    }
}
