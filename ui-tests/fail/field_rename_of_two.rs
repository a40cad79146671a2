#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(rename = "type")]
    pitch: u8,
    r#type: String,
}

fn main() {}
