#[derive(lk_plugin::ConfigValue)]
enum Voice {
    Tone,
    #[config(rename = "")]
    Silence,
}

fn main() {}
