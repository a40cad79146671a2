//! Duplicates among linked plugins. In a file of its own: with them, no look-up in this binary can work.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use std::panic::catch_unwind;
use std::thread;

use lk_plugin::{ErrorKind, Kind, Registry};

/// One more beside the two of the fixtures, which the uses below link.
mod plugins {
    use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, Result};

    pub(crate) struct Parrot;

    impl Llm for Parrot {
        fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
            Ok(LlmStream::failed(lk_plugin::Error::unsupported("it only listens")))
        }
    }

    pub(crate) const LINE: u32 = line!() + 1;
    #[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
    fn new() -> Parrot {
        Parrot
    }

    #[lk_plugin::lk_plugin(kind = "llm", name = "innocent")]
    fn innocent() -> Parrot {
        Parrot
    }
}

fn expected() -> String {
    let places = [
        format!("\n    integration-tests {} at {}:{}", env!("CARGO_PKG_VERSION"), file!(), plugins::LINE),
        format!("\n    twin-one 0.1.0 at {}:{}", twin_one::FILE, twin_one::LINE),
        format!("\n    twin-two 0.2.0 at {}:{}", twin_two::FILE, twin_two::LINE),
    ];
    format!(
        "duplicate plugins; rename all but one of each, or link only one of their crates\n  `llm/parrot` is registered 3 \
         times:{}",
        places.concat()
    )
}

/// The linker decides in which order the three come.
fn sorted(text: &str) -> String {
    let (head, places) = text.split_at(text.find("times:").unwrap() + "times:".len());
    let mut places: Vec<&str> = places.lines().filter(|line| !line.is_empty()).collect();
    places.sort_unstable();
    places.into_iter().fold(head.to_owned(), |text, place| text + "\n" + place)
}

#[test]
fn all_three_are_named_with_crate_version_file_and_line() {
    let error = Registry::try_global().err().unwrap();
    assert_eq!(sorted(&error.to_string()), expected());
    let found: Vec<(Kind, &str)> = error.plugins().iter().map(|plugin| (plugin.kind(), plugin.name())).collect();
    assert_eq!(found, [(Kind::Llm, "parrot"); 3]);
}

#[test]
fn the_error_is_the_same_each_time_and_converts() {
    let (first, second) = (Registry::try_global().err().unwrap(), Registry::try_global().err().unwrap());
    assert_eq!(first.to_string(), second.to_string());
    assert_eq!(Registry::linked().err().unwrap().to_string(), first.to_string());
    assert_eq!(lk_plugin::Error::from(first).kind(), ErrorKind::Duplicate);
}

#[test]
fn global_panics_with_that_text_on_every_thread_every_time() {
    let text = || {
        let panicked = catch_unwind(Registry::global).err().unwrap();
        panicked.downcast_ref::<String>().unwrap().clone()
    };
    let here = text();
    assert_eq!(sorted(&here), expected());
    assert_eq!(text(), here);
    let elsewhere: Vec<String> = (0..4).map(|_| thread::spawn(text)).map(|thread| thread.join().unwrap()).collect();
    assert_eq!(elsewhere, vec![here; 4]);
}

#[test]
fn a_registry_of_what_one_chooses_works_all_the_same() {
    let one_of_each = Registry::try_global().err().unwrap().plugins().first().cloned();
    let registry = Registry::of(one_of_each).unwrap();
    assert!(registry.get(Kind::Llm, "parrot").is_some());
}
