#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = 1)]
    voice: String,
}

fn main() {}
