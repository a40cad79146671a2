use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, lk_plugin};

struct Parrot;

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> lk_plugin::Result<LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}

#[cfg(any())]
#[lk_plugin(kind = "llm", name = "above")]
fn above() -> Missing {
    Missing
}

#[lk_plugin(kind = "llm", name = "below")]
#[cfg(any())]
fn below() -> Missing {
    Missing
}

#[lk_plugin(kind = "llm", name = "by-attribute")]
#[cfg_attr(all(), cfg(any()))]
fn by_attribute() -> Missing {
    Missing
}

#[lk_plugin(kind = "llm", name = "kept")]
#[cfg(all())]
fn kept() -> Parrot {
    Parrot
}

fn main() {
    let names: Vec<String> =
        lk_plugin::Registry::global().plugins().iter().map(|plugin| plugin.name().to_owned()).collect();
    assert_eq!(names, ["kept"]);
}
