use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, lk_plugin};

struct Parrot;

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> lk_plugin::Result<LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}

use lk_plugin::Config as Settings;

#[lk_plugin(kind = "llm", name = "parrot")]
fn new(config: &Settings) -> Parrot {
    assert!(config.is_empty());
    Parrot
}

#[lk_plugin(kind = "llm", name = "ignorant")]
fn ignorant(_: &lk_plugin::Config) -> Parrot {
    Parrot
}

fn main() {
    for name in ["parrot", "ignorant"] {
        let made = lk_plugin::Registry::global().create::<dyn Llm>(name, &lk_plugin::Config::new());
        assert!(made.is_ok(), "{:?}", made.err());
    }
}
