//! What a conversation consists of: messages, the calls that the model made, and what they returned.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// One item of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChatItem {
    /// Something said.
    Message(ChatMessage),
    /// A call that the model wants made.
    FunctionCall(FunctionCall),
    /// What a call returned.
    FunctionCallOutput(FunctionCallOutput),
}

impl ChatItem {
    /// The item's own id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Message(item) => &item.id,
            Self::FunctionCall(item) => &item.id,
            Self::FunctionCallOutput(item) => &item.id,
        }
    }

    /// When the item came to be, from the Unix epoch.
    #[must_use]
    pub fn created_at(&self) -> Duration {
        match self {
            Self::Message(item) => item.created_at,
            Self::FunctionCall(item) => item.created_at,
            Self::FunctionCallOutput(item) => item.created_at,
        }
    }
}

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChatRole {
    /// The maker of the agent, above the system role where a provider tells the two apart.
    Developer,
    /// The maker of the agent.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl ChatRole {
    /// The name in JSON: `assistant`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// Something said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChatMessage {
    /// The item's own id, `item_…`.
    pub id: String,
    /// Who says it.
    pub role: ChatRole,
    /// What is said.
    pub content: Vec<ChatContent>,
    /// Whether the speech of it was cut off by the listener.
    #[serde(default)]
    pub interrupted: bool,
    /// How sure the transcription was, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript_confidence: Option<f64>,
    /// What else a provider needs to have back: a JSON object as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<String>,
    /// When it was said, from the Unix epoch; in JSON seconds.
    #[serde(with = "seconds")]
    pub created_at: Duration,
}

impl ChatMessage {
    /// A message of now, with a new id.
    pub fn new(role: ChatRole, text: impl Into<String>) -> Self {
        Self {
            id: new_item_id(),
            role,
            content: vec![ChatContent::Text(text.into())],
            interrupted: false,
            transcript_confidence: None,
            extra: None,
            created_at: now(),
        }
    }

    /// Adds a part.
    #[must_use]
    pub fn with_content(mut self, content: ChatContent) -> Self {
        self.content.push(content);
        self
    }

    /// The parts that are text, a line each.
    #[must_use]
    pub fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|part| match part {
            ChatContent::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }
}

/// One part of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChatContent {
    /// Words.
    Text(String),
    /// A picture.
    Image(ImageContent),
    /// Speech.
    Audio(AudioContent),
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImageContent {
    /// Where it is: an `https:` or `data:` URL.
    pub url: String,
    /// How closely the model should look.
    #[serde(default)]
    pub inference_detail: InferenceDetail,
    /// The media type, such as `image/png`, when the URL does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// The width to scale it to, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inference_width: Option<u32>,
    /// The height to scale it to, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inference_height: Option<u32>,
}

impl ImageContent {
    /// The picture at this URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            inference_detail: InferenceDetail::Auto,
            mime_type: None,
            inference_width: None,
            inference_height: None,
        }
    }
}

/// How closely a model looks at a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InferenceDetail {
    /// The provider decides.
    #[default]
    Auto,
    /// Closely.
    High,
    /// Briefly.
    Low,
}

/// Speech as a part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AudioContent {
    /// Signed 16-bit PCM, interleaved.
    pub samples: Vec<i16>,
    /// In Hz.
    pub sample_rate: u32,
    /// How many channels are interleaved.
    pub channels: u16,
    /// What is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<String>,
}

impl From<crate::AudioFrame> for AudioContent {
    fn from(frame: crate::AudioFrame) -> Self {
        let (sample_rate, channels) = (frame.sample_rate(), frame.channels());
        Self { samples: frame.into_samples(), sample_rate, channels, transcript: None }
    }
}

/// A call that the model wants made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FunctionCall {
    /// The item's own id, `item_…`.
    pub id: String,
    /// The provider's id of the call; the output names it.
    pub call_id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments: a whole JSON object as text.
    pub arguments: String,
    /// Which calls were made together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    /// What else a provider needs to have back: a JSON object as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<String>,
    /// When it was made, from the Unix epoch; in JSON seconds.
    #[serde(with = "seconds")]
    pub created_at: Duration,
}

impl FunctionCall {
    /// A call of now, with a new id.
    pub fn new(call_id: impl Into<String>, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self {
            id: new_item_id(),
            call_id: call_id.into(),
            name: name.into(),
            arguments: arguments.into(),
            group_id: None,
            extra: None,
            created_at: now(),
        }
    }
}

/// What a call returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FunctionCallOutput {
    /// The item's own id, `item_…`.
    pub id: String,
    /// The call that it answers.
    pub call_id: String,
    /// The tool's name; may be empty.
    #[serde(default)]
    pub name: String,
    /// What the tool returned, or the error in words for the model.
    pub output: String,
    /// Whether that is an error.
    #[serde(default)]
    pub is_error: bool,
    /// Whether the model should say something about it.
    #[serde(default = "yes")]
    pub reply_required: bool,
    /// When it returned, from the Unix epoch; in JSON seconds.
    #[serde(with = "seconds")]
    pub created_at: Duration,
}

impl FunctionCallOutput {
    /// The answer to `call`, of now, with a new id.
    pub fn new(call: &FunctionCall, output: impl Into<String>) -> Self {
        Self {
            id: new_item_id(),
            call_id: call.call_id.clone(),
            name: call.name.clone(),
            output: output.into(),
            is_error: false,
            reply_required: true,
            created_at: now(),
        }
    }

    /// The same, as an error that the model is told.
    #[must_use]
    pub fn with_error(mut self, is_error: bool) -> Self {
        self.is_error = is_error;
        self
    }
}

fn new_item_id() -> String {
    let letters = std::iter::repeat_with(fastrand::alphanumeric).take(12);
    std::iter::once("item_".to_owned()).chain(letters.map(String::from)).collect()
}

fn now() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // Whole microseconds, so that a context is the same after its way through JSON.
    Duration::from_micros(since.as_micros() as u64)
}

const fn yes() -> bool {
    true
}

/// Durations as seconds in JSON.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        // Whole microseconds survive the way through a double; more digits would only look exact.
        (duration.as_micros() as f64 / 1e6).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        if !(0.0..1e15).contains(&seconds) {
            return Err(serde::de::Error::custom(format_args!("`{seconds}` is not a number of seconds since 1970")));
        }
        Ok(Duration::from_micros((seconds * 1e6).round() as u64))
    }
}
