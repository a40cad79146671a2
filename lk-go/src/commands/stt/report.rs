//! What was heard, as JSON.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lk_plugin::{RecognitionUsage, SpeechData, SpeechEvent, TimedString};
use serde::Serialize;

use crate::error::Result;
use crate::output;

/// The event as a line of JSON.
///
/// # Errors
///
/// When it has no JSON form.
pub(super) fn line(event: &SpeechEvent) -> Result<String> {
    output::json_line(&Line::of(event))
}

#[derive(Serialize)]
struct Line<'e> {
    r#type: &'static str,
    request_id: &'e str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alternatives: Vec<Transcript<'e>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    // Seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    speech_start_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    speech_end_time: Option<f64>,
}

#[derive(Serialize)]
struct Transcript<'e> {
    language: &'e str,
    text: &'e str,
    start_time: f64,
    end_time: f64,
    confidence: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    speaker_id: Option<&'e str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    words: Vec<Word<'e>>,
}

#[derive(Serialize)]
struct Word<'e> {
    text: &'e str,
    start_time: Option<f64>,
    end_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<f32>,
}

#[derive(Serialize)]
struct Usage {
    audio_duration: f64,
    input_tokens: u64,
    output_tokens: u64,
}

impl<'e> Line<'e> {
    fn of(event: &'e SpeechEvent) -> Self {
        Self {
            r#type: event.event_type.as_str(),
            request_id: &event.request_id,
            alternatives: event.alternatives.iter().map(Transcript::of).collect(),
            usage: event.recognition_usage.as_ref().map(Usage::of),
            speech_start_time: event.speech_start_time.and_then(since_epoch),
            speech_end_time: event.speech_end_time.and_then(since_epoch),
        }
    }
}

impl<'e> Transcript<'e> {
    fn of(data: &'e SpeechData) -> Self {
        Self {
            language: data.language.as_str(),
            text: &data.text,
            start_time: data.start_time.as_secs_f64(),
            end_time: data.end_time.as_secs_f64(),
            confidence: data.confidence,
            speaker_id: data.speaker_id.as_deref(),
            words: data.words.iter().map(Word::of).collect(),
        }
    }
}

impl<'e> Word<'e> {
    fn of(word: &'e TimedString) -> Self {
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
        Self {
            text: &word.text,
            start_time: seconds(word.start_time),
            end_time: seconds(word.end_time),
            confidence: word.confidence,
        }
    }
}

impl Usage {
    fn of(usage: &RecognitionUsage) -> Self {
        Self {
            audio_duration: usage.audio_duration.as_secs_f64(),
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
        }
    }
}

/// `None` for a clock before 1970.
fn since_epoch(time: SystemTime) -> Option<f64> {
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs_f64())
}
