#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(choices = [1, 2, 1])]
    pitch: u8,
}

fn main() {}
