//! What the files of the load curve begin with; `many.rs` writes their plugins behind it.

use std::time::Duration;

use lk_plugin::{Error, PluginConfig, Result, Vad, VadCapabilities, VadStream, lk_plugin};

lk_plugin::export_plugins!();

/// As much as a small plugin lets one choose.
#[derive(PluginConfig)]
struct Settings {
    /// How loud speech is at least; 0 is the loudest that there can be.
    #[config(default = -40.0, range = -90.0..=0.0, unit = "dBFS")]
    _threshold: f64,
    /// How long it must be loud until that is speech.
    #[config(default = 0.096, range = 0.0..=10.0)]
    _min_speech: Duration,
    /// How long it must be quiet until speech has ended.
    #[config(default = 0.5, range = 0.0..=60.0)]
    _min_silence: Duration,
}

struct Deaf;

impl Vad for Deaf {
    fn capabilities(&self) -> VadCapabilities {
        VadCapabilities::new(Duration::from_millis(32))
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        Err(Error::unsupported("it is only there to be loaded"))
    }
}
