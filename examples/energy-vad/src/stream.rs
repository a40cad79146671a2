//! One listener.

use std::time::Duration;

use lk_plugin::{
    AudioFrameRef, Error, Result, SampleRange, VadEvent, VadEventType, VadStream, duration_to_samples, format_changed,
    samples_to_duration,
};

use crate::EnergyConfig;

#[cfg(test)]
mod tests;

/// Positions are samples of one channel, from the start of the stream or its last flush.
pub(crate) struct EnergyStream {
    config: EnergyConfig,
    format: Option<(u32, u16)>,
    ended: bool,
    /// The audio from `base` on: what is not judged yet, and what may become a view.
    audio: Vec<i16>,
    base: u64,
    /// The end of what was judged.
    judged: u64,
    /// Since when it has been loud or quiet without a break.
    since: u64,
    is_loud: bool,
    /// Where the open utterance began.
    utterance: Option<u64>,
    /// Where the last utterance ended.
    silent_since: u64,
    /// The START and END events of the last push.
    views: Vec<(VadEventType, SampleRange)>,
}

impl EnergyStream {
    pub(crate) fn new(config: EnergyConfig) -> Self {
        Self {
            config,
            format: None,
            ended: false,
            audio: Vec::new(),
            base: 0,
            judged: 0,
            since: 0,
            is_loud: false,
            utterance: None,
            silent_since: 0,
            views: Vec::new(),
        }
    }

    fn check_open(&self) -> Result<()> {
        if self.ended { Err(Error::input_ended()) } else { Ok(()) }
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

    fn range(&self, start: u64, end: u64) -> SampleRange {
        SampleRange { start: start.max(self.base), end, sample_rate: self.rate() }
    }

    /// Drops the views of the last push, and the audio that nothing will need.
    fn forget(&mut self) {
        self.views.clear();
        let oldest = self.judged.saturating_sub(self.samples(self.config.max_buffered_speech));
        let needed = match self.utterance {
            Some(start) => start.max(oldest),
            None if self.is_loud => self.since.max(oldest),
            None => self.judged,
        };
        let unneeded = (needed - self.base.min(needed)) as usize;
        // Little at a time would move all of a long utterance at each push.
        if self.utterance.is_none() || unneeded > self.audio.len() / 2 {
            self.audio.drain(..unneeded);
            self.base += unneeded as u64;
        }
    }

    /// Judges whole windows.
    fn judge_windows(&mut self, events: &mut Vec<VadEvent>) {
        let window = self.samples(self.config.update_interval).max(1);
        while self.base + self.audio.len() as u64 >= self.judged + window {
            self.judge(self.judged + window, events);
        }
    }

    /// Judges what stands between the last judgement and `end`.
    fn judge(&mut self, end: u64, events: &mut Vec<VadEvent>) {
        let start = self.judged;
        let samples = (start - self.base) as usize..(end - self.base) as usize;
        let loudness = loudness(self.audio.get(samples).unwrap_or_default());
        let is_loud = loudness >= self.config.threshold;
        let mut event = self.event(VadEventType::InferenceDone, self.range(start, end));
        (event.samples_index, event.timestamp) = (end, self.time(end));
        // Six decibels, the double of the amplitude, are the way from one half to nine tenths.
        event.probability = (1.0 / (1.0 + 0.36_f64.powf((loudness - self.config.threshold) / 3.0))) as f32;
        let so_far = self.time(start - self.since);
        match self.is_loud {
            true => event.raw_accumulated_speech = so_far,
            false => event.raw_accumulated_silence = so_far,
        }
        events.push(event);
        self.judged = end;
        if is_loud != self.is_loud {
            (self.is_loud, self.since) = (is_loud, start);
        }
        let lasted = end - self.since;
        match self.utterance {
            None if is_loud && lasted >= self.samples(self.config.min_speech) => {
                let mut event = self.event(VadEventType::StartOfSpeech, self.range(self.since, end));
                (event.speaking, event.speech_duration) = (true, self.time(lasted));
                self.utterance = Some(self.since);
                self.tell(event, events);
            }
            Some(_) if !is_loud && lasted >= self.samples(self.config.min_silence) => self.end_speech(events),
            _ => {}
        }
    }

    fn end_speech(&mut self, events: &mut Vec<VadEvent>) {
        let Some(start) = self.utterance.take() else { return };
        let silence = if self.is_loud { 0 } else { self.judged - self.since };
        let mut event = self.event(VadEventType::EndOfSpeech, self.range(start, self.judged));
        event.speaking = false;
        event.speech_duration = self.time(self.judged - silence - start);
        event.silence_duration = self.time(silence);
        self.silent_since = self.judged - silence;
        self.tell(event, events);
    }

    fn event(&self, event_type: VadEventType, audio: SampleRange) -> VadEvent {
        let mut event = VadEvent::new(event_type, audio);
        (event.samples_index, event.timestamp) = (self.judged, self.time(self.judged));
        match self.utterance {
            Some(start) => {
                (event.speaking, event.speech_duration) = (true, self.time(self.judged - start));
            }
            None => event.silence_duration = self.time(self.judged - self.silent_since),
        }
        event
    }

    fn tell(&mut self, event: VadEvent, events: &mut Vec<VadEvent>) {
        self.views.push((event.event_type, event.audio));
        events.push(event);
    }
}

impl VadStream for EnergyStream {
    fn push(&mut self, frame: AudioFrameRef<'_>, events: &mut Vec<VadEvent>) -> Result<()> {
        self.check_open()?;
        let format = (frame.sample_rate(), frame.channels());
        let first = *self.format.get_or_insert(format);
        if first != format {
            return Err(format_changed(first, format));
        }
        self.forget();
        match frame.channels() {
            1 => self.audio.extend_from_slice(frame.samples()),
            _ => self.audio.extend(frame.mono()),
        }
        self.judge_windows(events);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.check_open()?;
        let format = self.format;
        *self = Self { format, ..Self::new(self.config.clone()) };
        Ok(())
    }

    fn end_input(&mut self, events: &mut Vec<VadEvent>) -> Result<()> {
        self.check_open()?;
        self.forget();
        // What is too short for a judgement belongs to the speech that is open.
        self.judged = self.base + self.audio.len() as u64;
        if self.utterance.is_some() {
            self.end_speech(events);
        }
        self.ended = true;
        Ok(())
    }

    fn audio(&self, event: &VadEvent) -> Option<AudioFrameRef<'_>> {
        let SampleRange { start, end, .. } = event.audio;
        if !self.views.contains(&(event.event_type, event.audio)) {
            return None;
        }
        let samples = start.checked_sub(self.base)? as usize..end.checked_sub(self.base)? as usize;
        AudioFrameRef::new(self.audio.get(samples)?, self.rate(), 1).ok()
    }
}

/// The level of a window in dBFS; of no samples at all the lowest.
fn loudness(samples: &[i16]) -> f64 {
    let energy: i64 = samples.iter().map(|&sample| i64::from(i32::from(sample) * i32::from(sample))).sum();
    let full_scale = f64::from(i16::MAX) * f64::from(i16::MAX);
    10.0 * (energy as f64 / samples.len().max(1) as f64 / full_scale).max(1e-12).log10()
}
