use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, lk_plugin};

struct Parrot;

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> lk_plugin::Result<LlmStream> {
        Err(lk_plugin::Error::unsupported("it only listens"))
    }
}

#[derive(lk_plugin::PluginConfig)]
struct Names {
    reader: Option<String>,
    config: Option<String>,
    field_0: Option<String>,
    field_1: Option<String>,
}

#[lk_plugin(kind = "llm", name = "make")]
fn make(names: Names) -> Parrot {
    assert!(names.reader.is_none() && names.config.is_none() && names.field_0.or(names.field_1).is_none());
    Parrot
}

#[lk_plugin(kind = "llm", name = "config")]
fn config() -> Parrot {
    Parrot
}

#[lk_plugin(kind = "llm", name = "plugin")]
fn plugin(config: &lk_plugin::Config) -> Result<Parrot, String> {
    assert!(config.is_empty());
    Ok(Parrot)
}

#[lk_plugin(kind = "llm", name = "error")]
fn error() -> Parrot {
    Parrot
}

fn main() {
    for name in ["make", "config", "plugin", "error"] {
        let made = lk_plugin::Registry::global().create::<dyn Llm>(name, &lk_plugin::Config::new());
        assert!(made.is_ok(), "{:?}", made.err());
    }
}
