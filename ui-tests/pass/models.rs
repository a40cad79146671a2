use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, lk_plugin};

struct Parrot;

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> lk_plugin::Result<LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}

#[lk_plugin(
    kind = "llm",
    name = "parrot",
    models(
        file(name = "a.onnx", url = "https://example.org/a.onnx", size = 1_000, sha256 = "aBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaBaB"),
        file(sha256 = "0000000000000000000000000000000000000000000000000000000000000000", size = 2, url = "https://example.org/b.onnx", name = "b.onnx"),
    ),
)]
fn new() -> Parrot {
    Parrot
}

fn main() {
    let plugin = lk_plugin::Registry::global().get(lk_plugin::Kind::Llm, "parrot").expect("it is linked");
    let sizes: Vec<u64> = plugin.models().iter().map(|model| model.size).collect();
    assert_eq!(sizes, [1_000, 2]);
}
