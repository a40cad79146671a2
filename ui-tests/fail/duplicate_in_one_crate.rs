mod plugins {
    use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, Result};

    pub struct Parrot;

    impl Llm for Parrot {
        fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
            Err(lk_plugin::Error::unsupported("it only listens"))
        }
    }

    #[lk_plugin::lk_plugin(kind = "llm", name = "grey-parrot")]
    fn new() -> Parrot {
        Parrot
    }
}

mod more {
    #[lk_plugin::lk_plugin(kind = "llm", name = "grey-parrot")]
    impl Cockatoo {
        fn new() -> crate::plugins::Parrot {
            crate::plugins::Parrot
        }
    }

    struct Cockatoo;
}

fn main() {}
