#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = "sk-live-leaked")]
    key: lk_plugin::Secret,
}

fn main() {}
