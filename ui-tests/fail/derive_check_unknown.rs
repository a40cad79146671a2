#[derive(lk_plugin::PluginConfig)]
#[config(check = pitch_is_even)]
struct ParrotConfig {
    #[config(default = 1)]
    pitch: u8,
}

fn main() {}
