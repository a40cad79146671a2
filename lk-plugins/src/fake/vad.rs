//! `vad/fake`: hears speech when the script says so.

use std::sync::Arc;
use std::time::Duration;

use lk_plugin::{PluginConfig, Result, Vad, VadCapabilities, VadStream, lk_plugin};

mod stream;

use self::stream::FakeVadStream;

/// When [`FakeVad`] hears speech.
#[derive(Debug, Clone, PluginConfig)]
#[config(check = FakeVadConfig::edges_make_sense)]
pub struct FakeVadConfig {
    /// When speech begins and ends, from the start of the stream or its last flush: start, end, start, end, … in
    /// ascending order.
    #[config(default = [0.5, 1.5, 2.0, 3.0], unit = "s")]
    speech: Vec<Duration>,
    /// How much audio is judged at a time.
    #[config(default = 0.032, range = 0.001..=10.0)]
    update_interval: Duration,
    /// How much of an utterance is kept for its audio; what follows is left out.
    #[config(default = 60.0, range = 0.0..=3_600.0)]
    max_buffered_speech: Duration,
}

impl FakeVadConfig {
    fn edges_make_sense(&self) -> Result<(), String> {
        if !self.speech.len().is_multiple_of(2) {
            return Err(format!(
                "`speech` has `{}` times, which are no pairs; give a start and an end for each utterance",
                self.speech.len()
            ));
        }
        if let Some(pair) = self.speech.windows(2).find(|pair| pair[0] >= pair[1]) {
            let (earlier, later) = (pair[0].as_secs_f64(), pair[1].as_secs_f64());
            return Err(format!(
                "`speech` has `{later}` after `{earlier}`; give the times in ascending order, none twice"
            ));
        }
        Ok(())
    }
}

/// Voice activity detection by script.
///
/// Like a real detector it judges the stream an interval at a time: `inference_done` at the end of each, then
/// `start_of_speech` or `end_of_speech` if the script has an edge in it. The events' `audio` and durations are those of
/// the script, to the sample; `probability` is 1 when the interval ends in speech, else 0. There is no padding, and the
/// silence after an utterance is not kept. Events do not depend on how the audio is cut into frames.
///
/// At the end of the input, the edges after the last whole interval still count.
#[derive(Debug)]
pub struct FakeVad {
    script: Arc<Script>,
}

#[derive(Debug)]
struct Script {
    speech: Vec<Duration>,
    update_interval: Duration,
    max_buffered_speech: Duration,
}

#[lk_plugin(kind = "vad", name = "fake", description = "Hears speech at the times of its config, whatever the audio")]
impl FakeVad {
    /// A detector that hears speech when `config` says.
    #[must_use]
    pub fn new(config: FakeVadConfig) -> Self {
        let FakeVadConfig { speech, update_interval, max_buffered_speech } = config;
        Self { script: Arc::new(Script { speech, update_interval, max_buffered_speech }) }
    }
}

impl Vad for FakeVad {
    fn capabilities(&self) -> VadCapabilities {
        VadCapabilities::new(self.script.update_interval)
    }

    fn model(&self) -> &str {
        "fake"
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        Ok(Box::new(FakeVadStream::new(Arc::clone(&self.script))))
    }
}

#[cfg(test)]
mod tests {
    use lk_plugin::Config;

    use super::*;

    #[test]
    fn scripts_that_make_no_sense_are_refused() -> Result<()> {
        for (json, wanted) in [
            ("[1.0]", "`speech` has `1` times, which are no pairs; give a start and an end for each utterance"),
            ("[1.5, 0.5]", "`speech` has `0.5` after `1.5`; give the times in ascending order, none twice"),
            ("[0, 1, 1, 2]", "`speech` has `1` after `1`; give the times in ascending order, none twice"),
            ("[-1, 1]", "`speech[0]` must be a number of seconds, not negative, but is `-1`"),
        ] {
            let config = Config::from_json(&format!(r#"{{"speech": {json}}}"#))?;
            let error = FakeVadConfig::from_config(&config).err();
            assert_eq!(error.map(|error| error.to_string()).as_deref(), Some(wanted));
        }
        Ok(())
    }

    #[test]
    fn the_interval_is_announced() -> Result<()> {
        let vad = FakeVad::new(FakeVadConfig::from_config(&Config::new())?);
        assert_eq!(vad.capabilities().update_interval, Duration::from_millis(32));
        Ok(())
    }
}
