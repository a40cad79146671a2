#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(unit = "Hz")]
    voice: String,
}

fn main() {}
