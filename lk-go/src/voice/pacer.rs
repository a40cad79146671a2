//! The clock of a conversation beside the wall's.

use std::time::{Duration, Instant};

use super::options::Pace;

/// How the clock and the wall clock go together.
pub(super) struct Pacer {
    pace: Pace,
    // When the clock's time is, on the wall; `None` while the clock runs free.
    due: Option<Instant>,
}

impl Pacer {
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, due: None }
    }

    /// When the step that began then may end, if it must wait. A step that ended late does not make the next ones late.
    pub(super) fn deadline(&mut self, begun: Instant, duration: Duration) -> Instant {
        let deadline = self.due.unwrap_or(begun) + duration;
        self.due = Some(deadline);
        deadline
    }

    /// Whether the step waits for its deadline.
    pub(super) fn waits(&self, for_plugin: bool) -> bool {
        self.pace == Pace::Realtime || for_plugin
    }

    /// The step is over. What does not wait runs free, and the next wait counts from its own beginning.
    pub(super) fn passed(&mut self, is_waiting: bool) {
        if !self.waits(is_waiting) {
            self.due = None;
        }
    }
}
