#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig<T> {
    voice: T,
}

fn main() {}
