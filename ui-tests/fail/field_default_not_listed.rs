#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = 1, choices = [2, 3])]
    pitch: u8,
}

fn main() {}
