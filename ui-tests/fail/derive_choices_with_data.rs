#[derive(lk_plugin::ConfigValue)]
enum Voice {
    Tone(f64),
    Silence,
    Noise { color: String },
}

fn main() {}
