#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = "3000")]
    port: u16,
}

fn main() {}
