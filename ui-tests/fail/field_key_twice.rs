#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = 1.0, default = 2.0)]
    pitch: f64,
}

fn main() {}
