//! `vad/{{name}}`: speech is what is loud.
//!
//! A working plugin to start from. Every noise fools it: put a real model where [`loudness`] is.
#![forbid(unsafe_code)]

use std::time::Duration;

use lk_plugin::{
    AudioFrameRef, Error, PluginConfig, Result, SampleRange, Vad, VadCapabilities, VadEvent,
    VadEventType, VadStream, duration_to_samples, format_changed, lk_plugin, samples_to_duration,
};

{{exports}}/// How much audio is judged at a time.
const WINDOW: Duration = Duration::from_millis(32);

/// How much of an utterance is kept for its audio; of a longer one the last part.
const MAX_KEPT: Duration = Duration::from_secs(60);

/// What counts as speech.
#[derive(Debug, Clone, PluginConfig)]
pub struct {{Type}}VadConfig {
    /// How loud speech is at least; 0 is the loudest that there can be.
    #[config(default = -40.0, range = -90.0..=0.0, unit = "dBFS")]
    threshold: f64,
    /// How long it must be quiet until speech has ended.
    #[config(default = 0.5, range = 0.0..=60.0)]
    min_silence: Duration,
}

/// Hears speech wherever the audio is loud enough.
#[derive(Debug)]
pub struct {{Type}}Vad {
    config: {{Type}}VadConfig,
}

/// Hears speech where it is loud
#[lk_plugin(kind = "vad", name = "{{name}}")]
impl {{Type}}Vad {
    /// A detector with this idea of loud.
    #[must_use]
    pub fn new(config: {{Type}}VadConfig) -> Self {
        Self { config }
    }
}

impl Vad for {{Type}}Vad {
    fn capabilities(&self) -> VadCapabilities {
        VadCapabilities::new(WINDOW)
    }

    fn min_silence_duration(&self) -> Option<Duration> {
        Some(self.config.min_silence)
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        Ok(Box::new(Listener::new(self.config.clone())))
    }
}

/// One stream. Positions are samples of one channel, from its start or its last flush.
struct Listener {
    config: {{Type}}VadConfig,
    /// Rate and channels, once the first frame is here.
    format: Option<(u32, u16)>,
    ended: bool,
    /// The audio from `base` on: what is not judged yet, and the open utterance.
    audio: Vec<i16>,
    base: u64,
    /// The end of what was judged.
    judged: u64,
    /// Where the open utterance began.
    utterance: Option<u64>,
    /// The end of what was loud last.
    loud_until: u64,
    /// The START and END events of the last push: their audio can be seen until the next one.
    seen: Vec<(VadEventType, SampleRange)>,
}

impl Listener {
    fn new(config: {{Type}}VadConfig) -> Self {
        Self {
            config,
            format: None,
            ended: false,
            audio: Vec::new(),
            base: 0,
            judged: 0,
            utterance: None,
            loud_until: 0,
            seen: Vec::new(),
        }
    }

    fn check_open(&self) -> Result<()> {
        if self.ended {
            return Err(Error::input_ended());
        }
        Ok(())
    }

    fn rate(&self) -> u32 {
        self.format.map_or(1, |(rate, _)| rate)
    }

    fn samples(&self, time: Duration) -> u64 {
        duration_to_samples(time, self.rate())
    }

    fn time(&self, samples: u64) -> Duration {
        samples_to_duration(samples, self.rate())
    }

    /// Drops the events of the last push, and the audio that nothing will need.
    fn forget(&mut self) {
        self.seen.clear();
        let oldest = self.judged.saturating_sub(self.samples(MAX_KEPT));
        let needed = self.utterance.unwrap_or(self.judged).max(oldest);
        let unneeded = (needed - self.base.min(needed)) as usize;
        // A little at a time would move all of a long utterance at each push.
        if self.utterance.is_none() || unneeded > self.audio.len() / 2 {
            self.audio.drain(..unneeded);
            self.base += unneeded as u64;
        }
    }

    /// Judges the next window, which ends here.
    fn judge(&mut self, end: u64, events: &mut Vec<VadEvent>) {
        let window = (self.judged - self.base) as usize..(end - self.base) as usize;
        let loudness = loudness(self.audio.get(window).unwrap_or_default());
        let is_loud = loudness >= self.config.threshold;
        let start = std::mem::replace(&mut self.judged, end);

        let mut judgement = self.event(VadEventType::InferenceDone, start);
        // One half at the threshold, and surer with every decibel.
        let above = (loudness - self.config.threshold) / 3.0;
        judgement.probability = (1.0 / (1.0 + (-above).exp())) as f32;
        events.push(judgement);

        if is_loud {
            self.loud_until = end;
            if self.utterance.is_none() {
                self.utterance = Some(start);
                self.tell(VadEventType::StartOfSpeech, start, events);
            }
        } else if end - self.loud_until >= self.samples(self.config.min_silence) {
            self.end_speech(events);
        }
    }

    fn end_speech(&mut self, events: &mut Vec<VadEvent>) {
        if let Some(start) = self.utterance {
            self.tell(VadEventType::EndOfSpeech, start, events);
            self.utterance = None;
        }
    }

    /// An event about the audio from here to the end of what was judged.
    fn event(&self, event_type: VadEventType, start: u64) -> VadEvent {
        let audio = SampleRange {
            start: start.max(self.base),
            end: self.judged,
            sample_rate: self.rate(),
        };
        let mut event = VadEvent::new(event_type, audio);
        event.samples_index = self.judged;
        event.timestamp = self.time(self.judged);
        event.speaking = self.utterance.is_some() && event_type != VadEventType::EndOfSpeech;
        let spoken = |start: u64| self.time(self.loud_until.saturating_sub(start));
        event.speech_duration = self.utterance.map(spoken).unwrap_or_default();
        event.silence_duration = self.time(self.judged - self.loud_until);
        event
    }

    fn tell(&mut self, event_type: VadEventType, start: u64, events: &mut Vec<VadEvent>) {
        let event = self.event(event_type, start);
        self.seen.push((event.event_type, event.audio));
        events.push(event);
    }
}

impl VadStream for Listener {
    fn push(&mut self, frame: AudioFrameRef<'_>, events: &mut Vec<VadEvent>) -> Result<()> {
        self.check_open()?;
        let format = (frame.sample_rate(), frame.channels());
        let first = *self.format.get_or_insert(format);
        if first != format {
            return Err(format_changed(first, format));
        }
        self.forget();
        self.audio.extend(frame.mono());
        let window = self.samples(WINDOW).max(1);
        while self.base + self.audio.len() as u64 >= self.judged + window {
            self.judge(self.judged + window, events);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.check_open()?;
        let format = self.format;
        *self = Self::new(self.config.clone());
        self.format = format;
        Ok(())
    }

    fn end_input(&mut self, events: &mut Vec<VadEvent>) -> Result<()> {
        self.check_open()?;
        self.forget();
        // What is too short for a judgement belongs to the utterance that is open.
        self.judged = self.base + self.audio.len() as u64;
        self.end_speech(events);
        self.ended = true;
        Ok(())
    }

    fn audio(&self, event: &VadEvent) -> Option<AudioFrameRef<'_>> {
        let SampleRange { start, end, .. } = event.audio;
        if !self.seen.contains(&(event.event_type, event.audio)) {
            return None;
        }
        let (start, end) = (start.checked_sub(self.base)?, end.checked_sub(self.base)?);
        let samples = self.audio.get(start as usize..end as usize)?;
        AudioFrameRef::new(samples, self.rate(), 1).ok()
    }
}

/// The level of a window in dBFS; of no samples at all the lowest.
fn loudness(samples: &[i16]) -> f64 {
    let squares = samples.iter().map(|&sample| f64::from(sample).powi(2));
    let full_scale = f64::from(i16::MAX).powi(2);
    let power = squares.sum::<f64>() / samples.len().max(1) as f64 / full_scale;
    10.0 * power.max(1e-12).log10()
}
