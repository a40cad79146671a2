//! Nothing that is generated may upset an author's lints.

#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, unreachable_pub, unused, nonstandard_style, unused_qualifications, trivial_casts)]

use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, lk_plugin};

/// A parrot.
pub(crate) struct Parrot;

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> lk_plugin::Result<LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}

/// What it takes.
#[derive(Debug, lk_plugin::PluginConfig)]
pub(crate) struct ParrotConfig {
    /// What it says.
    #[config(default = "hello")]
    pub(crate) phrase: String,
}

/// Makes one.
#[lk_plugin(kind = "llm", name = "parrot")]
pub(crate) fn new(config: ParrotConfig) -> Parrot {
    assert_eq!(config.phrase, "hello");
    Parrot
}

/// Makes another.
#[lk_plugin(kind = "llm", name = "fallible")]
pub(crate) fn fallible(config: &lk_plugin::Config) -> Result<Parrot, String> {
    assert!(config.is_empty());
    Ok(Parrot)
}

fn main() {
    for name in ["parrot", "fallible"] {
        let made = lk_plugin::Registry::global().create::<dyn Llm>(name, &lk_plugin::Config::new());
        assert!(made.is_ok(), "{:?}", made.err());
    }
}
