mod plugin;
lk_plugin::export_plugins!();
