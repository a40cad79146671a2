#[derive(lk_plugin::ConfigValue)]
struct Voice {
    pitch: f64,
}

fn main() {}
