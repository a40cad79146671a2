#[derive(lk_plugin::ConfigValue)]
enum Voice {
    Tone,
    Silence,
}

#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(choices = ["tone"])]
    voice: Voice,
}

fn main() {}
