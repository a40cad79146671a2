//! Where speech is in a recording: segments from events, and their picture.

use std::time::Duration;

use lk_plugin::{VadEvent, VadEventType};

/// The steps between two marks of the time axis, in milliseconds: what people count in.
const STEPS: [u64; 18] = [
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
    3_600_000, 7_200_000, 21_600_000,
];

/// The fewest characters between two marks of the time axis: room for a label and a gap.
const MARK_DISTANCE: u64 = 10;

/// One stretch of speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    /// When it starts, from the start of the recording.
    pub(crate) start: Duration,
    /// When it ends.
    pub(crate) end: Duration,
}

impl Segment {
    /// How long it lasts.
    pub(crate) fn length(self) -> Duration {
        self.end.saturating_sub(self.start)
    }
}

/// The segments of a recording of this length.
///
/// Speech started at the START event's `timestamp - speech_duration`: the event comes when the detector is sure, and
/// `speech_duration` is the speech that it took. (The event's audio starts earlier, with the padding.) Speech ended at
/// the END event's `timestamp - silence_duration`, before the silence that ended it. A START without END ends with the
/// recording.
pub(crate) fn segments(events: &[VadEvent], length: Duration) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut open = None;
    for event in events {
        match event.event_type {
            VadEventType::StartOfSpeech => open = Some(event.timestamp.saturating_sub(event.speech_duration)),
            VadEventType::EndOfSpeech => {
                let end = event.timestamp.saturating_sub(event.silence_duration);
                segments.extend(open.take().map(|start| Segment { start, end }));
            }
            _ => {}
        }
    }
    segments.extend(open.map(|start| Segment { start, end: length.max(start) }));
    segments
}

/// The picture: a line of speech and silence, the marks of the time axis, and their times; of ASCII unless `unicode`. Empty
/// when there is no room or nothing to draw.
pub(crate) fn draw(segments: &[Segment], length: Duration, width: usize, unicode: bool) -> String {
    draw_tracks(&[("", segments)], length, width, unicode)
}

/// As [`draw`], with several lines of speech and silence, each after its name.
pub(crate) fn draw_tracks(tracks: &[(&str, &[Segment])], length: Duration, width: usize, unicode: bool) -> String {
    let longest = tracks.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let indent = if longest == 0 { 0 } else { longest + 2 };
    let (length, width) = (millis(length), width.saturating_sub(indent) as u64);
    if length == 0 || width == 0 {
        return String::new();
    }
    let mut picture = String::new();
    for (name, segments) in tracks {
        picture.push_str(&format!("{name:indent$}{}\n", bar(segments, length, width, unicode)));
    }
    let (marks, labels) = axis(length, width);
    picture + &format!("{:indent$}{marks}\n{:indent$}{labels}\n", "", "")
}

fn bar(segments: &[Segment], length: u64, width: u64, unicode: bool) -> String {
    let (speech, silence) = if unicode { ('█', '·') } else { ('#', '.') };
    let mut cells = vec![silence; width as usize];
    for segment in segments {
        let cell = |time: Duration| millis(time).min(length) * width;
        // A cell is speech when its middle is; a segment between two middles still gets the cell where it starts.
        let first = (cell(segment.start) + length / 2) / length;
        let last = (cell(segment.end) + length / 2) / length;
        let range = if first < last { first..last } else { (first.min(width - 1))..(first.min(width - 1) + 1) };
        cells[range.start as usize..range.end as usize].fill(speech);
    }
    cells.into_iter().collect()
}

fn axis(length: u64, width: u64) -> (String, String) {
    let longest = STEPS[STEPS.len() - 1];
    let fits = |step: &u64| step * width / length >= MARK_DISTANCE;
    // Beyond the table: so many of the longest steps that the marks stay apart.
    let step = STEPS.into_iter().find(fits).unwrap_or_else(|| longest * (length / longest + 1));
    let (mut marks, mut labels) = (String::new(), String::new());
    for time in (0..length).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
        let column = (time * width / length) as usize;
        let label = label(time, step);
        marks.push_str(&" ".repeat(column - marks.len()));
        marks.push('|');
        if column + label.len() <= width as usize {
            labels.push_str(&" ".repeat(column.saturating_sub(labels.len())));
            labels.push_str(&label);
        }
    }
    (marks, labels)
}

/// A time in milliseconds: `2.5 s`, `5 s`, `1:30`, `1:00:00`.
fn label(time: u64, step: u64) -> String {
    let seconds = time / 1000;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) if step < 1000 => format!("{}.{} s", seconds, time % 1000 / 100),
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes}:{:02}", seconds % 60),
        _ => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use lk_plugin::SampleRange;

    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn segment(start: u64, end: u64) -> Segment {
        Segment { start: ms(start), end: ms(end) }
    }

    fn event(event_type: VadEventType, timestamp: u64, speech: u64, silence: u64) -> VadEvent {
        let mut event = VadEvent::new(event_type, SampleRange { start: 0, end: 0, sample_rate: 16_000 });
        event.timestamp = ms(timestamp);
        event.speech_duration = ms(speech);
        event.silence_duration = ms(silence);
        event
    }

    #[test]
    fn edges_are_put_back_to_where_speech_was() {
        let events = [
            event(VadEventType::StartOfSpeech, 1344, 64, 0),
            event(VadEventType::InferenceDone, 1376, 96, 0),
            event(VadEventType::EndOfSpeech, 4448, 2592, 576),
            event(VadEventType::StartOfSpeech, 5856, 64, 0),
        ];
        assert_eq!(segments(&events, ms(6000)), [segment(1280, 3872), segment(5792, 6000)]);
        assert_eq!(segments(&events[2..3], ms(6000)), [], "an end without a start is no segment");
    }

    #[test]
    fn the_picture_has_speech_in_its_place_and_a_time_axis() {
        let picture = draw(&[segment(1_000, 2_500), segment(8_000, 10_000)], ms(10_000), 40, true);
        let lines: Vec<&str> = picture.lines().collect();
        let expected = ["····██████······················████████", "|                   |", "0 s                 5 s"];
        assert_eq!(lines, expected);
        let ascii = draw(&[segment(1_000, 2_500), segment(8_000, 10_000)], ms(10_000), 40, false);
        assert_eq!(ascii.lines().next(), Some("....######......................########"));
    }

    #[test]
    fn a_blip_is_visible_even_at_the_end() {
        assert_eq!(draw(&[segment(0, 1)], ms(60_000), 20, true).lines().next(), Some("█···················"));
        assert_eq!(draw(&[segment(59_999, 60_000)], ms(60_000), 20, true).lines().next(), Some("···················█"));
        assert_eq!(draw(&[segment(0, 90_000)], ms(60_000), 5, true).lines().next(), Some("█████"));
    }

    #[test]
    fn any_length_and_width_can_be_drawn() {
        for length in [1, 40, 999, 61_000, 3_599_999, 86_400_000, 40_000_000_000] {
            for width in [1, 2, 7, 20, 80, 120] {
                let picture = draw(&[segment(length / 3, length / 2)], ms(length), width, true);
                let lines: Vec<&str> = picture.lines().collect();
                assert_eq!(lines.len(), 3, "{length} {width}");
                assert!(lines.iter().all(|line| line.chars().count() <= width), "{length} {width}\n{picture}");
            }
        }
        assert_eq!(draw(&[], Duration::ZERO, 80, true), "");
        assert_eq!(draw(&[], ms(10), 0, true), "");
    }

    #[test]
    fn labels_read_like_clocks() {
        let labels = [(0, 100), (2_500, 500), (5_000, 5_000), (90_000, 30_000), (3_600_000, 600_000)];
        assert_eq!(labels.map(|(time, step)| label(time, step)), ["0.0 s", "2.5 s", "5 s", "1:30", "1:00:00"]);
    }
}
