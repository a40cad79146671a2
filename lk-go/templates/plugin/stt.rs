//! `stt/{{name}}`: says how long the audio was, and how loud.
//!
//! A working plugin to start from. It hears no words: put a real recogniser where [`Meter`] is.
#![forbid(unsafe_code)]

use std::time::Duration;

use lk_plugin::{
    AudioFrameRef, BoxFuture, PluginConfig, RecognizeInput, RecognizeOptions, RecognizeStream,
    Result, SpeechData, SpeechEvent, Stt, SttCapabilities, boxed, lk_plugin,
};

{{exports}}/// What counts as silence.
#[derive(Debug, Clone, PluginConfig)]
pub struct {{Type}}SttConfig {
    /// The loudest that still counts as silence; 0 is the loudest that there can be.
    #[config(default = -60.0, range = -90.0..=0.0, unit = "dBFS")]
    silence: f64,
}

/// Says how long the audio was, and how loud.
#[derive(Debug)]
pub struct {{Type}}Stt {
    silence: f64,
}

/// Says how long and how loud the audio was
#[lk_plugin(kind = "stt", name = "{{name}}")]
impl {{Type}}Stt {
    /// A listener with this idea of silence.
    #[must_use]
    pub fn new(config: {{Type}}SttConfig) -> Self {
        Self {
            silence: config.silence,
        }
    }
}

impl Stt for {{Type}}Stt {
    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities::default().with_streaming(true)
    }

    fn recognize(
        &self,
        audio: AudioFrameRef<'_>,
        options: &RecognizeOptions,
    ) -> BoxFuture<'_, Result<SpeechEvent>> {
        let mut meter = Meter::starting_at(options.start_time_offset);
        meter.add(audio);
        let event = meter.transcript(self.silence);
        boxed(async move { Ok(event) })
    }

    // The async block is the whole stream: it runs while its events are read, and is dropped with them.
    fn stream(&self, options: &RecognizeOptions) -> Result<RecognizeStream> {
        let (silence, start) = (self.silence, options.start_time_offset);
        Ok(RecognizeStream::from_fn(
            move |mut input, mut events| async move {
                let mut meter = Meter::starting_at(start);
                while let Some(item) = input.next().await {
                    match item {
                        RecognizeInput::Frame(frame) => meter.add(frame.as_ref()),
                        // What was pushed so far is an utterance.
                        RecognizeInput::Flush => {
                            let next = Meter::starting_at(meter.end());
                            let heard = std::mem::replace(&mut meter, next);
                            events.send(heard.transcript(silence)).await?;
                        }
                        _ => {}
                    }
                }
                if meter.length.is_zero() {
                    return Ok(());
                }
                events.send(meter.transcript(silence)).await
            },
        ))
    }
}

/// Measures an utterance; times are from the start of the conversation.
#[derive(Debug)]
struct Meter {
    start: Duration,
    length: Duration,
    energy: f64,
    samples: u64,
}

impl Meter {
    fn starting_at(start: Duration) -> Self {
        Self {
            start,
            length: Duration::ZERO,
            energy: 0.0,
            samples: 0,
        }
    }

    fn end(&self) -> Duration {
        self.start.saturating_add(self.length)
    }

    fn add(&mut self, frame: AudioFrameRef<'_>) {
        let squares = frame
            .samples()
            .iter()
            .map(|&sample| f64::from(sample).powi(2));
        self.energy += squares.sum::<f64>();
        self.samples += frame.samples().len() as u64;
        self.length += frame.duration();
    }

    /// The level in dBFS; of no samples at all the lowest.
    fn level(&self) -> f64 {
        let full_scale = f64::from(i16::MAX).powi(2);
        let power = self.energy / self.samples.max(1) as f64 / full_scale;
        10.0 * power.max(1e-12).log10()
    }

    /// The transcript of silence has no text.
    fn transcript(&self, silence: f64) -> SpeechEvent {
        let (length, level) = (self.length.as_secs_f64(), self.level());
        let text = if level > silence {
            format!("{length:.1} seconds at {level:.0} dBFS")
        } else {
            String::new()
        };
        let data = SpeechData::new("en", text).with_times(self.start, self.end());
        SpeechEvent::final_transcript(data)
    }
}
