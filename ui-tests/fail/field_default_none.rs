#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = None)]
    voice: Option<String>,
}

fn main() {}
