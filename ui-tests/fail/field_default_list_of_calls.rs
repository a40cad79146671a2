#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = [one(), 2])]
    pitch: Vec<u32>,
}

fn main() {}
