struct Parrot;

impl lk_plugin::Llm for Parrot {
    fn chat(&self, _: &lk_plugin::ChatContext, _: &lk_plugin::ChatOptions) -> lk_plugin::Result<lk_plugin::LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
fn new(config: lk_plugin::Config) -> Parrot {
    let _ = config;
    Parrot
}

fn main() {}
