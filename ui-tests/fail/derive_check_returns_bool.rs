fn pitch_is_even(config: &ParrotConfig) -> bool {
    config.pitch % 2 == 0
}

#[derive(lk_plugin::PluginConfig)]
#[config(check = pitch_is_even)]
struct ParrotConfig {
    #[config(default = 1)]
    pitch: u8,
}

fn main() {}
