//! What a transcription tells: events, transcripts, words with their times, usage.

use std::time::{Duration, SystemTime};

use crate::language::LanguageCode;

/// What a [`SpeechEvent`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpeechEventType {
    /// Somebody began to speak.
    StartOfSpeech,
    /// A transcript that may still change.
    InterimTranscript,
    /// A transcript stable enough to begin a reply with; it may still change.
    PreflightTranscript,
    /// A transcript that will not change.
    FinalTranscript,
    /// What the provider will charge for; no transcript.
    RecognitionUsage,
    /// The speaker fell silent.
    EndOfSpeech,
}

impl SpeechEventType {
    /// The name in JSON, the same as in LiveKit: `final_transcript`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StartOfSpeech => "start_of_speech",
            Self::InterimTranscript => "interim_transcript",
            Self::PreflightTranscript => "preflight_transcript",
            Self::FinalTranscript => "final_transcript",
            Self::RecognitionUsage => "recognition_usage",
            Self::EndOfSpeech => "end_of_speech",
        }
    }
}

/// One event of a transcription.
///
/// ```
/// use std::time::Duration;
/// use lk_plugin::{SpeechData, SpeechEvent, TimedString};
///
/// let hello = TimedString::new("hello").with_times(Duration::from_millis(200), Duration::from_millis(700));
/// let data = SpeechData::new("english", "hello").with_confidence(0.9).with_words(vec![hello]);
/// let event = SpeechEvent::final_transcript(data).with_request_id("req_7");
/// assert_eq!((event.text(), event.alternatives[0].language.as_str()), ("hello", "en"));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SpeechEvent {
    /// What the event tells.
    pub event_type: SpeechEventType,
    /// The provider's id of the request; empty when it gives none.
    pub request_id: String,
    /// The transcripts, best first; empty unless the event is one of the three transcript types.
    pub alternatives: Vec<SpeechData>,
    /// The usage, with [`RecognitionUsage`](SpeechEventType::RecognitionUsage).
    pub recognition_usage: Option<RecognitionUsage>,
    /// When the speech began, by the wall clock.
    pub speech_start_time: Option<SystemTime>,
    /// When the speech ended, by the wall clock.
    pub speech_end_time: Option<SystemTime>,
}

impl SpeechEvent {
    /// An event of this type with nothing else.
    #[must_use]
    pub fn new(event_type: SpeechEventType) -> Self {
        Self {
            event_type,
            request_id: String::new(),
            alternatives: Vec::new(),
            recognition_usage: None,
            speech_start_time: None,
            speech_end_time: None,
        }
    }

    /// A transcript that will not change.
    #[must_use]
    pub fn final_transcript(data: SpeechData) -> Self {
        Self { alternatives: vec![data], ..Self::new(SpeechEventType::FinalTranscript) }
    }

    /// A transcript that may still change.
    #[must_use]
    pub fn interim_transcript(data: SpeechData) -> Self {
        Self { alternatives: vec![data], ..Self::new(SpeechEventType::InterimTranscript) }
    }

    /// What the provider will charge for.
    #[must_use]
    pub fn usage(usage: RecognitionUsage) -> Self {
        Self { recognition_usage: Some(usage), ..Self::new(SpeechEventType::RecognitionUsage) }
    }

    /// Sets the provider's id of the request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = request_id.into();
        self
    }

    /// The text of the best alternative; empty when there is none.
    #[must_use]
    pub fn text(&self) -> &str {
        self.alternatives.first().map_or("", |data| &data.text)
    }
}

/// A transcript.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct SpeechData {
    /// The language it is in.
    pub language: LanguageCode,
    /// The words.
    pub text: String,
    /// When the first word begins, from the start of the conversation.
    pub start_time: Duration,
    /// When the last word ends; zero when the provider does not tell.
    pub end_time: Duration,
    /// How sure the provider is, from 0 to 1; 0 when it does not tell.
    pub confidence: f32,
    /// Who spoke, in the provider's own labels.
    pub speaker_id: Option<String>,
    /// Whether that is the speaker whom the agent serves.
    pub is_primary_speaker: Option<bool>,
    /// The words with their times.
    pub words: Vec<TimedString>,
    /// With translation: the languages heard.
    pub source_languages: Vec<LanguageCode>,
    /// With translation: the text in each of them.
    pub source_texts: Vec<String>,
    /// With translation: the languages translated to.
    pub target_languages: Vec<LanguageCode>,
    /// With translation: the text in each of them.
    pub target_texts: Vec<String>,
    /// What else the provider said: a JSON object as text.
    pub metadata: Option<String>,
}

impl SpeechData {
    /// A transcript without times.
    pub fn new(language: impl Into<LanguageCode>, text: impl Into<String>) -> Self {
        Self { language: language.into(), text: text.into(), ..Self::default() }
    }

    /// Sets when it begins and ends, from the start of the conversation.
    #[must_use]
    pub fn with_times(mut self, start_time: Duration, end_time: Duration) -> Self {
        self.start_time = start_time;
        self.end_time = end_time;
        self
    }

    /// Sets how sure the provider is, from 0 to 1.
    #[must_use]
    pub fn with_confidence(mut self, confidence: f32) -> Self {
        self.confidence = confidence;
        self
    }

    /// Sets the words with their times.
    #[must_use]
    pub fn with_words(mut self, words: Vec<TimedString>) -> Self {
        self.words = words;
        self
    }
}

/// A piece of text with its time.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct TimedString {
    /// The piece, usually a word.
    pub text: String,
    /// When it begins.
    pub start_time: Option<Duration>,
    /// When it ends.
    pub end_time: Option<Duration>,
    /// How sure the provider is, from 0 to 1.
    pub confidence: Option<f32>,
    /// How much of the two times is the start of the stream in the conversation: it is in them already.
    pub start_time_offset: Option<Duration>,
    /// Who spoke.
    pub speaker_id: Option<String>,
}

impl TimedString {
    /// A piece without a time.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Sets when it begins and ends.
    #[must_use]
    pub fn with_times(mut self, start_time: Duration, end_time: Duration) -> Self {
        self.start_time = Some(start_time);
        self.end_time = Some(end_time);
        self
    }
}

/// What the provider will charge for, since the last such event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RecognitionUsage {
    /// Audio transcribed.
    pub audio_duration: Duration,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

impl RecognitionUsage {
    /// Usage of a provider that counts time.
    #[must_use]
    pub fn of_audio(audio_duration: Duration) -> Self {
        Self { audio_duration, ..Self::default() }
    }
}
