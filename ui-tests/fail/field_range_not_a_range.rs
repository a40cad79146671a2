#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(range = 1.0)]
    pitch: f64,
}

fn main() {}
