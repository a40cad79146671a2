struct Voice;

#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    voice: Voice,
}

fn main() {}
