//! Voice activity detection by the Silero model (feature `silero`).
//!
//! The official model is inside, and the forward pass is our own: nothing to install, nothing to download. Options,
//! defaults and the state machine are those of LiveKit's Silero plugin, so the same audio at the model's rate gives the
//! same events. What differs, on purpose:
//!
//! - speech that is still open when the input ends gets its END (LiveKit loses it), with all audio to the last sample;
//! - all channels count, not the first alone;
//! - a frame of another rate or with other channels is an error, not skipped;
//! - after an utterance longer than `max_buffered_speech` the next one has the audio right before it as its padding, not
//!   some of the long one;
//! - audio of other rates goes through a resampler of our own choice, so its edges may lie a window off;
//! - nothing is logged when judging is slow (`inference_duration` tells) or the buffer is full (the audio's range tells);
//! - durations are summed exactly, and have upper limits.
//!
//! ```
//! use lk_plugin::{AudioFrame, Config, Registry, Vad};
//! use lk_plugins as _;
//!
//! let vad = Registry::global().create::<dyn Vad>("silero", &Config::new())?;
//! let mut stream = vad.stream()?;
//! let mut events = Vec::new();
//! stream.push(AudioFrame::new(vec![0; 48_000], 48_000, 1)?.as_ref(), &mut events)?;
//! stream.end_input(&mut events)?;
//! assert!(events.iter().all(|event| !event.speaking));
//! # Ok::<(), lk_plugin::Error>(())
//! ```

use std::fmt;
use std::time::Duration;

use lk_plugin::{Error, ErrorKind, PluginConfig, Result, Vad, VadCapabilities, VadStream, lk_plugin};

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod machine;
mod model;
mod speech_buffer;
mod stream;
#[cfg(test)]
mod tests;

use self::machine::Thresholds;
pub use self::model::UPSTREAM_SHA256;
use self::model::{Model, ModelRate};
use self::stream::SileroStream;

/// How the detector decides: names, units and defaults as in LiveKit's Silero plugin. Read it from a
/// [`Config`](lk_plugin::Config) with [`from_config`](PluginConfig::from_config), which checks every value.
#[derive(Debug, Clone, PartialEq, PluginConfig)]
pub struct SileroConfig {
    /// How long speech must last before it counts.
    #[config(default = 0.05, range = 0.0..=3600.0)]
    min_speech_duration: Duration,
    /// How long silence must last before speech counts as ended.
    #[config(default = 0.55, range = 0.0..=3600.0)]
    min_silence_duration: Duration,
    /// How much audio before the start of speech comes with it.
    #[config(default = 0.5, range = 0.0..=60.0)]
    prefix_padding_duration: Duration,
    /// How much of one utterance is kept, the padding not counted; what is spoken beyond it is judged, but is missing in
    /// the audio that comes with the end.
    #[config(default = 60.0, range = 0.0..=3600.0)]
    max_buffered_speech: Duration,
    /// The probability from which on a window is speech.
    #[config(default = 0.5, range = 0.0..=1.0)]
    activation_threshold: f64,
    /// The probability down to which speech goes on once it has begun; above 0. Unless given, 0.15 below the activation
    /// threshold, but at least 0.01.
    #[config(range = 0.0..=1.0)]
    deactivation_threshold: Option<f64>,
    /// The rate at which the model listens. Input of any rate is converted to it.
    #[config(default = 16000, choices = [8000, 16000], unit = "Hz")]
    sample_rate: u32,
}

/// The Silero detector: the shared weights and how to decide.
pub struct SileroVad {
    config: SileroConfig,
    model: &'static Model,
    thresholds: Thresholds,
}

/// Detects speech with the Silero model, which is built in.
#[lk_plugin(kind = "vad", name = "silero")]
impl SileroVad {
    /// A detector; loads the weights when it is the first for its rate.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config) for a sample rate that the model does not have, or a deactivation threshold of 0.
    pub fn new(config: SileroConfig) -> Result<Self> {
        let rate = match config.sample_rate {
            8_000 => ModelRate::Hz8000,
            16_000 => ModelRate::Hz16000,
            other => {
                return Err(Error::config(format!(
                    "`sample_rate` cannot be `{other}`; choose from `8000`, `16000`"
                )));
            }
        };
        if config.deactivation_threshold.is_some_and(|threshold| threshold <= 0.0) {
            return Err(Error::config(
                "`deactivation_threshold` must be above 0, but is `0`; speech would never end, give `0.01` or more",
            ));
        }
        let model = Model::shared(rate).map_err(|error| {
            Error::new(ErrorKind::Internal, "the built-in Silero model cannot be read").with_source(error)
        })?;
        let thresholds = Thresholds {
            activation: config.activation_threshold,
            deactivation: config.deactivation_threshold.unwrap_or((config.activation_threshold - 0.15).max(0.01)),
            min_speech: config.min_speech_duration,
            min_silence: config.min_silence_duration,
        };
        Ok(Self { config, model, thresholds })
    }
}

impl fmt::Debug for SileroVad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SileroVad").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Vad for SileroVad {
    fn capabilities(&self) -> VadCapabilities {
        VadCapabilities::new(stream::WINDOW_DURATION)
    }

    fn model(&self) -> &str {
        "silero"
    }

    fn min_silence_duration(&self) -> Option<Duration> {
        Some(self.config.min_silence_duration)
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        Ok(Box::new(SileroStream::new(self.model, self.thresholds, &self.config)))
    }
}
