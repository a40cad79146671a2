//! One listener of `vad/fake`.

use std::sync::Arc;
use std::time::Duration;

use lk_plugin::{
    AudioFrameRef, Error, Result, SampleRange, VadEvent, VadEventType, VadStream, duration_to_samples, format_changed,
    samples_to_duration,
};

use super::Script;

#[cfg(test)]
mod tests;

/// Positions are samples of one channel at the input's rate, from the start of the stream or its last flush. They are
/// computed from the script anew each time, in whole numbers: nothing adds up, so nothing drifts.
pub(super) struct FakeVadStream {
    script: Arc<Script>,
    format: Option<(u32, u16)>,
    closed: bool,
    /// Whole intervals judged.
    intervals: u64,
    /// The end of what was judged.
    judged: u64,
    /// What came after that: less than an interval.
    pending: Vec<i16>,
    /// Edges passed; speech is open while their number is odd.
    edges: usize,
    /// Where the last edge was: the start of the open speech, or of the silence.
    since: u64,
    /// The speech of the last push, and of the open utterance from its start.
    speech: Vec<i16>,
    /// Where in `speech` the last utterance starts.
    utterance: usize,
    /// The START and END events of the last push.
    views: Vec<View>,
}

/// Where the audio of an event is in `speech`.
struct View {
    event_type: VadEventType,
    audio: SampleRange,
    offset: usize,
}

impl FakeVadStream {
    pub(super) fn new(script: Arc<Script>) -> Self {
        Self {
            script,
            format: None,
            closed: false,
            intervals: 0,
            judged: 0,
            pending: Vec::new(),
            edges: 0,
            since: 0,
            speech: Vec::new(),
            utterance: 0,
            views: Vec::new(),
        }
    }

    fn check_open(&self) -> Result<()> {
        if self.closed {
            return Err(Error::input_ended());
        }
        Ok(())
    }

    fn rate(&self) -> u32 {
        self.format.map_or(1, |(rate, _)| rate)
    }

    fn speaking(&self) -> bool {
        !self.edges.is_multiple_of(2)
    }

    /// The end of the interval that is being filled.
    fn interval_end(&self) -> u64 {
        samples(self.script.update_interval, u128::from(self.intervals) + 1, self.rate())
    }

    /// Where the next edge is; after the last one, never.
    fn next_edge(&self) -> u64 {
        self.script.speech.get(self.edges).map_or(u64::MAX, |time| duration_to_samples(*time, self.rate()))
    }

    /// Drops the audio of the last push's events, but not that of speech that is still open.
    fn forget_views(&mut self) {
        self.views.clear();
        let end = if self.speaking() { self.utterance } else { self.speech.len() };
        self.speech.drain(..end);
        self.utterance = 0;
    }

    /// Judges what is pending: a whole interval, or what is left at the end of the input.
    fn judge(&mut self, whole: bool, events: &mut Vec<VadEvent>) {
        let (start, end) = (self.judged, self.judged + self.pending.len() as u64);
        self.judged = end;
        let judgement = whole.then_some(events.len());
        if whole {
            events.push(self.inference_done(start));
        }
        let mut position = start;
        loop {
            let edge = self.next_edge();
            let until = edge.min(end);
            if self.speaking() {
                self.keep((position - start) as usize..(until - start) as usize);
            }
            position = until;
            if edge >= end {
                break;
            }
            self.edges += 1;
            let until = self.next_edge().min(end);
            if self.speaking() {
                (self.since, self.utterance) = (edge, self.speech.len());
                let kept = (until - edge).min(self.capacity() as u64);
                self.tell(VadEventType::StartOfSpeech, kept, until - edge, 0, events);
            } else {
                self.end_speech(edge, until - edge, events);
            }
        }
        let probability = if self.speaking() { 1.0 } else { 0.0 };
        if let Some(event) = judgement.and_then(|index| events.get_mut(index)) {
            event.probability = probability;
        }
        self.pending.clear();
    }

    fn end_speech(&mut self, edge: u64, silence: u64, events: &mut Vec<VadEvent>) {
        let kept = (self.speech.len() - self.utterance) as u64;
        self.tell(VadEventType::EndOfSpeech, kept, edge - self.since, silence, events);
        self.since = edge;
    }

    /// Adds a START or END event about the utterance since `self.since`, of which `kept` samples are or will be in
    /// `self.speech` when the push is over.
    fn tell(&mut self, event_type: VadEventType, kept: u64, speech: u64, silence: u64, events: &mut Vec<VadEvent>) {
        let audio = self.range(self.since, self.since + kept);
        self.views.push(View { event_type, audio, offset: self.utterance });
        let mut event = self.event(event_type, audio);
        event.speech_duration = self.time(speech);
        event.silence_duration = self.time(silence);
        event.speaking = event_type == VadEventType::StartOfSpeech;
        events.push(event);
    }

    /// The numbers from before the judgement of the interval from `start` to `self.judged`.
    fn inference_done(&self, start: u64) -> VadEvent {
        let mut event = self.event(VadEventType::InferenceDone, self.range(start, self.judged));
        event.speaking = self.speaking();
        let (so_far, before) = (self.time(self.judged - self.since), self.time(start - self.since));
        if event.speaking {
            (event.speech_duration, event.raw_accumulated_speech) = (so_far, before);
        } else {
            (event.silence_duration, event.raw_accumulated_silence) = (so_far, before);
        }
        event
    }

    fn event(&self, event_type: VadEventType, audio: SampleRange) -> VadEvent {
        let mut event = VadEvent::new(event_type, audio);
        event.samples_index = self.judged;
        event.timestamp = self.time(self.judged);
        event
    }

    fn keep(&mut self, part: std::ops::Range<usize>) {
        let free = self.capacity().saturating_sub(self.speech.len() - self.utterance);
        let part = part.start..part.end.min(part.start.saturating_add(free));
        self.speech.extend_from_slice(self.pending.get(part).unwrap_or_default());
    }

    fn capacity(&self) -> usize {
        duration_to_samples(self.script.max_buffered_speech, self.rate()) as usize
    }

    fn range(&self, start: u64, end: u64) -> SampleRange {
        SampleRange { start, end, sample_rate: self.rate() }
    }

    fn time(&self, samples: u64) -> Duration {
        samples_to_duration(samples, self.rate())
    }
}

impl VadStream for FakeVadStream {
    fn push(&mut self, frame: AudioFrameRef<'_>, events: &mut Vec<VadEvent>) -> Result<()> {
        self.check_open()?;
        let format = (frame.sample_rate(), frame.channels());
        let first = *self.format.get_or_insert(format);
        if first != format {
            return Err(format_changed(first, format));
        }
        self.forget_views();
        let mut samples = frame.mono();
        loop {
            let missing = self.interval_end() - self.judged - self.pending.len() as u64;
            let before = self.pending.len();
            self.pending.extend(samples.by_ref().take(missing as usize));
            if ((self.pending.len() - before) as u64) < missing {
                return Ok(());
            }
            self.judge(true, events);
            self.intervals += 1;
        }
    }

    fn flush(&mut self) -> Result<()> {
        self.check_open()?;
        (self.intervals, self.judged, self.edges, self.since, self.utterance) = (0, 0, 0, 0, 0);
        self.pending.clear();
        self.speech.clear();
        self.views.clear();
        Ok(())
    }

    fn end_input(&mut self, events: &mut Vec<VadEvent>) -> Result<()> {
        self.check_open()?;
        self.forget_views();
        self.judge(false, events);
        if self.speaking() {
            self.edges += 1;
            self.end_speech(self.judged, 0, events);
        }
        self.closed = true;
        Ok(())
    }

    fn audio(&self, event: &VadEvent) -> Option<AudioFrameRef<'_>> {
        let view = self.views.iter().find(|view| (view.event_type, view.audio) == (event.event_type, event.audio))?;
        let end = view.offset.checked_add(view.audio.samples() as usize)?;
        AudioFrameRef::new(self.speech.get(view.offset..end)?, self.rate(), 1).ok()
    }
}

/// Where `count` times `time` is: of the product, not a sum of rounded samples, so that nothing drifts over hours.
fn samples(time: Duration, count: u128, rate: u32) -> u64 {
    // Saturating at 2⁶⁴ seconds, which no stream reaches.
    let nanos = time.as_nanos().saturating_mul(count);
    u64::try_from(nanos.saturating_mul(u128::from(rate)) / 1_000_000_000).unwrap_or(u64::MAX)
}
