#[derive(lk_plugin::ConfigValue)]
enum Voice {
    Tone,
    #[config(rename = "tone")]
    Silence,
}

fn main() {}
