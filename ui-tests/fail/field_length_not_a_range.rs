#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(length = 3)]
    voice: String,
}

fn main() {}
