//! The messages of a transcription session.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Call;
use super::super::config::{TurnDetection, TurnDetectionMode, is_realtime_only, takes_lists};
use super::super::transcript::Usage;
use super::ledger::SAMPLE_RATE;

/// Ends the segment that the server collects.
pub(super) const COMMIT: &str = r#"{"type":"input_audio_buffer.commit"}"#;

/// The least audio that a server takes for a segment, in milliseconds.
pub(super) const SHORTEST_SEGMENT_MS: u64 = 100;

/// The message that says what is to be transcribed and how.
pub(super) fn session_update(call: &Call) -> String {
    let config = &call.listening.config;
    let model = &call.listening.model;
    let mut transcription = json!({ "model": model });
    match (call.hints(), takes_lists(model)) {
        (hints, true) if !hints.is_empty() => transcription["languages"] = json!(hints),
        (hints, false) if hints.len() == 1 => transcription["language"] = json!(hints[0]),
        _ => {}
    }
    if !call.keywords.is_empty() {
        transcription["keywords"] = json!(call.keywords);
    }
    if let Some(prompt) = &config.prompt {
        transcription["prompt"] = json!(prompt);
    }
    let mut input = json!({
        "format": { "type": "audio/pcm", "rate": SAMPLE_RATE },
        "transcription": transcription,
        "turn_detection": turn_detection(&turns(call)),
    });
    if let Some(noise) = config.noise_reduction_type {
        input["noise_reduction"] = json!({ "type": noise.as_str() });
    }
    json!({ "type": "session.update", "session": { "type": "transcription", "audio": { "input": input } } }).to_string()
}

/// How the ends of utterances are found in this call.
pub(super) fn turns(call: &Call) -> TurnDetection {
    match &call.listening.config.turn_detection {
        Some(turns) => turns.clone(),
        None if is_realtime_only(&call.listening.model) => {
            TurnDetection { mode: TurnDetectionMode::None, ..TurnDetection::default() }
        }
        None => TurnDetection::default(),
    }
}

fn turn_detection(turns: &TurnDetection) -> Value {
    match turns.mode {
        TurnDetectionMode::None => Value::Null,
        TurnDetectionMode::ServerVad => json!({
            "type": "server_vad",
            "threshold": turns.threshold,
            "prefix_padding_ms": turns.prefix_padding.as_millis() as u64,
            "silence_duration_ms": turns.silence_duration.as_millis() as u64,
        }),
        TurnDetectionMode::SemanticVad => json!({ "type": "semantic_vad", "eagerness": turns.eagerness.as_str() }),
    }
}

/// The message that brings audio.
pub(super) fn append(pcm: &[u8]) -> String {
    // Base64 needs no escapes.
    format!(r#"{{"type":"input_audio_buffer.append","audio":"{}"}}"#, BASE64_STANDARD.encode(pcm))
}

/// A message of the server; its kind decides which of the fields mean anything.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Message {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) item_id: Option<String>,
    pub(super) delta: Option<String>,
    pub(super) transcript: Option<String>,
    language: Option<String>,
    languages: Option<Vec<String>>,
    pub(super) audio_start_ms: Option<u64>,
    pub(super) audio_end_ms: Option<u64>,
    pub(super) usage: Option<Usage>,
    pub(super) error: Option<Value>,
}

impl Message {
    /// The language that was heard.
    pub(super) fn language(&self) -> Option<&str> {
        let first = self.languages.as_ref().and_then(|languages| languages.first());
        self.language.as_deref().or(first.map(String::as_str))
    }

    /// Whether the server says that there was nothing to end.
    pub(super) fn is_empty_commit(&self) -> bool {
        let code = self.error.as_ref().and_then(|error| error.get("code")).and_then(Value::as_str);
        self.kind == "error" && code == Some("input_audio_buffer_commit_empty")
    }
}
