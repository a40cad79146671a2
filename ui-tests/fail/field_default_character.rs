#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = 'a')]
    pitch: String,
}

fn main() {}
