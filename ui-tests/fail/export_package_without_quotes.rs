lk_plugin::export_plugins!(from = [my_plugins]);

fn main() {}
