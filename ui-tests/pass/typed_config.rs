use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, lk_plugin};

struct Parrot;

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> lk_plugin::Result<LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}

#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    /// What it says.
    #[config(default = "hello")]
    phrase: String,
    #[config(default = -0.5, range = -1.0..=1.0, unit = "st", env = "LK_UI_PITCH")]
    pitch: f64,
    #[config(default = [1, 2_000, 0x10], range = 0..)]
    list: Vec<u32>,
    #[config(secret)]
    key: Option<String>,
    r#type: Option<bool>,
}

#[lk_plugin(kind = "llm", name = "parrot")]
fn new(ParrotConfig { phrase, pitch, list, key, r#type }: ParrotConfig) -> Parrot {
    assert_eq!((phrase.as_str(), pitch, list, key, r#type), ("hello", -0.5, vec![1, 2_000, 16], None, None));
    Parrot
}

fn main() {
    for name in ["parrot"] {
        let made = lk_plugin::Registry::global().create::<dyn Llm>(name, &lk_plugin::Config::new());
        assert!(made.is_ok(), "{:?}", made.err());
    }
}
