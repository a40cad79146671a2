#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = "abc")]
    pitch: f64,
}

fn main() {}
