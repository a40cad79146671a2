#[derive(lk_plugin::PluginConfig)]
#[config(krate = "x")]
struct ParrotConfig {
    voice: String,
}

fn main() {}
