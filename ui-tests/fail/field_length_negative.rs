#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(length = -1..)]
    voice: String,
}

fn main() {}
