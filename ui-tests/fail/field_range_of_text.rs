#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(range = "a"..="z")]
    pitch: f64,
}

fn main() {}
