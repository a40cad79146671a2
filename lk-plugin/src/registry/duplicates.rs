//! The error that names every plugin whose kind and name somebody else has too.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::plugin::Plugin;

/// Plugins of one kind that share a name: all of them, each with crate, version, file and line.
#[derive(Debug, Clone)]
pub struct DuplicatePlugins {
    // Sorted by kind and name, so that those that share both stand together; at least two of each.
    plugins: Vec<Arc<Plugin>>,
}

impl DuplicatePlugins {
    /// Those of `plugins` (sorted by kind and name) that are not alone.
    pub(super) fn among(plugins: &[Arc<Plugin>]) -> Self {
        let groups = plugins.chunk_by(|one, two| same(one, two)).filter(|group| group.len() > 1);
        Self { plugins: groups.flatten().map(Arc::clone).collect() }
    }

    /// All plugins that share kind and name with another one, those that share both side by side.
    #[must_use]
    pub fn plugins(&self) -> &[Arc<Plugin>] {
        &self.plugins
    }
}

fn same(one: &Plugin, two: &Plugin) -> bool {
    (one.kind(), one.name()) == (two.kind(), two.name())
}

impl fmt::Display for DuplicatePlugins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("duplicate plugins; rename all but one of each, or link only one of their crates")?;
        for group in self.plugins.chunk_by(|one, two| same(one, two)) {
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
