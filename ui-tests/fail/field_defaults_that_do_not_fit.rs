#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = "abc")]
    pitch: f64,
    #[config(default = 1)]
    voice: String,
}

fn main() {}
