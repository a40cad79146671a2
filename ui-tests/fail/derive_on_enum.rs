#[derive(lk_plugin::PluginConfig)]
enum ParrotConfig {}

fn main() {}
