//! Plugins in files, on Linux.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use lk_plugin::dynamic::{
    self, LoadOptions, LoadedFile, LogRecord, LogSink, ModuleNote, PluginNote, Refusal, Report, SearchPath,
};
use lk_plugin::{Plugin, Registry};

use crate::error::{Error, Result};
use crate::listing::{Entry, File, List, Model, Module, Refused, Skipped, Takes};
use crate::{output, printable};

/// Adds what may be loaded from `LK_PLUGIN_PATH` beside what the registry has, and what may not. Says whether the latter
/// is to be fatal.
pub(crate) fn on_search_path(registry: &Registry, list: &mut List) -> bool {
    let path = search_path();
    let report = path.list(registry);
    for candidate in &report.files {
        let source = shown(candidate.path());
        list.plugins.extend(candidate.plugins().iter().map(|plugin| entry(plugin, &source)));
        warn_of_missing(&source, candidate.module(), candidate.plugins().iter().map(|plugin| &*plugin.package));
        list.files.push(File { path: source, module: Some(module(candidate.module())) });
    }
    add_rest(report, list);
    path.is_strict()
}

/// Serves as the helper process that loads a file first, if this process was started as one: then it does not return.
pub(crate) fn be_probe() {
    dynamic::probe_main();
}

/// Loads what is on `LK_PLUGIN_PATH` into the registry. What is refused is warned of.
///
/// # Errors
///
/// When something is refused and `LK_PLUGIN_STRICT` makes that fatal.
pub(crate) fn load(registry: &Registry) -> Result<()> {
    let options = options(search_path());
    let report = registry.load_path(&options);
    report.files.iter().for_each(warn_of_missing_in);
    report.refused.iter().for_each(output::warning);
    match report.refused.len() {
        0 => Ok(()),
        _ if !options.path().is_strict() => Ok(()),
        count => Err(Error::Refused(format!(
            "{count} of the files on `LK_PLUGIN_PATH` cannot be loaded, and `LK_PLUGIN_STRICT` is set; see above"
        ))),
    }
}

/// As [`on_search_path`], but what may be loaded is loaded, and the registry has it then.
///
/// # Errors
///
/// None here.
pub(crate) fn probed(registry: &Registry, list: &mut List) -> Result<bool> {
    let options = options(search_path());
    let report = registry.load_path(&options);
    for file in &report.files {
        warn_of_missing_in(file);
        list.plugins.extend(file.plugins.iter().map(Entry::from));
        list.files.push(File { path: shown(&file.path), module: Some(module(&file.module)) });
    }
    add_rest(report, list);
    Ok(options.path().is_strict())
}

/// Loads this file alone into the registry.
///
/// # Errors
///
/// When it is refused.
pub(crate) fn load_file(registry: &Registry, file: &Path) -> Result<()> {
    let report = registry.load_path(&options(search_path().only(file)));
    match report.refused.first() {
        Some(refusal) => Err(Error::Refused(refusal.to_string())),
        None => Ok(()),
    }
}

fn options(path: SearchPath) -> LoadOptions {
    let options = LoadOptions::new(path).with_log(LogSink::new(2, on_log));
    match dynamic::user_probe_cache() {
        Some(cache) => options.with_probe_cache(cache),
        None => options,
    }
}

/// Errors, warnings and panics of loaded plugins.
fn on_log(record: LogRecord<'_>) {
    let LogRecord { file, target, message, is_panic, .. } = record;
    if is_panic {
        output::note(format_args!("a plugin of `{file}` panicked at {target}: {message}"));
    } else {
        output::note(format_args!("{target}: {message}"));
    }
}

fn search_path() -> SearchPath {
    let path = SearchPath::from_env();
    if path.is_ignored() {
        output::warning("`LK_PLUGIN_PATH` is not followed, because this program has more rights than who started it");
    }
    path
}

fn add_rest<T>(report: Report<T>, list: &mut List) {
    list.refused.extend(report.refused.iter().map(refused));
    let skipped = report.skipped.iter();
    list.skipped
        .extend(skipped.map(|skipped| Skipped { path: shown(&skipped.path), same_as: shown(&skipped.same_as) }));
}

/// Adds what is in these executables and shared objects, and which of them cannot be read.
///
/// # Errors
///
/// None here.
pub(crate) fn inspect(files: &[PathBuf], list: &mut List) -> Result<()> {
    for file in files {
        let source = shown(file);
        match dynamic::inspect(file) {
            Ok(contents) => {
                list.plugins.extend(contents.plugins.iter().map(|plugin| entry(plugin, &source)));
                if let Some(module) = &contents.module {
                    warn_of_missing(&source, module, contents.plugins.iter().map(|plugin| &*plugin.package));
                }
                list.files.push(File { path: source, module: contents.module.as_ref().map(module) });
            }
            Err(refusal) => list.refused.push(refused(&refusal)),
        }
    }
    Ok(())
}

/// Locks these directories, or those of `LK_PLUGIN_PATH`. Returns each file and its SHA-256.
///
/// # Errors
///
/// When there is none, or one that cannot be locked. What cannot be read in a directory is warned of.
pub(crate) fn lock(directories: &[PathBuf]) -> Result<Vec<(String, String)>> {
    let path = search_path();
    let of_path: Vec<PathBuf> = path.directories().map(Path::to_owned).collect();
    let directories = if directories.is_empty() { &of_path } else { directories };
    if directories.is_empty() {
        return Err(Error::Usage("there is no directory to lock; name one, or set `LK_PLUGIN_PATH`".to_owned()));
    }
    let mut locked = Vec::new();
    for directory in directories {
        let report = path.lock(directory).map_err(|refusal| Error::Refused(refusal.to_string()))?;
        report.refused.iter().for_each(output::warning);
        locked.extend(report.files.iter().map(|file| (shown(&file.path), file.sha256.clone())));
    }
    Ok(locked)
}

fn warn_of_missing_in(file: &LoadedFile) {
    warn_of_missing(&shown(&file.path), &file.module, file.plugins.iter().map(Plugin::package));
}

/// Warns of packages that a file names in its `export_plugins!` for nothing.
fn warn_of_missing<'p>(file: &str, module: &ModuleNote, packages: impl Iterator<Item = &'p str>) {
    let packages: Vec<&str> = packages.collect();
    for package in module.exports_without_plugins(&packages) {
        output::warning(format_args!(
            "`{file}` exports the plugins of `{}`, and none is in it; write the package as its Cargo.toml does, and name \
             its crate in the lib.rs, as in `use my_plugins as _;`",
            printable::argument(package)
        ));
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn refused(refusal: &Refusal) -> Refused {
    Refused {
        path: shown(&refusal.path),
        check: refusal.check.number(),
        name: refusal.check.name(),
        reason: refusal.reason.clone(),
        remedy: refusal.remedy.clone(),
    }
}

fn entry(plugin: &PluginNote, source: &str) -> Entry {
    let models = plugin.models.iter().map(|model| Model {
        name: model.name.clone(),
        url: model.url.clone(),
        size: model.size,
        sha256: model.sha256.clone(),
    });
    Entry {
        kind: Cow::Owned(plugin.kind.clone()),
        name: plugin.name.clone(),
        version: plugin.version.clone(),
        package: plugin.package.clone(),
        source: source.to_owned(),
        origin: plugin.origin(),
        description: plugin.description.clone(),
        license: plugin.license.clone().filter(|license| !license.is_empty()),
        models: models.collect(),
        takes: Takes::Described(plugin.fields.clone()),
    }
}

fn module(module: &ModuleNote) -> Module {
    let module = module.clone();
    Module {
        package: module.package,
        version: module.version,
        exports: module.exports,
        abi: module.abi,
        framework: module.framework,
        rustc: module.rustc,
        target: module.target,
        cpu_features: module.cpu_features,
        panic: module.panic,
    }
}
