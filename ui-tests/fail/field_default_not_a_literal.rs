#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = std::f64::consts::PI)]
    pitch: f64,
}

fn main() {}
