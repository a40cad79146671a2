#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    voice: Option<std::net::IpAddr>,
}

fn main() {}
