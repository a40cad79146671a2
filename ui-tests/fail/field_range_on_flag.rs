#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(range = 0..=1)]
    loud: bool,
}

fn main() {}
