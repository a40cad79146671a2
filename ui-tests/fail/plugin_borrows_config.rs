struct Parrot<'c>(&'c lk_plugin::Config);

impl lk_plugin::Llm for Parrot<'_> {
    fn chat(&self, _: &lk_plugin::ChatContext, _: &lk_plugin::ChatOptions) -> lk_plugin::Result<lk_plugin::LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
fn new(config: &lk_plugin::Config) -> Parrot<'_> {
    Parrot(config)
}

fn main() {}
