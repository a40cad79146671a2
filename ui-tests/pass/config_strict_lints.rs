//! Nothing that the derives write may upset an author's lints.

#![forbid(unsafe_code)]
#![deny(missing_docs, warnings, unreachable_pub, unused, nonstandard_style, unused_qualifications, trivial_casts)]

/// What it takes.
#[derive(Debug, lk_plugin::PluginConfig)]
#[config(check = ParrotConfig::check)]
pub(crate) struct ParrotConfig {
    /// What it says.
    #[config(default = "hello", length = 1..)]
    pub(crate) phrase: String,
    /// How it says it.
    #[config(default = ["high"])]
    pub(crate) voices: Vec<Voice>,
    /// When.
    pub(crate) times: Times,
}

impl ParrotConfig {
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// When it speaks.
#[derive(Debug, lk_plugin::PluginConfig)]
pub(crate) struct Times {
    /// How often.
    #[config(default = 1, range = 1.., unit = "Hz")]
    pub(crate) rate: u8,
}

/// How it speaks.
#[derive(Debug, PartialEq, Eq, lk_plugin::ConfigValue)]
pub(crate) enum Voice {
    /// Squeaking.
    High,
    /// Growling.
    Low,
}

fn main() {
    let read = <ParrotConfig as lk_plugin::PluginConfig>::from_config(&lk_plugin::Config::new());
    assert!(read.is_ok_and(|read| read.phrase == "hello" && read.voices == [Voice::High] && read.times.rate == 1));
    assert_ne!(Voice::High, Voice::Low);
}
