#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = "", length = 1..)]
    voice: String,
}

fn main() {}
