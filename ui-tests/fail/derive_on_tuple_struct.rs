#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig(String);

fn main() {}
