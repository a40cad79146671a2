#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(env = PITCH)]
    pitch: f64,
}

fn main() {}
