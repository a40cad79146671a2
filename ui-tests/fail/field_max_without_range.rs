#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(max = 10)]
    pitch: u8,
}

fn main() {}
