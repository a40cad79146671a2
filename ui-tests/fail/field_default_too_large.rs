#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = 300)]
    pitch: u8,
}

fn main() {}
