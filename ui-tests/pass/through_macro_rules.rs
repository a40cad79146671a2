use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, lk_plugin};

struct Parrot;

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> lk_plugin::Result<LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}

macro_rules! plugins {
    ($($name:literal $function:ident $parameter:ty => $plugin:ty, $value:expr;)*) => {$(
        #[lk_plugin(kind = "llm", name = $name)]
        fn $function(_: $parameter) -> $plugin {
            $value
        }
    )*};
}

plugins! {
    "plain" plain () => Parrot, Parrot;
    "raw" raw &lk_plugin::Config => Parrot, Parrot;
    "fallible" fallible () => Result<Parrot, String>, Ok(Parrot);
}

macro_rules! in_result {
    ($name:literal, $plugin:ident, $error:ty, $config:ident) => {
        #[derive(lk_plugin::PluginConfig)]
        struct $config {
            #[config(default = "hello")]
            phrase: String,
        }

        #[lk_plugin(kind = "llm", name = $name)]
        fn in_result(config: $config) -> std::result::Result<$plugin, $error> {
            assert_eq!(config.phrase, "hello");
            Ok($plugin)
        }
    };
}

in_result!("in-result", Parrot, std::io::Error, ParrotConfig);

macro_rules! blocks {
    ($plugin:ident) => {
        #[lk_plugin(kind = "llm", name = "block")]
        impl $plugin {
            fn new(_: &lk_plugin::Config) -> Self {
                Self
            }
        }
    };
}

blocks!(Parrot);

fn main() {
    for name in ["plain", "raw", "fallible", "in-result", "block"] {
        let made = lk_plugin::Registry::global().create::<dyn Llm>(name, &lk_plugin::Config::new());
        assert!(made.is_ok(), "{:?}", made.err());
    }
}
