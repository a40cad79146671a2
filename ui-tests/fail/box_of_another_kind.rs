struct Parrot;

impl lk_plugin::Llm for Parrot {
    fn chat(&self, _: &lk_plugin::ChatContext, _: &lk_plugin::ChatOptions) -> lk_plugin::Result<lk_plugin::LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}

#[lk_plugin::lk_plugin(kind = "stt", name = "parrot")]
fn new() -> Box<dyn lk_plugin::Llm> {
    Box::new(Parrot)
}

fn main() {}
