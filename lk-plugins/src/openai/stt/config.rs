//! What can be set about `stt/openai`, and which model takes what.

use std::time::Duration;

use lk_plugin::{ConfigValue, Error, LanguageCode, PluginConfig, Result};

use crate::openai::connection::openai_config;

openai_config! {
    /// How [`OpenAiStt`](super::OpenAiStt) listens, and where its server is.
    #[config(check = OpenAiSttConfig::check)]
    pub struct OpenAiSttConfig {
        /// The model. Unless given, the preset's: `gpt-4o-mini-transcribe` for `openai` and `azure`.
        pub(super) model: Option<String>,
        /// The language spoken; a call's own goes before it.
        #[config(default = "en")]
        pub(super) language: LanguageCode,
        /// The languages that may be spoken, in place of `language`; for `gpt-transcribe` and `gpt-live-transcribe`.
        #[config(default = [])]
        pub(super) languages: Vec<LanguageCode>,
        /// Leave it to the server to find out the language.
        #[config(default = false)]
        pub(super) detect_language: bool,
        /// What the speech is about, or how it went on so far: helps with names and style.
        pub(super) prompt: Option<String>,
        /// Words to expect; for `gpt-transcribe` and `gpt-live-transcribe`. A call's own are added.
        #[config(default = [])]
        pub(super) keywords: Vec<String>,
        /// How freely the model guesses; not with realtime.
        #[config(range = 0.0..=1.0)]
        pub(super) temperature: Option<f64>,
        /// What to ask the server for. Unless given, `verbose_json` for Whisper, which tells times, else `json`.
        pub(super) response_format: Option<TranscriptFormat>,
        /// What is to have times, with `verbose_json`.
        #[config(default = ["word", "segment"])]
        pub(super) timestamp_granularities: Vec<TimestampGranularity>,
        /// Open live streams as realtime sessions over a websocket. Unless given, only for the models that know nothing
        /// else (`gpt-realtime-whisper`, `gpt-live-transcribe`).
        pub(super) use_realtime: Option<bool>,
        /// Open live streams without realtime: each segment (from flush to flush) is one request, whose transcript comes
        /// as it is written (`stream=true`).
        #[config(default = false)]
        pub(super) use_sse: bool,
        /// Who finds the ends of utterances in a realtime session. Unless given, `server_vad`; for the models that cannot
        /// (`gpt-realtime-whisper`, `gpt-live-transcribe`) `none`: then a flush ends an utterance.
        pub(super) turn_detection: Option<TurnDetection>,
        /// Where the microphone is, for the server's noise reduction in a realtime session.
        pub(super) noise_reduction_type: Option<NoiseReduction>,
        /// How old a realtime session may get before another one takes its place.
        #[config(default = 600.0, range = 1.0..=3600.0)]
        pub(super) max_session_duration: Duration,
    }
}

/// What an answer of a transcription looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ConfigValue)]
pub enum TranscriptFormat {
    /// The text.
    Json,
    /// The text, its language, and times.
    VerboseJson,
}

/// What can have times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ConfigValue)]
pub enum TimestampGranularity {
    /// Each word.
    Word,
    /// Pieces of a sentence or so.
    Segment,
}

/// Where the microphone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ConfigValue)]
pub enum NoiseReduction {
    /// Close to the mouth.
    NearField,
    /// In the room.
    FarField,
}

/// How the ends of utterances are found.
#[derive(Debug, Clone, PluginConfig)]
pub struct TurnDetection {
    /// Who finds them.
    #[config(default = "server_vad")]
    pub(super) mode: TurnDetectionMode,
    /// How sure `server_vad` must be that somebody speaks.
    #[config(default = 0.5, range = 0.0..=1.0)]
    pub(super) threshold: f64,
    /// How much audio before the speech belongs to it, with `server_vad`.
    #[config(default = 0.6, range = 0.0..=10.0)]
    pub(super) prefix_padding: Duration,
    /// How much silence ends it, with `server_vad`.
    #[config(default = 0.35, range = 0.0..=10.0)]
    pub(super) silence_duration: Duration,
    /// How soon `semantic_vad` takes a pause for the end.
    #[config(default = "auto")]
    pub(super) eagerness: Eagerness,
}

impl Default for TurnDetection {
    /// The same as in a config that says nothing of it.
    fn default() -> Self {
        Self {
            mode: TurnDetectionMode::ServerVad,
            threshold: 0.5,
            prefix_padding: Duration::from_millis(600),
            silence_duration: Duration::from_millis(350),
            eagerness: Eagerness::Auto,
        }
    }
}

/// Who finds the ends of utterances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ConfigValue)]
pub enum TurnDetectionMode {
    /// The server, by silence.
    ServerVad,
    /// The server, by what is said.
    SemanticVad,
    /// The caller, who flushes the stream.
    None,
}

/// How soon a pause is taken for the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ConfigValue)]
pub enum Eagerness {
    /// As the server thinks.
    Auto,
    /// Late.
    Low,
    /// In between.
    Medium,
    /// Soon.
    High,
}

impl Eagerness {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl NoiseReduction {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::NearField => "near_field",
            Self::FarField => "far_field",
        }
    }
}

/// Whether the model takes several languages, and words to expect.
pub(super) fn takes_lists(model: &str) -> bool {
    model.starts_with("gpt-transcribe") || model.starts_with("gpt-live-transcribe")
}

/// Whether the model knows only realtime sessions, in which the caller ends the utterances.
pub(super) fn is_realtime_only(model: &str) -> bool {
    model.starts_with("gpt-realtime-whisper") || model.starts_with("gpt-live-transcribe")
}

impl OpenAiSttConfig {
    fn check(&self) -> std::result::Result<(), String> {
        let Some(model) = self.model.as_deref().or(self.preset.facts().stt_model) else { return Ok(()) };
        if model.trim().is_empty() {
            return Err("`model` is empty; name one, or leave it out".to_owned());
        }
        let lists = "`gpt-transcribe` and `gpt-live-transcribe`";
        if !self.keywords.is_empty() && !takes_lists(model) {
            return Err(format!("`{model}` takes no `keywords`; they are for {lists} (a `prompt` may help)"));
        }
        if !self.languages.is_empty() && !takes_lists(model) {
            return Err(format!("`{model}` takes no `languages`; they are for {lists}; give one `language`, or `detect_language`"));
        }
        if is_realtime_only(model) && (self.use_realtime == Some(false) || self.use_sse) {
            return Err(format!("`{model}` knows only realtime sessions; leave out `use_realtime` and `use_sse`"));
        }
        if self.use_sse && self.use_realtime == Some(true) {
            return Err("`use_sse` and `use_realtime` exclude each other; choose one".to_owned());
        }
        let detects = self.turn_detection.as_ref().is_some_and(|turns| turns.mode != TurnDetectionMode::None);
        if is_realtime_only(model) && detects {
            return Err(format!("`{model}` cannot find the ends of utterances; give `turn_detection.mode` as `none`"));
        }
        Ok(())
    }

    pub(super) fn model(&self) -> Result<String> {
        match self.model.as_deref().or(self.preset.facts().stt_model) {
            Some(model) => Ok(model.to_owned()),
            None => Err(Error::config(format!(
                "the preset `{}` has no transcription model of its own; give `model`",
                self.preset.facts().name
            ))),
        }
    }

    pub(super) fn format(&self, model: &str) -> TranscriptFormat {
        match self.response_format {
            Some(format) => format,
            None if model.contains("whisper") && !is_realtime_only(model) => TranscriptFormat::VerboseJson,
            None => TranscriptFormat::Json,
        }
    }
}
