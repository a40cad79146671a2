#[derive(lk_plugin::ConfigValue)]
enum Voice {}

fn main() {}
