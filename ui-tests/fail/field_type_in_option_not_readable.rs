#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    voice: Option<std::path::PathBuf>,
}

fn main() {}
