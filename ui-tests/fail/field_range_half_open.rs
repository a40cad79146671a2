#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(range = 0.0..1.0)]
    pitch: f64,
}

fn main() {}
