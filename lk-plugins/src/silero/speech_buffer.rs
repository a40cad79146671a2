//! The audio of the current utterance, with the padding before it, for the views that START and END give.
//!
//! Positions count samples of the mixed-down input since the stream's start. Audio lies in chunks: one, as a rule; a
//! second one begins when an utterance is longer than what is kept of it, and then rolls, so that the next utterance
//! has its padding and memory stays bounded.

use std::collections::VecDeque;

use lk_plugin::SampleRange;

#[derive(Debug)]
struct Chunk {
    start: u64,
    samples: Vec<i16>,
}

impl Chunk {
    fn end(&self) -> u64 {
        self.start + self.samples.len() as u64
    }

    /// Drops what lies before `position`, once that is worth moving the rest.
    fn forget_before(&mut self, position: u64, worth: usize) {
        let dead = position.saturating_sub(self.start).min(self.samples.len() as u64) as usize;
        if dead >= worth {
            self.samples.drain(..dead);
            self.start += dead as u64;
        }
    }
}

#[derive(Debug)]
pub(super) struct SpeechBuffer {
    sample_rate: u32,
    padding: u64,
    /// What is kept of an utterance, padding included.
    capacity: u64,
    chunks: VecDeque<Chunk>,
    /// Where the utterance (or the padding of the next one) starts.
    start: u64,
    /// How far the windows got.
    judged: u64,
    /// The utterance is longer than what is kept of it.
    is_full: bool,
    /// What the events of the current push show.
    views: Vec<SampleRange>,
}

impl SpeechBuffer {
    pub(super) fn new(sample_rate: u32, padding: u64, max_buffered: u64) -> Self {
        let first = Chunk { start: 0, samples: Vec::with_capacity(2 * padding as usize + sample_rate as usize / 10) };
        Self {
            sample_rate,
            padding,
            capacity: padding + max_buffered,
            chunks: VecDeque::from([first]),
            start: 0,
            judged: 0,
            is_full: false,
            views: Vec::with_capacity(4),
        }
    }

    /// Ends the views of the last push and drops what only they needed.
    pub(super) fn begin_push(&mut self) {
        self.views.clear();
        while self.chunks.len() > 1 && self.chunks.front().is_some_and(|chunk| chunk.end() <= self.start) {
            self.chunks.pop_front();
        }
        self.forget();
    }

    /// Appends audio that no window has seen yet.
    pub(super) fn extend(&mut self, samples: &[i16]) {
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.samples.extend_from_slice(samples);
        }
    }

    /// A window judged the next `samples` of the audio; its range.
    pub(super) fn advance(&mut self, samples: u64) -> SampleRange {
        let start = self.judged;
        // Rounding at the very end of converted audio may ask for a sample more than there was.
        self.judged = (start + samples).min(self.end());
        let limit = self.start + self.capacity;
        if !self.is_full && self.judged > limit {
            self.is_full = true;
            if let Some(chunk) = self.chunks.back_mut() {
                let kept = limit.saturating_sub(chunk.start).min(chunk.samples.len() as u64) as usize;
                let mut samples = Vec::with_capacity(2 * self.padding as usize + self.sample_rate as usize / 10);
                samples.extend(chunk.samples.drain(kept..));
                self.chunks.push_back(Chunk { start: limit, samples });
            }
        }
        self.forget();
        self.range(start, self.judged)
    }

    /// The utterance so far, as far as it is kept; the audio stays until the next push.
    pub(super) fn show(&mut self) -> SampleRange {
        self.show_until(self.judged)
    }

    /// The same up to the last sample, judged or not: for the end of the input.
    pub(super) fn show_all(&mut self) -> SampleRange {
        self.show_until(self.end())
    }

    /// The utterance is over, or has not begun: only the padding of the next one is needed.
    pub(super) fn restart(&mut self) {
        let earliest =
            if self.is_full { self.chunks.back().map_or(self.start, |chunk| chunk.start) } else { self.start };
        self.start = self.judged.saturating_sub(self.padding).max(earliest);
        self.is_full = false;
    }

    /// Forgets everything, and gives back the memory of a long utterance. Touches no sample.
    pub(super) fn clear(&mut self) {
        self.chunks.truncate(1);
        for chunk in &mut self.chunks {
            chunk.start = 0;
            chunk.samples.clear();
            chunk.samples.shrink_to(4 * self.padding as usize + self.sample_rate as usize);
        }
        (self.start, self.judged, self.is_full) = (0, 0, false);
        self.views.clear();
    }

    /// The audio of a range that was shown since the last [`begin_push`](Self::begin_push).
    pub(super) fn view(&self, range: SampleRange) -> Option<&[i16]> {
        if !self.views.contains(&range) {
            return None;
        }
        // Of an utterance of which nothing is kept there is no chunk.
        if range.samples() == 0 {
            return Some(&[]);
        }
        let chunk = self.chunks.iter().find(|chunk| chunk.start <= range.start && range.end <= chunk.end())?;
        chunk.samples.get((range.start - chunk.start) as usize..(range.end - chunk.start) as usize)
    }

    fn show_until(&mut self, end: u64) -> SampleRange {
        let range = self.range(self.start, end.min(self.start + self.capacity));
        self.views.push(range);
        range
    }

    fn end(&self) -> u64 {
        self.chunks.back().map_or(0, Chunk::end)
    }

    fn range(&self, start: u64, end: u64) -> SampleRange {
        SampleRange { start, end, sample_rate: self.sample_rate }
    }

    /// Drops what is needed by nothing: not by a view, not as padding, not by the next window.
    fn forget(&mut self) {
        // Moving the rest only when as much goes keeps the cost of a sample constant.
        let worth = (self.padding as usize).max(1_024);
        if self.is_full {
            let needed = self.judged.saturating_sub(self.padding);
            if let Some(chunk) = self.chunks.back_mut() {
                chunk.forget_before(needed, worth);
            }
        } else if self.views.is_empty()
            && let Some(chunk) = self.chunks.front_mut()
        {
            chunk.forget_before(self.start, worth);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ramp, so that every sample tells its position.
    fn ramp(range: std::ops::Range<u64>) -> impl Iterator<Item = i16> {
        range.map(|position| (position % 30_000) as i16)
    }

    /// Whether the whole range can be seen, and is what was said there.
    fn shows(buffer: &SpeechBuffer, range: SampleRange) -> bool {
        buffer.view(range).is_some_and(|samples| samples.iter().copied().eq(ramp(range.start..range.end)))
    }

    fn speak(buffer: &mut SpeechBuffer, from: u64, windows: u64) {
        for window in 0..windows {
            buffer.begin_push();
            buffer.extend(&ramp(from + window * 512..from + (window + 1) * 512).collect::<Vec<_>>());
            buffer.advance(512);
        }
    }

    fn silence(buffer: &mut SpeechBuffer, from: u64, windows: u64) {
        for window in 0..windows {
            buffer.begin_push();
            buffer.extend(&ramp(from + window * 512..from + (window + 1) * 512).collect::<Vec<_>>());
            buffer.advance(512);
            buffer.restart();
        }
    }

    #[test]
    fn speech_comes_with_its_padding() {
        let mut buffer = SpeechBuffer::new(16_000, 8_000, 960_000);
        silence(&mut buffer, 0, 100);
        buffer.begin_push();
        buffer.extend(&ramp(51_200..52_224).collect::<Vec<_>>());
        buffer.advance(512);
        buffer.advance(512);
        let shown = buffer.show();
        assert_eq!((shown.start, shown.end), (51_200 - 8_000, 52_224));
        assert!(shows(&buffer, shown));
        buffer.begin_push();
        assert_eq!(buffer.view(shown), None);
    }

    #[test]
    fn silence_keeps_no_more_than_a_few_paddings() {
        let mut buffer = SpeechBuffer::new(16_000, 8_000, 960_000);
        silence(&mut buffer, 0, 10_000);
        let held: usize = buffer.chunks.iter().map(|chunk| chunk.samples.capacity()).sum();
        assert!(held <= 2 * 8_000 + 1_600, "{held}");
    }

    #[test]
    fn a_long_utterance_is_cut_but_the_next_has_its_padding() {
        let mut buffer = SpeechBuffer::new(16_000, 2_048, 10_240);
        silence(&mut buffer, 0, 10);
        let from = 5_120;
        speak(&mut buffer, from, 1_000);
        let held: usize = buffer.chunks.iter().map(|chunk| chunk.samples.len()).sum();
        assert!(held <= 12_288 + 2 * 2_048 + 1_024, "{held}");
        let cut = buffer.show();
        assert_eq!((cut.start, cut.samples()), (from - 2_048, 12_288));
        assert!(shows(&buffer, cut));
        // The end and the next start in the same push: both can be seen.
        buffer.restart();
        let from = from + 1_000 * 512;
        buffer.extend(&ramp(from..from + 1_024).collect::<Vec<_>>());
        buffer.advance(512);
        buffer.advance(512);
        let next = buffer.show();
        assert_eq!((next.start, next.end), (from - 2_048, from + 1_024));
        assert!(shows(&buffer, next));
        assert_eq!(buffer.view(cut).map(<[i16]>::len), Some(12_288));
        buffer.begin_push();
        assert_eq!(buffer.chunks.len(), 1);
        assert_eq!(buffer.view(cut), None);
    }

    #[test]
    fn an_utterance_that_just_fits_is_not_cut() {
        let mut buffer = SpeechBuffer::new(16_000, 512, 1_024);
        speak(&mut buffer, 0, 3);
        assert!(!buffer.is_full);
        // So the next one has its padding, out of the end of this one.
        buffer.restart();
        speak(&mut buffer, 1_536, 1);
        let next = buffer.show();
        assert_eq!((next.start, next.end), (1_024, 2_048));
        assert!(shows(&buffer, next));
    }

    #[test]
    fn an_utterance_is_cut_between_two_windows_too() {
        let mut buffer = SpeechBuffer::new(16_000, 512, 1_000);
        speak(&mut buffer, 0, 1_000);
        let held: usize = buffer.chunks.iter().map(|chunk| chunk.samples.len()).sum();
        assert!(held <= 1_512 + 2 * 1_024 + 512, "{held}");
        let cut = buffer.show();
        assert_eq!((cut.start, cut.end), (0, 1_512));
        assert!(shows(&buffer, cut));
    }

    #[test]
    fn audio_is_moved_only_when_that_frees_a_padding() {
        let mut buffer = SpeechBuffer::new(16_000, 8_000, 960_000);
        silence(&mut buffer, 0, 31);
        buffer.begin_push();
        // 7,872 samples are over.
        assert_eq!(buffer.chunks[0].start, 0);
        silence(&mut buffer, 31 * 512, 1);
        buffer.begin_push();
        assert_eq!(buffer.chunks[0].start, 32 * 512 - 8_000);
    }

    #[test]
    fn an_utterance_of_which_nothing_is_kept_has_no_samples() {
        let mut buffer = SpeechBuffer::new(16_000, 0, 0);
        for _ in 0..2 {
            buffer.begin_push();
            buffer.extend(&[1; 512]);
            buffer.advance(512);
        }
        buffer.begin_push();
        let shown = buffer.show();
        assert_eq!((shown.samples(), buffer.view(shown)), (0, Some(&[][..])));
    }

    #[test]
    fn clearing_gives_back_the_memory_of_a_long_utterance() {
        let mut buffer = SpeechBuffer::new(16_000, 8_000, 960_000);
        buffer.extend(&ramp(0..600_000).collect::<Vec<_>>());
        buffer.advance(600_000);
        buffer.clear();
        // No more, and no less: an ordinary utterance will not have to ask for it again.
        let capacity = buffer.chunks[0].samples.capacity();
        assert!((4 * 8_000 + 16_000..4 * 8_000 + 17_000).contains(&capacity), "{capacity}");
        buffer.extend(&ramp(0..512).collect::<Vec<_>>());
        assert_eq!(buffer.advance(512), SampleRange { start: 0, end: 512, sample_rate: 16_000 });
    }
}
