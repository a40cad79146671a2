use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, Result};

struct Parrot;

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
fn new() -> Option<Parrot> {
    Some(Parrot)
}

fn main() {}
