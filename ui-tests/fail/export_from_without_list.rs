lk_plugin::export_plugins!(from = "my-plugins");

fn main() {}
