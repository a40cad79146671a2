#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = [])]
    headers: std::collections::BTreeMap<String, String>,
}

fn main() {}
