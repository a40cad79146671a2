#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(choices = 3)]
    pitch: u8,
}

fn main() {}
