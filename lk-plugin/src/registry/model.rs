//! Those who add to a registry and those who read it in the orders that shuttle thinks of.
//! `RUSTFLAGS="--cfg shuttle" cargo test -p lk-plugin --lib --features monitor ::model::`

use std::sync::Arc;

use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::{check_pct, check_random, thread};

use super::Registry;
use crate::error::{Error, ErrorKind};
use crate::kinds::{Kind, Llm};
use crate::plugin::Plugin;

/// The standard library's, with a step of its own for whoever looks: between any two places of the tree others may run.
pub(super) struct OnceLock<T> {
    cell: std::sync::OnceLock<T>,
    step: AtomicBool,
}

impl<T> OnceLock<T> {
    pub(super) fn get(&self) -> Option<&T> {
        self.step.load(Ordering::Acquire);
        self.cell.get()
    }

    pub(super) fn get_or_init(&self, fill: impl FnOnce() -> T) -> &T {
        self.step.load(Ordering::Acquire);
        self.cell.get_or_init(fill)
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        Self { cell: std::sync::OnceLock::new(), step: AtomicBool::new(false) }
    }
}

fn in_many_orders(run: impl Fn() + Send + Sync + Copy + 'static) {
    check_random(run, 20_000);
    check_pct(run, 20_000, 3);
}

fn plugin(name: &str) -> Plugin {
    Plugin::new::<dyn Llm>(name, |_| Err(Error::unsupported("none")))
}

fn has(registry: &Registry, name: &str) -> bool {
    registry.get(Kind::Llm, name).is_some()
}

#[test]
fn those_that_come_together_are_seen_together_and_stay() {
    in_many_orders(|| {
        let registry = Arc::new(Registry::empty());
        let add = |names: [&'static str; 2]| {
            let registry = Arc::clone(&registry);
            thread::spawn(move || registry.register_all(&names.map(plugin)).is_ok())
        };
        let adding = [add(["a", "b"]), add(["c", "d"])];
        let seen = registry.plugins().len();
        assert!(seen == 0 || seen == 2 || seen == 4, "{seen}");
        for [one, other] in [["a", "b"], ["d", "c"]] {
            assert!(!has(&registry, one) || has(&registry, other), "{one} without {other}");
        }
        assert!(registry.plugins().len() >= seen);
        assert!(adding.into_iter().all(|adding| matches!(adding.join(), Ok(true))));
        assert!(["a", "b", "c", "d"].into_iter().all(|name| has(&registry, name)));
        assert_eq!(registry.plugins().len(), 4);
    });
}

#[test]
fn of_two_with_one_name_one_comes_in() {
    in_many_orders(|| {
        let registry = Arc::new(Registry::empty());
        let adding = [["a", "b"], ["c", "a"]].map(|names| {
            let registry = Arc::clone(&registry);
            thread::spawn(move || registry.register_all(&names.map(plugin)))
        });
        let outcomes = adding.map(|adding| adding.join().unwrap_or_else(|_| unreachable!("it does not panic")));
        let refused: Vec<ErrorKind> = outcomes.into_iter().filter_map(Result::err).map(|error| error.kind()).collect();
        assert_eq!(refused, [ErrorKind::Duplicate]);
        assert!(has(&registry, "a") && has(&registry, "b") != has(&registry, "c"));
        assert_eq!(registry.plugins().len(), 2);
    });
}
