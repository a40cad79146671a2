use lk_plugin::{Config, PluginConfig, Secret};

/// Every key, in every form.
#[derive(PluginConfig)]
#[config(check = rules::pitches_ascend, crate = "lk_plugin")]
pub struct EveryKey {
    #[config(default = 0.5, range = 0.0..=1.0, unit = "st", env = "LK_UI_LOW")]
    low: f64,
    #[config(default = 1, range = ..=1)]
    #[config(unit = "st")]
    high: f64,
    #[config(range = -5.., default = [-5, 7], length = 1..=2)]
    steps: Vec<i32>,
    #[config(default = 16_000, choices = [8_000, 16_000], unit = "Hz")]
    rate: u32,
    #[config(default = "b", choices = ["a", "b"], length = ..=1)]
    letter: String,
    #[config(rename = "max-tokens", default = 1)]
    max_tokens: Option<u8>,
    #[config(secret, default = "")]
    token: String,
    #[config(default = 0.5, unit = "s")]
    pause: std::time::Duration,
    #[config(env = "LK_UI_KEY")]
    key: Option<Secret>,
    r#type: Option<bool>,
}

mod rules {
    pub(super) fn pitches_ascend(config: &super::EveryKey) -> Result<(), &'static str> {
        if config.low < config.high { Ok(()) } else { Err("`low` must be below `high`; change one of them") }
    }
}

#[derive(PluginConfig)]
#[config(check = Method::check)]
struct Method {
    #[config(default = 1)]
    value: u8,
}

impl Method {
    fn check(&self) -> lk_plugin::Result<()> {
        if self.value > 0 { Ok(()) } else { Err(lk_plugin::Error::config("`value` must not be 0")) }
    }
}

macro_rules! config_of {
    ($name:ident, $type:ty, $default:expr, $literal:literal) => {
        #[derive(PluginConfig)]
        struct $name {
            #[config(default = $default)]
            one: $type,
            #[config(default = $literal)]
            other: $type,
        }
    };
}
config_of!(FromMacro, u8, 3, 4);

fn main() {
    let read = EveryKey::from_config(&Config::new()).unwrap();
    assert_eq!((read.low, read.high, read.steps, read.rate), (0.5, 1.0, vec![-5, 7], 16_000));
    assert_eq!((read.letter.as_str(), read.max_tokens, read.token.as_str()), ("b", Some(1), ""));
    assert!(read.pause.as_millis() == 500 && read.key.is_none() && read.r#type.is_none());
    let mut config = Config::new();
    config.insert_text("high", "0.5");
    let error = EveryKey::from_config(&config).err().unwrap();
    assert_eq!(error.to_string(), "`low` must be below `high`; change one of them");
    config = Config::new();
    config.insert("value", 0);
    assert_eq!(Method::from_config(&config).err().unwrap().to_string(), "`value` must not be 0");
    assert_eq!(Method::from_config(&Config::new()).unwrap().value, 1);
    let read = FromMacro::from_config(&Config::new()).unwrap();
    assert_eq!((read.one, read.other), (3, 4));
}
