//! The error that names every plugin whose kind and name somebody else has too.

use std::fmt;

use crate::error::{Error, ErrorKind};
use crate::plugin::Plugin;

/// Plugins of one kind that share a name: all of them, each with crate, version, file and line.
#[derive(Debug, Clone)]
pub struct DuplicatePlugins {
    // Sorted by kind and name, so that those that share both stand together; at least two of each.
    plugins: Vec<Plugin>,
}

impl DuplicatePlugins {
    /// Those of `plugins` that are not alone; of those that share both, who came first stands first.
    pub(super) fn among(mut plugins: Vec<Plugin>) -> Self {
        plugins.sort_by(Plugin::by_kind_and_name);
        let groups = plugins.chunk_by(same).filter(|group| group.len() > 1);
        Self { plugins: groups.flatten().cloned().collect() }
    }

    /// All plugins that share kind and name with another one, those that share both side by side.
    #[must_use]
    pub fn plugins(&self) -> &[Plugin] {
        &self.plugins
    }
}

fn same(one: &Plugin, two: &Plugin) -> bool {
    (one.kind(), one.name()) == (two.kind(), two.name())
}

impl fmt::Display for DuplicatePlugins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("duplicate plugins; rename all but one of each, or link only one of their crates")?;
        for group in self.plugins.chunk_by(same) {
            for (index, plugin) in group.iter().enumerate() {
                if index == 0 {
                    write!(f, "\n  `{plugin}` is registered {} times:", group.len())?;
                }
                write!(f, "\n    {}", Place(plugin))?;
            }
        }
        Ok(())
    }
}

/// Where a plugin comes from: `my-crate 0.1.0 at src/lib.rs:7`.
struct Place<'p>(&'p Plugin);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plugin = self.0;
        if plugin.package().is_empty() {
            return write!(f, "registered by the program at {}", plugin.origin());
        }
        write!(f, "{} {} at {}", plugin.package(), plugin.version(), plugin.origin())
    }
}

impl std::error::Error for DuplicatePlugins {}

impl From<DuplicatePlugins> for Error {
    fn from(duplicates: DuplicatePlugins) -> Self {
        Self::new(ErrorKind::Duplicate, duplicates.to_string())
    }
}
