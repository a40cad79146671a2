use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, lk_plugin};

struct Parrot;

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> lk_plugin::Result<LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}

#[lk_plugin(kind = "llm", name = "parrot")]
impl Parrot {
    const FEET: [u8; 2] = [1, 2];

    /// A parrot.
    pub(crate) fn new() -> Self {
        Self::hatch()
    }

    fn hatch() -> Self {
        assert_eq!(Self::FEET.len(), 2);
        Self
    }
}

fn main() {
    for name in ["parrot"] {
        let made = lk_plugin::Registry::global().create::<dyn Llm>(name, &lk_plugin::Config::new());
        assert!(made.is_ok(), "{:?}", made.err());
    }
}
