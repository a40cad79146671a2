use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, lk_plugin};

struct Parrot;

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> lk_plugin::Result<LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}

#[derive(lk_plugin::PluginConfig)]
struct Braces {}

#[derive(lk_plugin::PluginConfig)]
struct Unit;

#[lk_plugin(kind = "llm", name = "braces")]
fn braces(_: Braces) -> Parrot {
    Parrot
}

#[lk_plugin(kind = "llm", name = "unit")]
fn unit(Unit: Unit) -> Parrot {
    Parrot
}

fn main() {
    for name in ["braces", "unit"] {
        let made = lk_plugin::Registry::global().create::<dyn Llm>(name, &lk_plugin::Config::new());
        assert!(made.is_ok(), "{:?}", made.err());
    }
}
