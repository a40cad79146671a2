#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default)]
    pitch: f64,
}

fn main() {}
