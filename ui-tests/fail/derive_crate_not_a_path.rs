#[derive(lk_plugin::PluginConfig)]
#[config(crate = "my agent")]
struct ParrotConfig {
    voice: String,
}

fn main() {}
