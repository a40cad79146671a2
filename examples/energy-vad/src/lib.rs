//! `vad/energy`: speech is what is loud.
//!
//! A small plugin of the real kind, and the example of one that is built as a file:
//!
//! ```text
//! cargo build --release -p energy-vad
//! mkdir -p ~/my-plugins && cp target/release/libenergy_vad.so ~/my-plugins/
//! LK_PLUGIN_PATH=~/my-plugins lk-go plugin list
//! LK_PLUGIN_PATH=~/my-plugins lk-go vad recording.wav --plugin energy
//! ```
//!
//! The same crate is an ordinary library: `use energy_vad as _;` links its plugin into a program.
#![forbid(unsafe_code)]

use std::time::Duration;

use lk_plugin::{PluginConfig, Result, Vad, VadCapabilities, VadStream, lk_plugin};

mod stream;

use self::stream::EnergyStream;

// The one line that makes a `.so` of this crate.
lk_plugin::export_plugins!();

/// What counts as speech.
#[derive(Debug, Clone, PluginConfig)]
pub struct EnergyConfig {
    /// How loud speech is at least; 0 is the loudest that there can be.
    #[config(default = -40.0, range = -90.0..=0.0, unit = "dBFS")]
    threshold: f64,
    /// How long it must be loud until that is speech.
    #[config(default = 0.096, range = 0.0..=10.0)]
    min_speech: Duration,
    /// How long it must be quiet until speech has ended.
    #[config(default = 0.5, range = 0.0..=60.0)]
    min_silence: Duration,
    /// How much audio is judged at a time.
    #[config(default = 0.032, range = 0.001..=1.0)]
    update_interval: Duration,
    /// How much of an utterance is kept for its audio; of a longer one the last part.
    #[config(default = 60.0, range = 1.0..=3_600.0)]
    max_buffered_speech: Duration,
}

/// Hears speech wherever the audio is loud enough for long enough: cheap, and fooled by every noise.
#[derive(Debug)]
pub struct EnergyVad {
    config: EnergyConfig,
}

#[lk_plugin(kind = "vad", name = "energy", description = "Hears speech where it is loud")]
impl EnergyVad {
    /// A detector with this idea of loud.
    #[must_use]
    pub fn new(config: EnergyConfig) -> Self {
        Self { config }
    }
}

impl Vad for EnergyVad {
    fn capabilities(&self) -> VadCapabilities {
        VadCapabilities::new(self.config.update_interval)
    }

    fn min_silence_duration(&self) -> Option<Duration> {
        Some(self.config.min_silence)
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        Ok(Box::new(EnergyStream::new(self.config.clone())))
    }
}
