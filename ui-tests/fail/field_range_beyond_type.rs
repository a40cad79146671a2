#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(range = 0..=300)]
    pitch: u8,
}

fn main() {}
