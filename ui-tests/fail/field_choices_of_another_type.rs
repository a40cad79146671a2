#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(choices = [1, "a", "b"])]
    pitch: u8,
}

fn main() {}
