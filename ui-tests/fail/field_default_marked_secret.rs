#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    #[config(default = "hunter2", secret)]
    password: String,
}

fn main() {}
