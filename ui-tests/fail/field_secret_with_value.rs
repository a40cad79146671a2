#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(secret = true)]
    pitch: String,
}

fn main() {}
