//! The plugins that a registry begins with: hashed for look-up, and never changed.

use super::key::Key;
use crate::plugin::Plugin;

/// A hash table with open addressing. The keys stand in it, so that a look-up most often reads one place in memory.
pub(super) struct Table {
    plugins: Vec<Plugin>,
    // As many as a power of two, and a third of them free at least, so that each search ends, and soon.
    slots: Vec<Slot>,
}

#[derive(Clone, Copy)]
struct Slot {
    // The key's numbers as they are: as a field it would bring four bytes that nobody uses.
    head: u64,
    tail: u64,
    shape: u32,
    /// Where in `plugins`. Small, so that a slot is: what is linked into one program is far below four thousand million.
    place: u32,
}

impl Slot {
    const FREE: Self = Self::new(Key::NONE, u32::MAX);

    const fn new(Key { head, tail, shape }: Key, place: u32) -> Self {
        Self { head, tail, shape, place }
    }

    const fn key(&self) -> Key {
        Key { head: self.head, tail: self.tail, shape: self.shape }
    }

    const fn is_free(&self) -> bool {
        self.shape == Key::NONE.shape
    }
}

impl Default for Table {
    fn default() -> Self {
        Self { plugins: Vec::new(), slots: vec![Slot::FREE] }
    }
}

impl Table {
    /// The table, or the plugins as they were when two of them have the same kind and name.
    pub(super) fn build(plugins: Vec<Plugin>) -> Result<Self, Vec<Plugin>> {
        let mut slots = vec![Slot::FREE; (plugins.len() + plugins.len() / 2 + 1).next_power_of_two()];
        for (place, plugin) in (0..).zip(&plugins) {
            let key = Key::of(plugin);
            let slot = search(&slots, &key, |slot| is(slot, &key, plugin.name(), &plugins));
            match slots.get_mut(slot) {
                Some(slot) if slot.is_free() => *slot = Slot::new(key, place),
                _ => return Err(plugins),
            }
        }
        Ok(Self { plugins, slots })
    }

    /// All, in the order in which they came.
    pub(super) fn plugins(&self) -> &[Plugin] {
        &self.plugins
    }

    pub(super) fn get(&self, key: &Key, name: &str) -> Option<&Plugin> {
        let slot = search(&self.slots, key, |slot| is(slot, key, name, &self.plugins));
        self.plugins.get(self.slots.get(slot)?.place as usize)
    }
}

/// The slot that `is_it`, or the free one where it would have to be.
fn search(slots: &[Slot], key: &Key, is_it: impl Fn(&Slot) -> bool) -> usize {
    let last = slots.len() - 1;
    let mut at = key.hash() as usize & last;
    while !slots[at].is_free() && !is_it(&slots[at]) {
        at = (at + 1) & last;
    }
    at
}

/// Whether the slot has the plugin with this key, which is that of `name`.
fn is(slot: &Slot, key: &Key, name: &str, plugins: &[Plugin]) -> bool {
    slot.key() == *key && plugins.get(slot.place as usize).is_some_and(|plugin| key.settles(name, plugin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::kinds::{Kind, Llm, Stt};

    fn plugin(kind: Kind, name: &str) -> Plugin {
        match kind {
            Kind::Stt => Plugin::new::<dyn Stt>(name, |_| Err(Error::unsupported("none"))),
            _ => Plugin::new::<dyn Llm>(name, |_| Err(Error::unsupported("none"))),
        }
    }

    /// Names of each length up to 39, many of which differ in their middle alone.
    fn names() -> Vec<String> {
        let name = |number: usize| format!("{}{number}{}", "a".repeat(number % 20), "b".repeat(number % 17));
        (0..3_000).map(name).collect()
    }

    #[test]
    fn each_is_found_under_its_kind_and_name_and_nothing_else_is() {
        let names = names();
        let (here, elsewhere) = names.split_at(names.len() / 2);
        let Ok(table) = Table::build(here.iter().map(|name| plugin(Kind::Llm, name)).collect()) else {
            unreachable!("no name comes twice")
        };
        let get = |kind, name: &str| table.get(&Key::new(kind, name), name).map(Plugin::name);
        for name in here {
            assert_eq!(get(Kind::Llm, name), Some(name.as_str()));
            assert_eq!(get(Kind::Stt, name), None);
        }
        for name in elsewhere {
            assert_eq!(get(Kind::Llm, name), None);
        }
        assert!(Table::default().get(&Key::new(Kind::Llm, "a"), "a").is_none());
    }

    #[test]
    fn what_comes_twice_is_found_wherever_it_stands() {
        for twice in ["a", "ab", "abcd-efgh", "one-that-is-longer-than-a-key"] {
            for others in [0, 1, 7, 100] {
                let mut plugins: Vec<Plugin> = names()[..others].iter().map(|name| plugin(Kind::Llm, name)).collect();
                plugins.insert(0, plugin(Kind::Llm, twice));
                plugins.push(plugin(Kind::Stt, twice));
                assert!(Table::build(plugins.clone()).is_ok(), "{twice}");
                plugins.push(plugin(Kind::Llm, twice));
                assert_eq!(Table::build(plugins).err().map(|plugins| plugins.len()), Some(others + 3), "{twice}");
            }
        }
    }
}
