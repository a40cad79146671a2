//! The plugins that a program registers while it runs.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
// What threads meet in, so that the model can order them.
#[cfg(not(shuttle))]
use std::sync::{Mutex, OnceLock, atomic::AtomicUsize};

#[cfg(shuttle)]
use shuttle::sync::{Mutex, atomic::AtomicUsize};

use super::key::Key;
#[cfg(shuttle)]
use super::model::OnceLock;
use crate::plugin::Plugin;

/// A tree that only grows: each place is filled once, so readers need no lock and what they found stays where it is.
/// Those who add wait for each other.
#[derive(Default)]
pub(super) struct Added {
    root: Place,
    /// How many may be seen: those that came together are seen together.
    published: AtomicUsize,
    writing: Mutex<()>,
}

type Place = OnceLock<Box<Node>>;

struct Node {
    key: Key,
    plugin: Plugin,
    /// How many came before it.
    number: usize,
    /// Where the next bits of the hash lead.
    below: [Place; 1 << BITS],
}

/// Bits of the hash for each step down.
const BITS: u32 = 2;

impl Added {
    /// Adds these plugins unless `may_be_added` forbids it. Nobody else adds meanwhile, so what it sees stays true.
    pub(super) fn add<E>(&self, plugins: &[Plugin], may_be_added: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        // There is nothing in the lock that a panic could have left half done.
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        may_be_added()?;
        let before = self.published.load(Ordering::Acquire);
        for (number, plugin) in (before..).zip(plugins) {
            let key = Key::of(plugin);
            self.search(&key, plugin.name())
                .get_or_init(|| Box::new(Node { key, plugin: plugin.clone(), number, below: Default::default() }));
        }
        self.published.store(before + plugins.len(), Ordering::Release);
        Ok(())
    }

    pub(super) fn get(&self, key: &Key, name: &str) -> Option<&Plugin> {
        let published = self.published.load(Ordering::Acquire);
        if published == 0 {
            return None;
        }
        self.search(key, name).get().filter(|node| node.number < published).map(|node| &node.plugin)
    }

    /// All, in no order.
    pub(super) fn plugins(&self) -> Vec<Plugin> {
        let published = self.published.load(Ordering::Acquire);
        let (mut plugins, mut places) = (Vec::with_capacity(published), vec![&self.root]);
        while let Some(place) = places.pop() {
            if let Some(node) = place.get() {
                places.extend(&node.below);
                plugins.extend((node.number < published).then(|| node.plugin.clone()));
            }
        }
        plugins
    }

    /// Where the plugin of that key and name is, or would be.
    fn search(&self, key: &Key, name: &str) -> &Place {
        let (mut place, mut bits) = (&self.root, key.hash());
        while let Some(node) = place.get() {
            if node.key == *key && key.settles(name, &node.plugin) {
                break;
            }
            place = &node.below[bits as usize % node.below.len()];
            bits >>= BITS;
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::thread;

    use super::*;
    use crate::error::Error;
    use crate::kinds::{Kind, Llm};

    fn plugin(name: &str) -> Plugin {
        Plugin::new::<dyn Llm>(name, |_| Err(Error::unsupported("none")))
    }

    fn has(added: &Added, name: &str) -> bool {
        added.get(&Key::new(Kind::Llm, name), name).is_some()
    }

    #[test]
    fn those_that_come_together_are_seen_together() {
        const BATCHES: usize = 2_000;
        let added = Added::default();
        let batch = |number: usize| ["first", "second", "third"].map(|name| format!("{name}-{number}"));
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..BATCHES {
                    let plugins = batch(number).map(|name| plugin(&name));
                    let Ok(()) = added.add(&plugins, || Ok::<_, Infallible>(()));
                }
            });
            for number in 0..BATCHES {
                let [first, second, third] = batch(number);
                while !has(&added, &first) {
                    std::hint::spin_loop();
                }
                assert!(has(&added, &second) && has(&added, &third), "{number}");
                assert!(added.plugins().len().is_multiple_of(3), "{number}");
            }
        });
        assert_eq!(added.plugins().len(), 3 * BATCHES);
    }

    fn depth(place: &Place) -> usize {
        place.get().map_or(0, |node| 1 + node.below.iter().map(depth).max().unwrap_or_default())
    }

    #[test]
    fn the_way_to_each_is_short() {
        let added = Added::default();
        let plugins: Vec<Plugin> = (0..4_096).map(|number| plugin(&format!("number-{number}"))).collect();
        let Ok(()) = added.add(&plugins, || Ok::<_, Infallible>(()));
        // Six steps if they were spread evenly.
        assert!(depth(&added.root) < 20, "{}", depth(&added.root));
    }

    #[test]
    fn what_is_there_but_not_published_is_not_seen() {
        let added = Added::default();
        let Ok(()) = added.add(&["first", "second", "third"].map(plugin), || Ok::<_, Infallible>(()));
        // As it is while the second is being added.
        added.published.store(1, Ordering::Release);
        assert!(has(&added, "first") && !has(&added, "second") && !has(&added, "third"));
        assert_eq!(added.plugins().len(), 1);
    }

    #[test]
    fn what_may_not_be_added_is_not() {
        let added = Added::default();
        assert_eq!(added.add(&[plugin("parrot")], || Err("no")), Err("no"));
        assert!(!has(&added, "parrot") && added.plugins().is_empty());
    }
}
