#[derive(lk_plugin::ConfigValue)]
union Tone {
    low: u8,
    high: u8,
}

fn main() {}
