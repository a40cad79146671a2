#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(choices = [])]
    pitch: u8,
}

fn main() {}
