#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig<'a> {
    voice: &'a str,
}

fn main() {}
