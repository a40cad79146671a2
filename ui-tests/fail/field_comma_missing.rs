#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = 1.0 unit = "Hz")]
    pitch: f64,
}

fn main() {}
