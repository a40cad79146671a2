//! What a monitor tells.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::error::{Error, ErrorKind, WireError};
use crate::kinds::Kind;

/// Something that a plugin did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum MonitorEvent {
    /// What a transcription took.
    Stt(SttMetrics),
    /// What a piece of speech took.
    Tts(TtsMetrics),
    /// What an answer took.
    Llm(LlmMetrics),
    /// What a second of listening took.
    Vad(VadMetrics),
    /// A member of a fallback failed, or is back.
    Availability(Availability),
    /// An attempt failed.
    Error(ErrorReport),
    /// So many events came before this place that nobody read in time.
    #[serde(serialize_with = "missed")]
    Missed(u64),
}

/// Who runs which model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Metadata {
    /// The model; `unknown` when there is no such thing.
    #[serde(serialize_with = "text")]
    pub model_name: Arc<str>,
    /// Who runs it; `unknown` when nobody else does.
    #[serde(serialize_with = "text")]
    pub model_provider: Arc<str>,
}

impl Metadata {
    pub(super) fn new(model: &str, provider: &str) -> Self {
        Self { model_name: model.into(), model_provider: provider.into() }
    }
}

/// What a transcription took: one for each whole utterance; of a live stream one for each of its usage events.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename = "stt_metrics")]
#[non_exhaustive]
pub struct SttMetrics {
    /// What the plugin was called when it was wrapped.
    #[serde(serialize_with = "text")]
    pub label: Arc<str>,
    /// The provider's id of the request; empty when it gave none.
    pub request_id: String,
    /// When this was told.
    #[serde(serialize_with = "epoch")]
    pub timestamp: SystemTime,
    /// How long the call took; zero for a live stream, which lasts as long as its audio.
    #[serde(serialize_with = "seconds")]
    pub duration: Duration,
    /// How much audio it was.
    #[serde(serialize_with = "seconds")]
    pub audio_duration: Duration,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Whether it was a live stream.
    pub streamed: bool,
    /// How long it took to get a connection; always zero, for plugins do not tell.
    #[serde(serialize_with = "seconds")]
    pub acquire_time: Duration,
    /// Whether the connection had been used before; always false, for plugins do not tell.
    pub connection_reused: bool,
    /// Whether it was given up before its end. Not in LiveKit's.
    #[serde(skip_serializing_if = "is_false")]
    pub cancelled: bool,
    /// Why it failed. Not in LiveKit's.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "error_kind")]
    pub error: Option<ErrorKind>,
    /// Who did it.
    pub metadata: Metadata,
}

/// What a piece of speech took: one for each text; of a live stream one for each segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename = "tts_metrics")]
#[non_exhaustive]
pub struct TtsMetrics {
    /// What the plugin was called when it was wrapped.
    #[serde(serialize_with = "text")]
    pub label: Arc<str>,
    /// The provider's id of the request, the last one if there were several; empty when it gave none.
    pub request_id: String,
    /// When this was told.
    #[serde(serialize_with = "epoch")]
    pub timestamp: SystemTime,
    /// From the text to the first audio; −1 in JSON when none came.
    #[serde(serialize_with = "seconds_or_minus_one")]
    pub ttfb: Option<Duration>,
    /// From the text to the end of the audio.
    #[serde(serialize_with = "seconds")]
    pub duration: Duration,
    /// How long the audio plays.
    #[serde(serialize_with = "seconds")]
    pub audio_duration: Duration,
    /// Whether it was given up before its end.
    pub cancelled: bool,
    /// How many characters the text has.
    pub characters_count: u64,
    /// Tokens read; zero, for plugins do not tell.
    pub input_tokens: u64,
    /// Tokens written; zero, for plugins do not tell.
    pub output_tokens: u64,
    /// Whether it was a live stream.
    pub streamed: bool,
    /// How long it took to get a connection; always zero, for plugins do not tell.
    #[serde(serialize_with = "seconds")]
    pub acquire_time: Duration,
    /// Whether the connection had been used before; always false, for plugins do not tell.
    pub connection_reused: bool,
    /// Which segment of a live stream it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment_id: Option<String>,
    /// Why it failed. Not in LiveKit's.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "error_kind")]
    pub error: Option<ErrorKind>,
    /// Who did it.
    pub metadata: Metadata,
}

/// What an answer took.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename = "llm_metrics")]
#[non_exhaustive]
pub struct LlmMetrics {
    /// What the plugin was called when it was wrapped.
    #[serde(serialize_with = "text")]
    pub label: Arc<str>,
    /// The provider's id of the answer; empty when it gave none.
    pub request_id: String,
    /// When this was told.
    #[serde(serialize_with = "epoch")]
    pub timestamp: SystemTime,
    /// From the question to the end of the answer.
    #[serde(serialize_with = "seconds")]
    pub duration: Duration,
    /// From the question to the first text or call; −1 in JSON when none came.
    #[serde(serialize_with = "seconds_or_minus_one")]
    pub ttft: Option<Duration>,
    /// Whether it was given up before its end.
    pub cancelled: bool,
    /// Tokens written.
    pub completion_tokens: u64,
    /// Tokens read, those from the cache included.
    pub prompt_tokens: u64,
    /// Of those, how many came from the provider's cache.
    pub prompt_cached_tokens: u64,
    /// Tokens that were put into the cache.
    pub cache_creation_tokens: u64,
    /// Of the tokens written, how many were thoughts.
    pub reasoning_tokens: u64,
    /// All of them.
    pub total_tokens: u64,
    /// Tokens written in a second of `duration`.
    pub tokens_per_second: f64,
    /// Why it failed. Not in LiveKit's.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "error_kind")]
    pub error: Option<ErrorKind>,
    /// Who did it.
    pub metadata: Metadata,
}

/// What listening took, about once in a second of audio and for the rest of it at the end.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename = "vad_metrics")]
#[non_exhaustive]
pub struct VadMetrics {
    /// What the plugin was called when it was wrapped.
    #[serde(serialize_with = "text")]
    pub label: Arc<str>,
    /// When this was told.
    #[serde(serialize_with = "epoch")]
    pub timestamp: SystemTime,
    /// How long ago speech last began or ended; without any, how long the stream has been open.
    #[serde(serialize_with = "seconds")]
    pub idle_time: Duration,
    /// How long the judgements took together.
    #[serde(serialize_with = "seconds")]
    pub inference_duration_total: Duration,
    /// How many windows were judged.
    pub inference_count: u64,
    /// Who did it.
    pub metadata: Metadata,
}

/// A member of a fallback failed, or is back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Availability {
    /// The kind of the fallback.
    pub kind: Kind,
    /// What the member is called.
    pub member: Arc<str>,
    /// Whether it will be asked.
    pub available: bool,
}

impl Availability {
    /// A member that is to be had, or no longer.
    pub fn new(kind: Kind, member: impl Into<Arc<str>>, available: bool) -> Self {
        Self { kind, member: member.into(), available }
    }
}

/// In JSON as LiveKit's event: `{"type": "stt_availability_changed", "stt": "openai", "available": false}`.
impl Serialize for Availability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("type", &format_args!("{}_availability_changed", self.kind))?;
        map.serialize_entry(self.kind.as_str(), &*self.member)?;
        map.serialize_entry("available", &self.available)?;
        map.end()
    }
}

/// An attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorReport {
    /// The kind of the plugin.
    pub kind: Kind,
    /// What the plugin was called when it was wrapped, or the member of a fallback.
    pub label: Arc<str>,
    /// When this was told.
    pub timestamp: SystemTime,
    /// What happened.
    pub error: WireError,
    /// Whether another attempt follows.
    pub recoverable: bool,
}

impl ErrorReport {
    /// A report of now.
    pub fn new(kind: Kind, label: impl Into<Arc<str>>, error: &Error, recoverable: bool) -> Self {
        Self { kind, label: label.into(), timestamp: SystemTime::now(), error: WireError::from(error), recoverable }
    }
}

/// In JSON as LiveKit's: `{"type": "stt_error", …}`; `error` has the kind's name beside the fields of [`WireError`].
impl Serialize for ErrorReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Named<'e> {
            kind: &'static str,
            #[serde(flatten)]
            error: &'e WireError,
        }
        let kind = ErrorKind::from_code(self.error.code).map_or("unknown", ErrorKind::name);
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("type", &format_args!("{}_error", self.kind))?;
        map.serialize_entry("timestamp", &since_epoch(self.timestamp))?;
        map.serialize_entry("label", &*self.label)?;
        map.serialize_entry("error", &Named { kind, error: &self.error })?;
        map.serialize_entry("recoverable", &self.recoverable)?;
        map.end()
    }
}

fn missed<S: Serializer>(count: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("type", "missed")?;
    map.serialize_entry("count", count)?;
    map.end()
}

fn text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

fn seconds_or_minus_one<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.map_or(-1.0, |duration| duration.as_secs_f64()))
}

fn since_epoch(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

fn epoch<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(since_epoch(*time))
}

fn error_kind<S: Serializer>(kind: &Option<ErrorKind>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.map_or("unknown", ErrorKind::name))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !flag
}
