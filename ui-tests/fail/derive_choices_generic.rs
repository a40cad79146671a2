#[derive(lk_plugin::ConfigValue)]
enum Voice<const N: u8> {
    Tone,
}

fn main() {}
