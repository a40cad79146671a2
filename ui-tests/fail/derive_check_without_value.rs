#[derive(lk_plugin::PluginConfig)]
#[config(check)]
struct ParrotConfig {
    #[config(default = 1)]
    pitch: u8,
}

fn main() {}
