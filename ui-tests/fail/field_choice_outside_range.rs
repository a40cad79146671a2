#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(choices = [3, 30], range = 0..=5)]
    pitch: u8,
}

fn main() {}
