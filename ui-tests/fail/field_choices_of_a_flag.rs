#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(choices = [true])]
    loud: bool,
}

fn main() {}
