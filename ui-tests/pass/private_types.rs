mod inside {
    use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, PluginConfig, lk_plugin};

    struct Parrot;

    impl Llm for Parrot {
        fn chat(&self, _: &ChatContext, _: &ChatOptions) -> lk_plugin::Result<LlmStream> {
            Err(lk_plugin::Error::unsupported("it only listens"))
        }
    }

    #[derive(PluginConfig)]
    struct ParrotConfig {
        phrase: Option<String>,
    }

    #[lk_plugin(kind = "llm", name = "parrot")]
    fn new(config: ParrotConfig) -> Parrot {
        assert!(config.phrase.is_none());
        Parrot
    }
}

use lk_plugin::Llm;

fn main() {
    for name in ["parrot"] {
        let made = lk_plugin::Registry::global().create::<dyn Llm>(name, &lk_plugin::Config::new());
        assert!(made.is_ok(), "{:?}", made.err());
    }
}
