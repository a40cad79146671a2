#[derive(lk_plugin::ConfigValue)]
enum Voice {
    Tone,
    Silence,
}

#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = Voice::Tone)]
    voice: Voice,
}

fn main() {}
