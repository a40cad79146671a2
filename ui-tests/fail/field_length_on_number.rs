#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(length = 1..)]
    pitch: f64,
}

fn main() {}
