#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(unit = "ms")]
    pause: std::time::Duration,
}

fn main() {}
