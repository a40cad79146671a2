#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = 1)]
    loud: bool,
}

fn main() {}
