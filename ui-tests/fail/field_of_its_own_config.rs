#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    parrots: Vec<ParrotConfig>,
}

fn main() {}
