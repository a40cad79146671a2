#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = { 1 })]
    headers: std::collections::BTreeMap<String, u8>,
}

fn main() {}
