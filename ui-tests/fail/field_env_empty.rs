#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(env = "")]
    pitch: f64,
}

fn main() {}
