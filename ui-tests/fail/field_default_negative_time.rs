#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = -1.0)]
    pause: std::time::Duration,
}

fn main() {}
