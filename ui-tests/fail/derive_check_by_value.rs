fn pitch_is_even(config: ParrotConfig) -> Result<(), String> {
    if config.pitch % 2 == 0 { Ok(()) } else { Err("`pitch` must be even".to_owned()) }
}

#[derive(lk_plugin::PluginConfig)]
#[config(check = pitch_is_even)]
struct ParrotConfig {
    #[config(default = 1)]
    pitch: u8,
}

fn main() {}
