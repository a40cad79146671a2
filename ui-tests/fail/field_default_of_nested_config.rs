#[derive(lk_plugin::PluginConfig)]
struct Retry {
    attempts: u32,
}

#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = { "attempts": 1 })]
    retry: Retry,
}

fn main() {}
