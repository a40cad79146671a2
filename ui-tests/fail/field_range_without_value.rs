#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(range)]
    pitch: f64,
}

fn main() {}
