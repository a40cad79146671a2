//! What was heard, for people and for programs.

use std::time::Duration;

use lk_plugin::VadEvent;
use serde::Serialize;

use crate::cli::Events;
use crate::error::Result;
use crate::output::seconds;
use crate::timeline::{self, Segment};
use crate::{output, terminal};

/// The width of the picture where there is no terminal.
const WIDTH: u16 = 80;

/// The widest picture: beyond it lines are hard to compare.
const MAX_WIDTH: u16 = 120;

/// What was heard.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// The wanted events, in order.
    pub(super) events: Vec<VadEvent>,
    /// The audio that was used.
    pub(super) length: Duration,
    /// The time that the plugin took.
    pub(super) processing: Duration,
    /// Whether the recording goes on.
    pub(super) interrupted: bool,
}

impl Report {
    /// The segments (before them all events, if wanted), the picture and the totals.
    pub(super) fn text(&self, events: Events) -> String {
        let segments = timeline::segments(&self.events, self.length);
        let mut parts = Vec::new();
        if events == Events::All && !self.events.is_empty() {
            parts.push(self.event_table());
        }
        if !segments.is_empty() {
            parts.push(segment_table(&segments));
        }
        let width = output::width().unwrap_or(WIDTH).min(MAX_WIDTH);
        parts.push(timeline::draw(&segments, self.length, usize::from(width), terminal::is_unicode()));
        parts.push(self.totals(&segments));
        parts.retain(|part| !part.is_empty());
        parts.join("\n")
    }

    /// One event a line.
    pub(super) fn json_lines(&self) -> Result<String> {
        let lines: Result<Vec<String>> =
            self.events.iter().map(|event| output::json_line(&Line::from(event))).collect();
        Ok(lines?.concat())
    }

    fn event_table(&self) -> String {
        let rows = self.events.iter().map(|event| {
            [
                format!("{:.3}", event.timestamp.as_secs_f64()),
                event.event_type.as_str().to_owned(),
                format!("{:.3}", event.probability),
                if event.speaking { "yes" } else { "no" }.to_owned(),
            ]
        });
        output::table(["TIME (s)", "EVENT", "PROBABILITY", "SPEAKING"], rows, &[0, 2])
    }

    fn totals(&self, segments: &[Segment]) -> String {
        let speech: Duration = segments.iter().map(|segment| segment.length()).sum();
        let percent = if self.length.is_zero() { 0.0 } else { 100.0 * speech.div_duration_f64(self.length) };
        format!(
            "audio            {:.3} s\n\
             speech           {:.3} s ({percent:.1} %)\n\
             segments         {}\n\
             processing time  {:.3} s\n\
             real-time factor {}\n",
            self.length.as_secs_f64(),
            speech.as_secs_f64(),
            segments.len(),
            self.processing.as_secs_f64(),
            real_time_factor(self.processing, self.length),
        )
    }
}

fn segment_table(segments: &[Segment]) -> String {
    let seconds = |duration: Duration| format!("{:.3}", duration.as_secs_f64());
    let rows = segments.iter().zip(1..).map(|(segment, number): (_, u64)| {
        [number.to_string(), seconds(segment.start), seconds(segment.end), seconds(segment.length())]
    });
    output::table(["SEGMENT", "START (s)", "END (s)", "LENGTH (s)"], rows, &[0, 1, 2, 3])
}

/// `0.0012 (820 times faster than real time)`.
fn real_time_factor(processing: Duration, length: Duration) -> String {
    if processing.is_zero() || length.is_zero() {
        return "none (nothing to measure)".to_owned();
    }
    let factor = processing.div_duration_f64(length);
    let (times, word) = if factor <= 1.0 { (1.0 / factor, "faster") } else { (factor, "slower") };
    let digits = usize::from(times < 10.0);
    format!("{factor:.4} ({times:.digits$} times {word} than real time)")
}

/// An event as a line of JSON; the names and units are LiveKit's.
#[derive(Serialize)]
struct Line {
    r#type: &'static str,
    samples_index: u64,
    timestamp: f64,
    probability: f64,
    inference_duration: f64,
    speaking: bool,
    speech_duration: f64,
    silence_duration: f64,
    raw_accumulated_speech: f64,
    raw_accumulated_silence: f64,
}

impl From<&VadEvent> for Line {
    fn from(event: &VadEvent) -> Self {
        Self {
            r#type: event.event_type.as_str(),
            samples_index: event.samples_index,
            timestamp: seconds(event.timestamp),
            probability: (f64::from(event.probability) * 1e6).round() / 1e6,
            inference_duration: seconds(event.inference_duration),
            speaking: event.speaking,
            speech_duration: seconds(event.speech_duration),
            silence_duration: seconds(event.silence_duration),
            raw_accumulated_speech: seconds(event.raw_accumulated_speech),
            raw_accumulated_silence: seconds(event.raw_accumulated_silence),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_time_factor_reads_both_ways() {
        let factor =
            |processing, length| real_time_factor(Duration::from_millis(processing), Duration::from_millis(length));
        assert_eq!(factor(12, 10_000), "0.0012 (833 times faster than real time)");
        assert_eq!(factor(500, 1_000), "0.5000 (2.0 times faster than real time)");
        assert_eq!(factor(3_000, 1_000), "3.0000 (3.0 times slower than real time)");
        assert_eq!(factor(3, 0), "none (nothing to measure)");
    }

    #[test]
    fn nothing_heard_is_still_a_report() {
        let text = Report::default().text(Events::All);
        assert!(text.starts_with("audio            0.000 s\nspeech           0.000 s (0.0 %)\n"), "{text}");
    }
}
