#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(range = 0..=1)]
    voice: String,
}

fn main() {}
