#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(defualt = 1.0)]
    pitch: f64,
    #[config(range = 1)]
    speed: f64,
}

fn main() {}
