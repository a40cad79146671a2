//! Plugins that the user names: in this program and on `LK_PLUGIN_PATH`, or in a file.

use std::path::{MAIN_SEPARATOR, Path};

use lk_plugin::{ErrorKind, Kind, Plugin, Registry};

use crate::BuiltIns;
use crate::error::{Error, Result};
use crate::listing::{Entry, List};
use crate::{plugin_files, printable};

/// What a name stands for.
pub(super) enum Named {
    /// A plugin that instances can be made of.
    Plugin(Plugin),
    /// What a file holds, read from its bytes.
    File(Vec<Entry>),
}

impl Named {
    /// Finds what `text` names: `kind/name`, a name that one plugin alone has, or a file.
    ///
    /// # Errors
    ///
    /// When there is no such plugin or file, or several plugins have the name.
    pub(super) fn find(text: &str, built_ins: BuiltIns<'_>) -> Result<Self> {
        if let Some((kind, name)) = text.split_once('/')
            && let Ok(kind) = kind.parse::<Kind>()
        {
            let found = registry()?.find(kind, name);
            return found.cloned().map(Self::Plugin).map_err(|error| Error::of_look_up(error, name, built_ins));
        }
        let path = Path::new(text);
        if text.contains(MAIN_SEPARATOR) || path.exists() || path.extension().is_some() {
            return in_file(path).map(Self::File);
        }
        by_name(text, built_ins).map(Self::Plugin)
    }

    /// Everything that is known without making an instance.
    pub(super) fn entries(self) -> Vec<Entry> {
        match self {
            Self::Plugin(plugin) => vec![Entry::from(&plugin)],
            Self::File(entries) => entries,
        }
    }
}

/// The plugins in this program, and those on `LK_PLUGIN_PATH`.
///
/// # Errors
///
/// When two have the same name, or something on the path is refused and `LK_PLUGIN_STRICT` is set.
pub(super) fn registry() -> Result<&'static Registry> {
    let registry = Registry::try_global()?;
    plugin_files::load(registry)?;
    Ok(registry)
}

fn in_file(path: &Path) -> Result<Vec<Entry>> {
    let mut list = List::new();
    plugin_files::inspect(&[path.to_owned()], &mut list)?;
    if let Some(refused) = list.refused.pop() {
        return Err(Error::Input {
            file: format!("`{}`", refused.path),
            problem: refused.reason,
            advice: refused.remedy,
            source: None,
        });
    }
    if list.plugins.is_empty() {
        return Err(Error::Input {
            file: format!("`{}`", printable::path(path)),
            problem: "holds no plugin".to_owned(),
            advice: "name a program or a shared object that was built with lk-plugin".to_owned(),
            source: None,
        });
    }
    Ok(list.plugins)
}

fn by_name(name: &str, built_ins: BuiltIns<'_>) -> Result<Plugin> {
    let plugins = registry()?.plugins();
    let of_name: Vec<&Plugin> = plugins.iter().filter(|plugin| plugin.name() == name).collect();
    let message = match of_name.as_slice() {
        [plugin] => return Ok((*plugin).clone()),
        [] => {
            let names: Vec<&str> = plugins.iter().map(|plugin| plugin.name()).collect();
            format!("there is no plugin `{}`; {}", printable::stray(name), lk_plugin::choose(name, &names))
        }
        several => {
            let specs: Vec<String> = several.iter().map(|plugin| format!("`{plugin}`")).collect();
            format!("several plugins are called `{name}`; write one of {}", specs.join(", "))
        }
    };
    Err(Error::of_look_up(lk_plugin::Error::new(ErrorKind::NotFound, message), name, built_ins))
}
