struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
fn new(config: impl lk_plugin::PluginConfig) -> Parrot {
    let _ = config;
    Parrot
}

fn main() {}
