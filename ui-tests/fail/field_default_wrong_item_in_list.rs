#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = ["a", 1])]
    words: Vec<String>,
}

fn main() {}
