//! Samples cut into the frames that are sent: of 20 to 200 ms, the last and only the last of them final.

use lk_plugin::{AudioFrame, EventSender, Result, SynthesizedAudio};

/// Collects samples and sends frames.
pub(super) struct Speaker {
    events: EventSender<SynthesizedAudio>,
    sample_rate: u32,
    request_id: String,
    pending: Vec<i16>,
    delivered: bool,
}

impl Speaker {
    /// A speaker of `sample_rate` Hz.
    pub(super) fn new(events: EventSender<SynthesizedAudio>, sample_rate: u32) -> Self {
        Self { events, sample_rate, request_id: String::new(), pending: Vec::new(), delivered: false }
    }

    /// Starts another attempt: what the last one left unsaid is forgotten.
    pub(super) fn start(&mut self, request_id: &str) {
        request_id.clone_into(&mut self.request_id);
        self.pending.clear();
    }

    /// Whether a frame has gone out: from then on nothing can be taken back.
    pub(super) fn delivered(&self) -> bool {
        self.delivered
    }

    /// Whether there was any sound in this attempt.
    pub(super) fn is_silent(&self) -> bool {
        !self.delivered && self.pending.is_empty()
    }

    /// Sends all but the last 20 ms, which might turn out to be the end.
    pub(super) async fn push(&mut self, samples: &[i16]) -> Result<()> {
        self.pending.extend_from_slice(samples);
        let (shortest, longest) = (self.shortest(), self.sample_rate as usize / LONGEST_IN_A_SECOND);
        let mut sent = 0;
        while self.pending.len() - sent >= 2 * shortest {
            let length = (self.pending.len() - sent - shortest).min(longest);
            let frame = self.pending[sent..sent + length].to_vec();
            sent += length;
            self.send(frame, false).await?;
        }
        self.pending.drain(..sent);
        Ok(())
    }

    /// Sends what is left as the final frame.
    pub(super) async fn finish(&mut self) -> Result<()> {
        let mut frame = std::mem::take(&mut self.pending);
        // Only the whole of a speech can be shorter than a frame; silence makes it one.
        frame.resize(frame.len().max(self.shortest()), 0);
        self.send(frame, true).await
    }

    async fn send(&mut self, samples: Vec<i16>, is_final: bool) -> Result<()> {
        let frame = AudioFrame::new(samples, self.sample_rate, 1)?;
        let audio = SynthesizedAudio::new(frame, self.request_id.as_str()).with_final(is_final);
        self.events.send(audio).await?;
        self.delivered = true;
        Ok(())
    }

    /// 20 ms, rounded up so that no frame is a sample too short.
    fn shortest(&self) -> usize {
        (self.sample_rate as usize).div_ceil(SHORTEST_IN_A_SECOND)
    }
}

/// Frames of 20 ms.
const SHORTEST_IN_A_SECOND: usize = 50;

/// Frames of 200 ms.
const LONGEST_IN_A_SECOND: usize = 5;
