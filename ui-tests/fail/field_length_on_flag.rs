#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(length = 1..)]
    loud: bool,
}

fn main() {}
