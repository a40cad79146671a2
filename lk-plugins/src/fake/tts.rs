//! `tts/fake`: hums for as long as the text is.

use std::f64::consts::TAU;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lk_plugin::{
    AudioFrame, ChunkedStream, ConfigValue, EventSender, EventStream, InputReceiver, PluginConfig, Result, SynthesizeInput,
    SynthesizeOptions, SynthesizeStream, SynthesizedAudio, Tts, TtsCapabilities, lk_plugin,
};

/// How [`FakeTts`] sounds.
#[derive(Debug, Clone, PluginConfig)]
#[config(check = FakeTtsConfig::tone_fits_rate)]
pub struct FakeTtsConfig {
    /// The rate of the audio.
    #[config(default = 24_000, range = 8_000..=48_000, unit = "Hz")]
    sample_rate: u32,
    /// What the audio is.
    #[config(default = "tone")]
    voice: FakeVoice,
    /// The pitch of the tone; at most half the sample rate.
    #[config(default = 440.0, range = 1.0..=24_000.0, unit = "Hz")]
    frequency: f64,
    /// How loud the tone is, from silence at 0 to full scale at 1.
    #[config(default = 0.5, range = 0.0..=1.0)]
    amplitude: f64,
    /// How long one character of the text takes, white space included.
    #[config(default = 0.05, range = 0.001..=10.0)]
    character_duration: Duration,
}

impl FakeTtsConfig {
    fn tone_fits_rate(&self) -> Result<(), String> {
        let highest = f64::from(self.sample_rate) / 2.0;
        if self.frequency <= highest {
            return Ok(());
        }
        Err(format!(
            "a `frequency` of `{}` Hz does not fit a `sample_rate` of {} Hz; give at most {highest} Hz",
            self.frequency, self.sample_rate
        ))
    }
}

/// What [`FakeTts`] can sound like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ConfigValue)]
pub enum FakeVoice {
    /// A sine.
    Tone,
    /// Nothing to be heard, for as long as a tone would last.
    Silence,
}

/// Text to speech that hums.
///
/// Audio comes in frames of 20 ms, the last of a segment shorter; they are made when they are read, so a long text
/// costs no more memory than a short one. The tone starts anew with each segment and runs through all its frames. Each
/// frame's `delta_text` has the characters that begin in it; together they are the text. Requests are called `fake-1`,
/// `fake-2`, … in the order of the calls.
///
/// A [`stream`](Tts::stream) collects text until a flush or the end of the input, then speaks it as `segment-1`,
/// `segment-2`, …. Blank text gives no audio and counts as no segment.
#[derive(Debug)]
pub struct FakeTts {
    voice: Voice,
    requests: AtomicU64,
}

#[lk_plugin(kind = "tts", name = "fake", description = "Hums a tone, or keeps silent, for as long as the text is")]
impl FakeTts {
    /// A text-to-speech that sounds as `config` says.
    #[must_use]
    pub fn new(config: FakeTtsConfig) -> Self {
        let amplitude = match config.voice {
            FakeVoice::Silence => 0.0,
            FakeVoice::Tone => config.amplitude,
        };
        let voice = Voice {
            sample_rate: config.sample_rate,
            frequency: config.frequency,
            amplitude,
            character_duration: config.character_duration,
        };
        Self { voice, requests: AtomicU64::new(0) }
    }

    fn request_id(&self) -> String {
        format!("fake-{}", self.requests.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl Tts for FakeTts {
    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities::default().with_streaming(true)
    }

    fn sample_rate(&self) -> u32 {
        self.voice.sample_rate
    }

    fn channels(&self) -> u16 {
        1
    }

    fn model(&self) -> &str {
        "fake"
    }

    fn synthesize(&self, text: &str, _: &SynthesizeOptions) -> Result<ChunkedStream> {
        let (voice, request_id, text) = (self.voice, self.request_id(), text.to_owned());
        Ok(EventStream::from_fn(move |mut audio| async move { voice.speak(&text, &request_id, "", &mut audio).await }))
    }

    fn stream(&self, _: &SynthesizeOptions) -> Result<SynthesizeStream> {
        let (voice, request_id) = (self.voice, self.request_id());
        Ok(SynthesizeStream::from_fn(move |input, audio| speak_segments(voice, request_id, input, audio)))
    }
}

async fn speak_segments(
    voice: Voice,
    request_id: String,
    mut input: InputReceiver<SynthesizeInput>,
    mut audio: EventSender<SynthesizedAudio>,
) -> Result<()> {
    let mut segments = 0_u64;
    let mut text = String::new();
    loop {
        match input.next().await {
            Some(SynthesizeInput::Text(more)) => text.push_str(&more),
            flush_or_end => {
                if !is_blank(&text) {
                    segments += 1;
                    voice.speak(&text, &request_id, &format!("segment-{segments}"), &mut audio).await?;
                }
                text.clear();
                if flush_or_end.is_none() {
                    return Ok(());
                }
            }
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

#[derive(Debug, Clone, Copy)]
struct Voice {
    sample_rate: u32,
    frequency: f64,
    amplitude: f64,
    character_duration: Duration,
}

impl Voice {
    async fn speak(
        self,
        text: &str,
        request_id: &str,
        segment_id: &str,
        audio: &mut EventSender<SynthesizedAudio>,
    ) -> Result<()> {
        if is_blank(text) {
            return Ok(());
        }
        let end = self.start_of_character(text.chars().count() as u64);
        let mut letters = text.chars().zip((0..).map(|index| self.start_of_character(index))).peekable();
        let mut position = 0;
        while position < end {
            let next = end.min(position + u64::from(self.sample_rate / FRAMES_PER_SECOND));
            let samples = (position..next).map(|position| self.sample(position)).collect();
            let mut delta_text = String::new();
            while let Some((letter, _)) = letters.next_if(|(_, start)| *start < next) {
                delta_text.push(letter);
            }
            let piece = SynthesizedAudio::new(AudioFrame::new(samples, self.sample_rate, 1)?, request_id)
                .with_segment_id(segment_id)
                .with_delta_text(delta_text)
                .with_final(next == end);
            audio.send(piece).await?;
            position = next;
        }
        Ok(())
    }

    /// In whole numbers, so that the length of a long text is exact.
    fn start_of_character(self, index: u64) -> u64 {
        let nanos = u128::from(index) * self.character_duration.as_nanos();
        (nanos * u128::from(self.sample_rate) / 1_000_000_000) as u64
    }

    /// From the position alone: there is no phase that could jump between frames or drift.
    fn sample(self, position: u64) -> i16 {
        let periods = position as f64 * self.frequency / f64::from(self.sample_rate);
        let height = (periods.fract() * TAU).sin() * self.amplitude;
        (height * f64::from(i16::MAX)).round() as i16
    }
}

const FRAMES_PER_SECOND: u32 = 50;

#[cfg(test)]
mod tests {
    use lk_plugin::{Config, ErrorKind};
    use pollster::block_on;

    use super::*;

    fn fake(json: &str) -> Result<FakeTts> {
        Ok(FakeTts::new(FakeTtsConfig::from_config(&Config::from_json(json)?)?))
    }

    fn synthesize(tts: &FakeTts, text: &str) -> Result<Vec<SynthesizedAudio>> {
        block_on(tts.synthesize(text, &SynthesizeOptions::default())?.collect())
    }

    #[test]
    fn audio_is_as_long_as_the_text_and_only_the_last_frame_is_final() -> Result<()> {
        let tts = fake(r#"{"character_duration": 0.015, "sample_rate": 11025}"#)?;
        let audio = synthesize(&tts, "héllo")?;
        let samples: Vec<usize> = audio.iter().map(|piece| piece.frame.samples().len()).collect();
        // 5 × 15 ms at 11,025 Hz is 826.875 samples; 20 ms is 220.5.
        assert_eq!(samples, [220, 220, 220, 166]);
        assert_eq!(audio.iter().map(|piece| piece.is_final).collect::<Vec<_>>(), [false, false, false, true]);
        assert_eq!(audio.iter().map(|piece| piece.delta_text.as_str()).collect::<Vec<_>>(), ["hé", "l", "l", "o"]);
        assert!(audio.iter().all(|piece| piece.request_id == "fake-1" && piece.segment_id.is_empty()));
        assert_eq!(synthesize(&tts, "a")?[0].request_id, "fake-2");
        Ok(())
    }

    #[test]
    fn the_tone_runs_through_the_frames() -> Result<()> {
        let tts = fake(r#"{"frequency": 100, "sample_rate": 8000, "amplitude": 1.0}"#)?;
        let whole = || block_on(tts.synthesize("four", &SynthesizeOptions::default())?.collect_frame());
        let tone = whole()?;
        assert_eq!(tone, whole()?);
        let samples = tone.samples();
        assert_eq!((samples.len(), samples[0], samples[20], samples[60]), (1_600, 0, i16::MAX, -i16::MAX));
        // A period is 80 samples: the same at every one, also where a frame of 160 samples begins.
        assert!(samples.chunks(80).all(|period| period == &samples[..80]));
        assert!(samples.windows(2).all(|pair| pair[0].abs_diff(pair[1]) < 2_600));
        let silence = fake(r#"{"voice": "silence"}"#)?;
        let silence = block_on(silence.synthesize("four", &SynthesizeOptions::default())?.collect_frame())?;
        assert_eq!(silence.samples(), [0; 4_800]);
        Ok(())
    }

    #[test]
    fn blank_text_gives_no_audio() -> Result<()> {
        let tts = fake("{}")?;
        assert!(synthesize(&tts, " \n\t")?.is_empty());
        assert!(synthesize(&tts, "")?.is_empty());
        Ok(())
    }

    #[test]
    fn flush_and_the_end_of_input_end_segments() -> Result<()> {
        let tts = fake(r#"{"character_duration": 0.02}"#)?;
        let SynthesizeStream { mut input, audio, .. } = tts.stream(&SynthesizeOptions::default())?;
        let audio = block_on(async {
            input.flush().await?;
            for text in ["ab", "c"] {
                input.push_text(text).await?;
            }
            input.flush().await?;
            input.push_text("  ").await?;
            input.flush().await?;
            input.push_text("de").await?;
            drop(input);
            audio.collect().await
        })?;
        let told: Vec<_> =
            audio.iter().map(|piece| (piece.segment_id.as_str(), piece.delta_text.as_str(), piece.is_final)).collect();
        let (one, two) = ("segment-1", "segment-2");
        assert_eq!(told, [(one, "a", false), (one, "b", false), (one, "c", true), (two, "d", false), (two, "e", true)]);
        assert!(audio.iter().all(|piece| piece.request_id == "fake-1"));
        Ok(())
    }

    #[test]
    fn huge_text_is_spoken_as_it_is_read() -> Result<()> {
        let tts = fake("{}")?;
        // Over 400 hours of audio: only what is read is made.
        let mut audio = tts.synthesize(&"x".repeat(30_000_000), &SynthesizeOptions::default())?;
        let first = block_on(audio.next()).transpose()?;
        assert_eq!(first.map(|piece| piece.is_final), Some(false));
        Ok(())
    }

    #[test]
    fn dropping_the_audio_closes_the_input() -> Result<()> {
        let SynthesizeStream { mut input, audio, .. } = fake("{}")?.stream(&SynthesizeOptions::default())?;
        drop(audio);
        let error = block_on(input.push_text("more")).err();
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Closed));
        Ok(())
    }

    #[test]
    fn mistakes_are_named_with_what_to_do() {
        for (json, wanted) in [
            (r#"{"voice": "alto"}"#, "`voice` cannot be `alto`; choose from `silence`, `tone`"),
            (
                r#"{"frequency": 5000, "sample_rate": 8000}"#,
                "a `frequency` of `5000` Hz does not fit a `sample_rate` of 8000 Hz; give at most 4000 Hz",
            ),
            (r#"{"sample_rate": 96000}"#, "`sample_rate` must be between 8000 and 48000, but is `96000`"),
        ] {
            let error = fake(json).err();
            assert_eq!(error.as_ref().map(|error| error.kind()), Some(ErrorKind::Config));
            assert_eq!(error.map(|error| error.to_string()).as_deref(), Some(wanted));
        }
    }
}
