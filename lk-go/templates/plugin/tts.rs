//! `tts/{{name}}`: plays a tone for each character.
//!
//! A working plugin to start from. It says no words: put a real voice where [`Voice::tone`] is.
#![forbid(unsafe_code)]

use std::f64::consts::{PI, TAU};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lk_plugin::{
    AudioFrame, ChunkedStream, EventSender, EventStream, PluginConfig, Result, SynthesizeInput,
    SynthesizeOptions, SynthesizeStream, SynthesizedAudio, Tts, TtsCapabilities,
    duration_to_samples, lk_plugin,
};

{{exports}}/// The rate of the audio, in Hz.
const SAMPLE_RATE: u32 = 24_000;

/// How the tones sound.
#[derive(Debug, Clone, PluginConfig)]
pub struct {{Type}}TtsConfig {
    /// How long each character's tone is.
    #[config(default = 0.08, range = 0.01..=0.5)]
    character_duration: Duration,
    /// How loud the tones are, from silence at 0 to full scale at 1.
    #[config(default = 0.3, range = 0.0..=1.0)]
    amplitude: f64,
}

/// Plays a tone for each character of a text.
#[derive(Debug)]
pub struct {{Type}}Tts {
    voice: Voice,
    requests: AtomicU64,
}

/// Plays a tone for each character
#[lk_plugin(kind = "tts", name = "{{name}}")]
impl {{Type}}Tts {
    /// A player of tones that sound like this.
    #[must_use]
    pub fn new(config: {{Type}}TtsConfig) -> Self {
        let voice = Voice {
            samples: duration_to_samples(config.character_duration, SAMPLE_RATE).max(1),
            amplitude: config.amplitude,
        };
        Self {
            voice,
            requests: AtomicU64::new(0),
        }
    }

    fn request_id(&self) -> String {
        let request = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        format!("request-{request}")
    }
}

impl Tts for {{Type}}Tts {
    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities::default().with_streaming(true)
    }

    fn sample_rate(&self) -> u32 {
        SAMPLE_RATE
    }

    fn channels(&self) -> u16 {
        1
    }

    // The async block is the whole stream: it runs while its audio is read, and is dropped with it.
    fn synthesize(&self, text: &str, _: &SynthesizeOptions) -> Result<ChunkedStream> {
        let (voice, id, text) = (self.voice, self.request_id(), text.to_owned());
        Ok(EventStream::from_fn(move |mut audio| async move {
            voice.speak(&text, &id, "", &mut audio).await
        }))
    }

    fn stream(&self, _: &SynthesizeOptions) -> Result<SynthesizeStream> {
        let (voice, id) = (self.voice, self.request_id());
        Ok(SynthesizeStream::from_fn(
            move |mut input, mut audio| async move {
                let (mut text, mut segments) = (String::new(), 0);
                loop {
                    let item = input.next().await;
                    if let Some(SynthesizeInput::Text(more)) = item {
                        text.push_str(&more);
                        continue;
                    }
                    // A flush or the end: what was written so far is a segment.
                    segments += 1;
                    let segment = format!("segment-{segments}");
                    voice.speak(&text, &id, &segment, &mut audio).await?;
                    text.clear();
                    if item.is_none() {
                        return Ok(());
                    }
                }
            },
        ))
    }
}

#[derive(Debug, Clone, Copy)]
struct Voice {
    /// Of each character.
    samples: u64,
    amplitude: f64,
}

impl Voice {
    /// Sends a frame for each character. Blank text has no audio.
    async fn speak(
        self,
        text: &str,
        request_id: &str,
        segment_id: &str,
        audio: &mut EventSender<SynthesizedAudio>,
    ) -> Result<()> {
        let mut letters = text.trim().chars().peekable();
        while let Some(letter) = letters.next() {
            let frame = AudioFrame::new(self.tone(letter), SAMPLE_RATE, 1)?;
            let piece = SynthesizedAudio::new(frame, request_id)
                .with_segment_id(segment_id)
                .with_delta_text(letter)
                .with_final(letters.peek().is_none());
            audio.send(piece).await?;
        }
        Ok(())
    }

    /// A tone of two octaves above 220 Hz that swells and fades; white space is silent.
    fn tone(self, letter: char) -> Vec<i16> {
        let semitone = f64::from(u32::from(letter) % 24);
        let frequency = 220.0 * (semitone / 12.0).exp2();
        let amplitude = if letter.is_whitespace() {
            0.0
        } else {
            self.amplitude
        };
        let sample = |index: u64| {
            let swell = (PI * index as f64 / self.samples as f64).sin();
            let wave = (TAU * frequency * index as f64 / f64::from(SAMPLE_RATE)).sin();
            (wave * swell * amplitude * f64::from(i16::MAX)) as i16
        };
        (0..self.samples).map(sample).collect()
    }
}
