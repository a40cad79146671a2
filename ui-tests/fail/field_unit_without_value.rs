#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(unit)]
    pitch: f64,
}

fn main() {}
