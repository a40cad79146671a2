#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(rename = "a.b")]
    pitch: u8,
}

fn main() {}
