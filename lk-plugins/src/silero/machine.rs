//! From probabilities to the edges of speech: LiveKit's state machine, window by window.

use std::time::Duration;

use lk_plugin::{SampleRange, VadEvent, VadEventType};

/// How much of the smoothed probability is carried to the next window.
const SMOOTHING: f64 = 0.35;

/// When a window is speech, and when that counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thresholds {
    pub(super) activation: f64,
    pub(super) deactivation: f64,
    pub(super) min_speech: Duration,
    pub(super) min_silence: Duration,
}

/// What a window changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing that anybody else needs to know.
    None,
    /// Silence goes on: audio older than the padding is not needed any more.
    Silence,
    /// Speech began.
    Start,
    /// Speech ended; audio older than the padding is not needed any more.
    End,
}

/// One stream's state. Times are sums of whole windows, so they are exact.
#[derive(Debug)]
pub(super) struct Machine {
    thresholds: Thresholds,
    window: u64,
    window_duration: Duration,
    smoothed: Option<f64>,
    speaking: bool,
    samples_index: u64,
    timestamp: Duration,
    // What events report.
    speech: Duration,
    silence: Duration,
    // What is counted towards the next edge.
    accumulated_speech: Duration,
    accumulated_silence: Duration,
}

impl Machine {
    pub(super) fn new(thresholds: Thresholds, window: usize, window_duration: Duration) -> Self {
        Self {
            thresholds,
            window: window as u64,
            window_duration,
            smoothed: None,
            speaking: false,
            samples_index: 0,
            timestamp: Duration::ZERO,
            speech: Duration::ZERO,
            silence: Duration::ZERO,
            accumulated_speech: Duration::ZERO,
            accumulated_silence: Duration::ZERO,
        }
    }

    /// As it was before the first window.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.thresholds, self.window as usize, self.window_duration);
    }

    pub(super) fn is_speaking(&self) -> bool {
        self.speaking
    }

    /// Counts a window of this raw probability and returns its event. The event shows the state from before the window's
    /// own judgement; [`judge`](Machine::judge) makes that.
    pub(super) fn infer(&mut self, probability: f32, inference_duration: Duration, audio: SampleRange) -> VadEvent {
        let raw = f64::from(probability);
        let smoothed = self.smoothed.map_or(raw, |smoothed| SMOOTHING * smoothed + (1.0 - SMOOTHING) * raw);
        self.smoothed = Some(smoothed);
        self.samples_index += self.window;
        self.timestamp += self.window_duration;
        if self.speaking {
            self.speech += self.window_duration;
        } else {
            self.silence += self.window_duration;
        }
        let mut event = self.event(VadEventType::InferenceDone, audio);
        event.probability = smoothed as f32;
        event.inference_duration = inference_duration;
        event.raw_accumulated_silence = self.accumulated_silence;
        event.raw_accumulated_speech = self.accumulated_speech;
        event
    }

    /// Decides about the window that was counted last.
    pub(super) fn judge(&mut self) -> Change {
        let probability = self.smoothed.unwrap_or_default();
        let Thresholds { activation, deactivation, min_speech, min_silence } = self.thresholds;
        if probability >= activation || (self.speaking && probability > deactivation) {
            self.accumulated_speech += self.window_duration;
            self.accumulated_silence = Duration::ZERO;
            if self.speaking || self.accumulated_speech < min_speech {
                return Change::None;
            }
            self.speaking = true;
            self.silence = Duration::ZERO;
            self.speech = self.accumulated_speech;
            return Change::Start;
        }
        self.accumulated_silence += self.window_duration;
        self.accumulated_speech = Duration::ZERO;
        if !self.speaking {
            return Change::Silence;
        }
        if self.accumulated_silence < min_silence {
            return Change::None;
        }
        Change::End
    }

    /// The event of speech that began with the last window.
    pub(super) fn start(&self, audio: SampleRange) -> VadEvent {
        self.event(VadEventType::StartOfSpeech, audio)
    }

    /// Closes the speech and returns its event: because of silence, or because the input ends.
    pub(super) fn end(&mut self, audio: SampleRange) -> VadEvent {
        self.speaking = false;
        self.silence = self.accumulated_silence;
        self.speech = self.speech.saturating_sub(self.accumulated_silence);
        let event = self.event(VadEventType::EndOfSpeech, audio);
        self.speech = Duration::ZERO;
        event
    }

    fn event(&self, event_type: VadEventType, audio: SampleRange) -> VadEvent {
        let mut event = VadEvent::new(event_type, audio);
        event.samples_index = self.samples_index;
        event.timestamp = self.timestamp;
        event.speech_duration = self.speech;
        event.silence_duration = self.silence;
        event.speaking = self.speaking;
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_millis(32);
    const AUDIO: SampleRange = SampleRange { start: 0, end: 512, sample_rate: 16_000 };

    fn machine(deactivation: f64) -> Machine {
        let thresholds = Thresholds {
            activation: 0.5,
            deactivation,
            min_speech: Duration::from_millis(50),
            min_silence: Duration::from_millis(550),
        };
        Machine::new(thresholds, 512, WINDOW)
    }

    /// Windows (from 1) at which speech starts and ends.
    fn edges(machine: &mut Machine, probabilities: impl IntoIterator<Item = f32>) -> Vec<(usize, Change)> {
        let mut edges = Vec::new();
        for (index, probability) in probabilities.into_iter().enumerate() {
            machine.infer(probability, Duration::ZERO, AUDIO);
            let change = machine.judge();
            if change == Change::End {
                machine.end(AUDIO);
            }
            if matches!(change, Change::Start | Change::End) {
                edges.push((index + 1, change));
            }
        }
        edges
    }

    fn windows(probability: f32, count: usize) -> impl Iterator<Item = f32> {
        std::iter::repeat_n(probability, count)
    }

    #[test]
    fn defaults_need_two_windows_to_start_and_eighteen_of_silence_to_end() {
        let found = edges(&mut machine(0.35), windows(1.0, 10).chain(windows(0.0, 30)));
        // The first silent window is smoothed to 0.35, which is not above the deactivation threshold.
        assert_eq!(found, [(2, Change::Start), (28, Change::End)]);
    }

    #[test]
    fn speech_goes_on_between_the_two_thresholds_but_does_not_begin_there() {
        assert_eq!(edges(&mut machine(0.35), windows(0.4, 40)), []);
        let found = edges(&mut machine(0.35), windows(0.9, 5).chain(windows(0.4, 40)));
        assert_eq!(found, [(2, Change::Start)]);
        let found = edges(&mut machine(0.45), windows(0.9, 5).chain(windows(0.4, 40)));
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn a_single_loud_window_is_no_speech() {
        assert_eq!(edges(&mut machine(0.35), windows(0.0, 5).chain(windows(0.7, 1)).chain(windows(0.0, 5))), []);
    }

    #[test]
    fn exactly_as_much_as_is_asked_for_is_enough() {
        let thresholds =
            Thresholds { activation: 0.5, deactivation: 0.35, min_speech: 3 * WINDOW, min_silence: 2 * WINDOW };
        let found = edges(&mut Machine::new(thresholds, 512, WINDOW), windows(1.0, 5).chain(windows(0.0, 5)));
        assert_eq!(found, [(3, Change::Start), (7, Change::End)]);
    }

    #[test]
    fn probabilities_are_smoothed_from_the_first_on() {
        let mut machine = machine(0.35);
        let first = machine.infer(1.0, Duration::ZERO, AUDIO).probability;
        let second = machine.infer(0.0, Duration::ZERO, AUDIO).probability;
        assert_eq!((first, second), (1.0, 0.35));
    }

    #[test]
    fn durations_count_the_utterance_without_its_closing_silence() {
        let mut machine = machine(0.35);
        for probability in windows(1.0, 10).chain(windows(0.0, 18)) {
            machine.infer(probability, Duration::ZERO, AUDIO);
            machine.judge();
        }
        let end = machine.end(AUDIO);
        assert_eq!((end.speech_duration, end.silence_duration), (10 * WINDOW, 18 * WINDOW));
        assert!(!end.speaking);
        assert_eq!((end.samples_index, end.timestamp), (28 * 512, 28 * WINDOW));
    }

    #[test]
    fn a_reset_machine_is_a_new_one() {
        let mut machine = machine(0.35);
        edges(&mut machine, windows(1.0, 10));
        machine.reset();
        assert_eq!(edges(&mut machine, windows(1.0, 2)), [(2, Change::Start)]);
        assert_eq!(machine.infer(0.0, Duration::ZERO, AUDIO).samples_index, 3 * 512);
    }
}
