lk_plugin::export_plugins!(form = ["my-plugins"]);

fn main() {}
