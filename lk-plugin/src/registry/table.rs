//! One published state of a registry: sorted for listing, hashed for look-up.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::duplicates::DuplicatePlugins;
use crate::kinds::Kind;
use crate::plugin::Plugin;

#[derive(Default)]
pub(super) struct Table {
    // Sorted by kind, then name.
    plugins: Vec<Arc<Plugin>>,
    // For each kind (by its row): where in `plugins` a name stands. A map per kind, because a name as the whole key can
    // be looked up without making one.
    places: Vec<HashMap<Box<str>, usize, FixedState>>,
}

impl Table {
    pub(super) fn build(mut plugins: Vec<Arc<Plugin>>) -> Result<Self, DuplicatePlugins> {
        let mut places = vec![HashMap::<_, _, FixedState>::default(); Kind::ALL.len()];
        plugins.sort_by(|one, two| (one.kind(), one.name()).cmp(&(two.kind(), two.name())));
        for (place, plugin) in plugins.iter().enumerate() {
            let of_kind = &mut places[row(plugin.kind())];
            if of_kind.insert(Box::from(plugin.name()), place).is_some() {
                return Err(DuplicatePlugins::among(&plugins));
            }
        }
        Ok(Self { plugins, places })
    }

    pub(super) fn plugins(&self) -> &[Arc<Plugin>] {
        &self.plugins
    }

    pub(super) fn get(&self, kind: Kind, name: &str) -> Option<&Arc<Plugin>> {
        let place = self.places.get(row(kind))?.get(name)?;
        self.plugins.get(*place)
    }
}

/// Where a kind stands among all.
const fn row(kind: Kind) -> usize {
    kind as usize
}
