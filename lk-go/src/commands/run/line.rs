//! What happened, as JSON.

use serde::Serialize;

use super::report::Report;
use crate::error::Result;
use crate::output::{self, seconds};
use crate::voice::{VoiceEvent, VoiceEventType};

/// An event as a line of JSON.
///
/// # Errors
///
/// When it has no JSON form.
pub(super) fn of(event: &VoiceEvent) -> Result<String> {
    let line = Line { turn: event.turn, at: seconds(event.at), what: What::of(&event.event_type) };
    output::json_line(&line)
}

/// The last line.
///
/// # Errors
///
/// As [`of`].
pub(super) fn end(report: &Report, complete: bool) -> Result<String> {
    output::json_line(&End {
        r#type: "end",
        complete,
        input: seconds(report.input),
        output: seconds(report.length),
        turns: report.turns(),
        answered: report.answered(),
        interrupted: report.interrupted(),
        failed: report.failed(),
        processing_time: seconds(report.took),
    })
}

#[derive(Serialize)]
struct Line<'e> {
    #[serde(flatten)]
    what: What<'e>,
    turn: u64,
    at: f64,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum What<'e> {
    SpeechStarted { started: f64 },
    InterimTranscript { text: &'e str },
    SpeechEnded { ended: f64 },
    Transcript { text: &'e str, delay: f64 },
    NothingUnderstood { delay: f64 },
    FirstToken { delay: f64 },
    Reply { text: &'e str },
    FirstAudio { delay: f64, total: f64 },
    ReplyEnded { heard: &'e str, audio: f64, gaps: f64, interrupted: bool },
    Failed { stage: &'static str, kind: &'static str, error: String, retryable: bool, heard: &'e str },
}

#[derive(Serialize)]
struct End {
    r#type: &'static str,
    /// Whether the recording was answered to its end.
    complete: bool,
    input: f64,
    output: f64,
    turns: usize,
    answered: usize,
    interrupted: usize,
    failed: usize,
    processing_time: f64,
}

impl<'e> What<'e> {
    fn of(event_type: &'e VoiceEventType) -> Self {
        match event_type {
            VoiceEventType::SpeechStarted { started } => Self::SpeechStarted { started: seconds(*started) },
            VoiceEventType::InterimTranscript { text } => Self::InterimTranscript { text },
            VoiceEventType::SpeechEnded { ended } => Self::SpeechEnded { ended: seconds(*ended) },
            VoiceEventType::Transcript { text, delay } => Self::Transcript { text, delay: seconds(*delay) },
            VoiceEventType::NothingUnderstood { delay } => Self::NothingUnderstood { delay: seconds(*delay) },
            VoiceEventType::FirstToken { delay } => Self::FirstToken { delay: seconds(*delay) },
            VoiceEventType::Reply { text } => Self::Reply { text },
            VoiceEventType::FirstAudio { delay, total } => {
                Self::FirstAudio { delay: seconds(*delay), total: seconds(*total) }
            }
            VoiceEventType::ReplyEnded(ended) => Self::ReplyEnded {
                heard: &ended.heard,
                audio: seconds(ended.audio),
                gaps: seconds(ended.gaps),
                interrupted: ended.interrupted,
            },
            VoiceEventType::Failed(failure) => Self::Failed {
                stage: failure.stage.as_str(),
                kind: failure.error.kind().name(),
                error: failure.error.in_full(),
                retryable: failure.error.is_retryable(),
                heard: &failure.heard,
            },
        }
    }
}
