#[derive(lk_plugin::PluginConfig)]
union ParrotConfig {
    a: u8,
}

fn main() {}
