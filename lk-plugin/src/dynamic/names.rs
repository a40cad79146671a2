//! Check 11: the plugins of a file have known kinds and free names. The first that has a name keeps it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::check::Check;
use super::contents::{Contents, ModuleNote, PluginNote};
use super::report::Fault;
use crate::hint::{choose, shown, start_of};
use crate::kinds::Kind;
use crate::plugin::is_plugin_name;
use crate::registry::Registry;

/// As much of the packages that a file exports as is shown, in characters.
const MAX_EXPORTS: usize = 300;

/// What a plugin is found by.
pub(super) type Name = (Kind, String);

/// Kinds and names that files have taken so far, and which files.
#[derive(Default)]
pub(super) struct Taken {
    files: HashMap<Name, PathBuf>,
}

impl Taken {
    pub(super) fn add(&mut self, names: Vec<Name>, path: &Path) {
        self.files.extend(names.into_iter().map(|name| (name, path.to_owned())));
    }
}

/// The kinds and names of plugins that passed the check.
pub(super) fn of(plugins: &[PluginNote]) -> Vec<Name> {
    plugins.iter().filter_map(|plugin| Some((plugin.kind.parse().ok()?, plugin.name.clone()))).collect()
}

/// The plugins that the module exports. Those of the contents are sorted by kind, then name.
pub(super) fn check(
    module: &ModuleNote,
    contents: Contents,
    registry: &Registry,
    taken: &Taken,
) -> Result<Vec<PluginNote>, Fault> {
    let all = contents.plugins.len();
    let mut plugins = contents.plugins;
    plugins.retain(|plugin| module.exports.contains(&plugin.package));
    if plugins.is_empty() {
        return Err(refused(
            format!(
                "exports no plugin: {all} are in it, and none is of `{}`",
                start_of(&module.exports.join("`, `"), MAX_EXPORTS)
            ),
            "name the packages whose plugins it shall export, as in `export_plugins!(from = [\"my-plugin\"])`",
        ));
    }
    for (index, plugin) in plugins.iter().enumerate() {
        // Sorted, so that one of the same name would be right before it.
        let before = index.checked_sub(1).and_then(|before| plugins.get(before));
        let kind = known_kind(plugin)?;
        if !is_plugin_name(&plugin.name) {
            return Err(refused(
                format!("has a plugin called `{}`, which is not a plugin name", shown(&plugin.name)),
                "use lower-case letters and digits, with single hyphens between them",
            ));
        }
        if let Some(other) = before.filter(|other| (&other.kind, &other.name) == (&plugin.kind, &plugin.name)) {
            return Err(refused(
                format!("has the plugin `{plugin}` twice: {} and {}", place(other), place(plugin)),
                "rename one of them",
            ));
        }
        let key = (kind, plugin.name.clone());
        if let Some(owner) = owner(&key, registry, taken) {
            return Err(refused(
                format!("has the plugin `{plugin}` ({}), and so has {owner}, which comes first", place(plugin)),
                "remove one of the two, or rename one of the plugins",
            ));
        }
    }
    Ok(plugins)
}

fn known_kind(plugin: &PluginNote) -> Result<Kind, Fault> {
    plugin.kind.parse().map_err(|_| {
        let choices: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        let (kind, name) = (shown(&plugin.kind), shown(&plugin.name));
        refused(format!("has a plugin `{name}` of the unknown kind `{kind}`"), choose(&plugin.kind, &choices))
    })
}

/// Who has that kind and name already.
fn owner(key: &Name, registry: &Registry, taken: &Taken) -> Option<String> {
    if let Some(path) = taken.files.get(key) {
        return Some(format!("`{}`", path.display()));
    }
    let plugin = registry.get(key.0, &key.1)?;
    Some(match plugin.source() {
        "static" if plugin.package().is_empty() => format!("this program itself (at {})", plugin.origin()),
        "static" => format!("this program itself ({} {} at {})", plugin.package(), plugin.version(), plugin.origin()),
        path => format!("`{path}`, which is loaded"),
    })
}

/// Where a plugin comes from: `my-crate 0.1.0 at src/lib.rs:7`.
fn place(plugin: &PluginNote) -> String {
    format!("{} {} at {}", shown(&plugin.package), shown(&plugin.version), shown(&plugin.origin().to_string()))
}

fn refused(reason: impl Into<String>, remedy: impl Into<String>) -> Fault {
    Fault::new(Check::Names, reason, remedy)
}
