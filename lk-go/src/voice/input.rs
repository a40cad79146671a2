//! What came in: how long it was, and the last of it.

use std::collections::VecDeque;
use std::time::Duration;

use lk_plugin::{AudioFrameRef, Result, duration_to_samples, samples_to_duration};

/// How much of the last audio is kept, for what a vad has not judged when it tells of speech.
const RECENT: Duration = Duration::from_millis(200);

/// The input of a conversation, whose length is its clock.
#[derive(Default)]
pub(super) struct Input {
    // The rate and the channels of the first frame, and so of all.
    format: Option<(u32, u16)>,
    // Samples of one channel that were heard, and the time since.
    heard: u64,
    since: Duration,
    // The last of it, one channel.
    recent: VecDeque<i16>,
}

impl Input {
    /// Takes a frame.
    ///
    /// # Errors
    ///
    /// When its format is not that of the frames before.
    pub(super) fn hear(&mut self, frame: AudioFrameRef<'_>) -> Result<()> {
        let format = (frame.sample_rate(), frame.channels());
        let first = *self.format.get_or_insert(format);
        if first != format {
            return Err(lk_plugin::format_changed(first, format));
        }
        self.heard += frame.samples_per_channel() as u64;
        self.recent.extend(frame.mono());
        let most = usize::try_from(duration_to_samples(RECENT, frame.sample_rate())).unwrap_or(usize::MAX);
        // What is longer is one frame of a caller that gives long ones.
        let surplus = self.recent.len().saturating_sub(most.max(frame.samples_per_channel()));
        self.recent.drain(..surplus);
        Ok(())
    }

    /// Lets time go on without audio.
    pub(super) fn pass(&mut self, duration: Duration) {
        self.since += duration;
    }

    /// How much was heard, and what passed since.
    pub(super) fn clock(&self) -> Duration {
        let heard = self.format.map_or(Duration::ZERO, |(rate, _)| samples_to_duration(self.heard, rate));
        heard + self.since
    }

    /// The samples of one channel from that place on, as far as they are kept.
    pub(super) fn after(&self, place: u64) -> Vec<i16> {
        let count = usize::try_from(self.heard.saturating_sub(place)).unwrap_or(usize::MAX);
        self.recent.range(self.recent.len().saturating_sub(count)..).copied().collect()
    }
}
