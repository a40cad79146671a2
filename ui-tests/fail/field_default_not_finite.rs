#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = 1e999)]
    pitch: f64,
}

fn main() {}
