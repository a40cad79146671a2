//! What was pushed and is not transcribed yet: kept until it is, so that a lost connection loses nothing.

use std::collections::VecDeque;

use lk_plugin::{RecognizeInput, Resampler, Result};

/// The rate of a session's audio, in Hz.
pub(super) const SAMPLE_RATE: u32 = 24_000;

/// Samples in a millisecond: the server counts in those.
pub(super) const PER_MILLISECOND: u64 = SAMPLE_RATE as u64 / 1000;

/// The audio of one message: 50 ms.
const CHUNK: u64 = 50 * PER_MILLISECOND;

/// The longest stretch that nobody ends: then we do, as otherwise it could never be let go.
const MAX_OPEN: u64 = 60 * 1000 * PER_MILLISECOND;

/// The most that is kept: nine megabytes. Then whoever pushes waits until something is transcribed.
const MAX_KEPT: u64 = 3 * MAX_OPEN;

/// Audio by its position in the stream, in samples from the start.
#[derive(Default)]
pub(super) struct Ledger {
    kept: VecDeque<i16>,
    // The position of the first sample that is kept.
    start: u64,
    // Where segments end because somebody said so, in order.
    marks: VecDeque<u64>,
    ended: bool,
    resampler: Option<Resampler>,
    // Scratch, reused.
    mono: Vec<f32>,
    resampled: Vec<f32>,
}

impl Ledger {
    /// Takes what was pushed; `None` is the end of it.
    pub(super) fn take(&mut self, item: Option<RecognizeInput>) -> Result<()> {
        match item {
            Some(RecognizeInput::Frame(frame)) => {
                // Every frame of a stream has the same rate.
                let resampler = match &mut self.resampler {
                    Some(resampler) => resampler,
                    none => none.insert(Resampler::new(frame.sample_rate(), SAMPLE_RATE)?),
                };
                self.mono.clear();
                self.mono.extend(frame.as_ref().mono().map(f32::from));
                resampler.push(&self.mono, &mut self.resampled)?;
                self.keep();
            }
            Some(RecognizeInput::Flush) => self.flush()?,
            None => {
                self.flush()?;
                self.ended = true;
            }
            // What it does not know it ignores.
            Some(_) => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if let Some(resampler) = &mut self.resampler {
            resampler.finish(&mut self.resampled)?;
            self.keep();
        }
        self.mark(self.end());
        Ok(())
    }

    fn keep(&mut self) {
        // The cast clips: a filter overshoots where the input was at its loudest.
        self.kept.extend(self.resampled.drain(..).map(|sample| sample.round() as i16));
        while self.end() - self.last_mark() >= MAX_OPEN {
            self.mark(self.last_mark() + MAX_OPEN);
        }
    }

    fn mark(&mut self, position: u64) {
        if position > self.last_mark() {
            self.marks.push_back(position);
        }
    }

    fn last_mark(&self) -> u64 {
        self.marks.back().copied().unwrap_or(self.start)
    }

    /// Whether there is room for more, and more to come.
    pub(super) fn wants_more(&self) -> bool {
        !self.ended && (self.kept.len() as u64) < MAX_KEPT
    }

    /// Whether nothing is kept.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether the input has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// The position of the first sample that is kept.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// The position after everything that was pushed.
    pub(super) fn end(&self) -> u64 {
        self.start + self.kept.len() as u64
    }

    /// Whether a segment ends at this position.
    pub(super) fn is_mark(&self, position: u64) -> bool {
        self.marks.contains(&position)
    }

    /// The bytes of the next message from `position`, never beyond a mark; none when there is too little for one.
    pub(super) fn chunk(&self, position: u64) -> Option<Vec<u8>> {
        let mark = self.marks.iter().copied().find(|mark| *mark > position);
        let end = mark.unwrap_or(u64::MAX).min(position + CHUNK);
        if end > self.end() {
            return None;
        }
        let range = position.checked_sub(self.start)? as usize..(end - self.start) as usize;
        Some(self.kept.range(range).flat_map(|sample| sample.to_le_bytes()).collect())
    }

    /// Lets go of everything before this position.
    pub(super) fn release(&mut self, position: u64) {
        let samples = position.min(self.end()).saturating_sub(self.start);
        self.kept.drain(..samples as usize);
        self.start += samples;
        while self.marks.front().is_some_and(|mark| *mark <= self.start) {
            self.marks.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use lk_plugin::AudioFrame;

    use super::*;

    fn push(ledger: &mut Ledger, samples: std::ops::Range<i16>) -> Result<()> {
        ledger.take(Some(RecognizeInput::Frame(AudioFrame::new(samples.collect(), SAMPLE_RATE, 1)?)))
    }

    #[test]
    fn messages_have_50_ms_and_end_at_marks() -> Result<()> {
        let mut ledger = Ledger::default();
        push(&mut ledger, 0..1_199)?;
        assert!(ledger.chunk(0).is_none());
        push(&mut ledger, 1_199..1_500)?;
        assert_eq!(ledger.chunk(0).map(|bytes| bytes.len()), Some(2_400));
        assert!(ledger.chunk(1_200).is_none());
        ledger.take(Some(RecognizeInput::Flush))?;
        // A second flush marks nothing.
        ledger.take(Some(RecognizeInput::Flush))?;
        let rest = ledger.chunk(1_200).unwrap_or_default();
        assert_eq!((rest.len(), i16::from_le_bytes([rest[0], rest[1]])), (600, 1_200));
        assert!(ledger.is_mark(1_500) && !ledger.is_mark(1_200));
        assert!(ledger.chunk(1_500).is_none());
        Ok(())
    }

    #[test]
    fn what_is_released_is_gone_and_the_rest_keeps_its_place() -> Result<()> {
        let mut ledger = Ledger::default();
        push(&mut ledger, 0..3_000)?;
        ledger.take(Some(RecognizeInput::Flush))?;
        push(&mut ledger, 3_000..6_000)?;
        ledger.release(3_000);
        assert_eq!((ledger.start(), ledger.end(), ledger.is_mark(3_000)), (3_000, 6_000, false));
        let chunk = ledger.chunk(3_000).unwrap_or_default();
        assert_eq!(i16::from_le_bytes([chunk[0], chunk[1]]), 3_000);
        assert!(ledger.chunk(0).is_none(), "released");
        ledger.release(u64::MAX);
        assert_eq!((ledger.start(), ledger.end()), (6_000, 6_000));
        Ok(())
    }

    #[test]
    fn a_stretch_that_nobody_ends_is_ended_and_memory_has_a_limit() -> Result<()> {
        let mut ledger = Ledger::default();
        for _ in 0..(MAX_KEPT / 24_000) {
            assert!(ledger.wants_more());
            push(&mut ledger, 0..24_000)?;
        }
        assert!(!ledger.wants_more());
        assert!(ledger.is_mark(MAX_OPEN) && ledger.is_mark(2 * MAX_OPEN) && ledger.is_mark(MAX_KEPT));
        ledger.release(MAX_OPEN);
        assert!(ledger.wants_more());
        ledger.take(None)?;
        assert!(!ledger.wants_more() && ledger.has_ended());
        Ok(())
    }
}
