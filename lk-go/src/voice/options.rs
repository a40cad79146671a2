//! Who takes part in a conversation, and how it is held.

use std::sync::Arc;
use std::time::Duration;

use lk_plugin::{ConnectOptions, Llm, Stt, Tts, Vad};

/// The plugins of a conversation.
#[derive(Clone)]
#[non_exhaustive]
pub struct VoicePlugins {
    /// Finds the turns.
    pub vad: Arc<dyn Vad>,
    /// Transcribes them.
    pub stt: Arc<dyn Stt>,
    /// Answers.
    pub llm: Arc<dyn Llm>,
    /// Speaks the answers.
    pub tts: Arc<dyn Tts>,
}

impl VoicePlugins {
    /// These four.
    #[must_use]
    pub fn new(vad: Arc<dyn Vad>, stt: Arc<dyn Stt>, llm: Arc<dyn Llm>, tts: Arc<dyn Tts>) -> Self {
        Self { vad, stt, llm, tts }
    }
}

/// How a conversation is held.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SessionOptions {
    /// What the model is told first.
    pub system: Option<String>,
    /// Whether speech during a reply cuts it off. True unless told.
    pub interruptions: bool,
    /// How long such speech must last to do so. Zero unless told: as soon as the vad is sure.
    pub min_interruption_duration: Duration,
    /// Whether a plugin's live transcription is used where it has one. True unless told.
    pub live_stt: bool,
    /// Whether a plugin's live speech is used where it has one; else it speaks a sentence at a time. True unless told.
    pub live_tts: bool,
    /// How many items of the conversation the model is given; older ones are forgotten, the first instructions stay. 200
    /// unless told.
    pub max_context_items: usize,
    /// How patient to be with the providers.
    pub connect: ConnectOptions,
    /// How long a plugin that is waited for may do nothing before its turn has failed: for those that have no limit of their
    /// own. 60 s unless told.
    pub max_silence: Duration,
    /// How fast the clock runs.
    pub pace: Pace,
}

/// How fast the clock of the input runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Pace {
    /// As fast as possible; but while a plugin is waited for no faster than the wall clock, so that what it takes is heard.
    #[default]
    Fast,
    /// As the wall clock does: each frame when a microphone would have it.
    Realtime,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            system: None,
            interruptions: true,
            min_interruption_duration: Duration::ZERO,
            live_stt: true,
            live_tts: true,
            max_context_items: 200,
            connect: ConnectOptions::default(),
            max_silence: Duration::from_secs(60),
            pace: Pace::Fast,
        }
    }
}

impl SessionOptions {
    /// Sets what the model is told first.
    #[must_use]
    pub fn with_system(mut self, system: Option<String>) -> Self {
        self.system = system;
        self
    }

    /// Sets whether speech during a reply cuts it off, and how long it must last to do so.
    #[must_use]
    pub fn with_interruptions(mut self, interruptions: bool, min_duration: Duration) -> Self {
        (self.interruptions, self.min_interruption_duration) = (interruptions, min_duration);
        self
    }

    /// Sets whether the plugins' live transcription and live speech are used.
    #[must_use]
    pub fn with_live(mut self, stt: bool, tts: bool) -> Self {
        (self.live_stt, self.live_tts) = (stt, tts);
        self
    }

    /// Sets how many items of the conversation the model is given.
    #[must_use]
    pub fn with_max_context_items(mut self, items: usize) -> Self {
        self.max_context_items = items;
        self
    }

    /// Sets how patient to be with the providers.
    #[must_use]
    pub fn with_connect(mut self, connect: ConnectOptions) -> Self {
        self.connect = connect;
        self
    }

    /// Sets how long a plugin that is waited for may do nothing.
    #[must_use]
    pub fn with_max_silence(mut self, max_silence: Duration) -> Self {
        self.max_silence = max_silence;
        self
    }

    /// Sets how fast the clock runs.
    #[must_use]
    pub fn with_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }
}
