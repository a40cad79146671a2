//! As an agent would that exports the core as a part of itself.

mod agent {
    pub use lk_plugin as plugin;
}

use agent::plugin::{ChatContext, ChatOptions, Llm, LlmStream};

struct Parrot;

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> agent::plugin::Result<LlmStream> {
        Err(agent::plugin::Error::unsupported("it only listens"))
    }
}

#[derive(agent::plugin::PluginConfig)]
#[config(crate = "crate::agent::plugin")]
struct ParrotConfig {
    phrase: Option<String>,
}

#[agent::plugin::lk_plugin(kind = "llm", name = "parrot", crate = "crate::agent::plugin")]
fn new(config: ParrotConfig) -> Parrot {
    assert!(config.phrase.is_none());
    Parrot
}

// What the generated code must not lean on.
mod lk_plugin {}
mod std {}
mod core {}

fn main() {
    let registry = agent::plugin::Registry::global();
    assert!(registry.create::<dyn Llm>("parrot", &agent::plugin::Config::new()).is_ok());
}
