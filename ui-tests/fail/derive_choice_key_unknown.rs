#[derive(lk_plugin::ConfigValue)]
enum Voice {
    Tone,
    #[config(name = "quiet")]
    Silence,
}

fn main() {}
