#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = 1.5)]
    pitch: u8,
}

fn main() {}
