lk_plugin::export_plugins!("my-plugins");

fn main() {}
