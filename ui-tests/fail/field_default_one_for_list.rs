#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = 1)]
    steps: Vec<u8>,
}

fn main() {}
