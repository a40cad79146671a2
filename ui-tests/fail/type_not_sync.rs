use std::cell::Cell;

use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, Result};

struct Parrot(Cell<u8>);

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
fn new() -> Parrot {
    Parrot(Cell::new(0))
}

fn main() {}
