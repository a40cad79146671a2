#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config]
    pitch: f64,
}

fn main() {}
