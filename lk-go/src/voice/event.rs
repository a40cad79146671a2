//! What a conversation tells while it goes on.

use std::fmt;
use std::time::Duration;

use lk_plugin::Error;

/// Something that happened in a conversation.
#[derive(Debug)]
#[non_exhaustive]
pub struct VoiceEvent {
    /// When, on the clock of the input.
    pub at: Duration,
    /// In which turn: the first is 1.
    pub turn: u64,
    /// What.
    pub event_type: VoiceEventType,
}

/// What a [`VoiceEvent`] tells. In a turn they come in this order; the last is `NothingUnderstood`, `ReplyEnded` or `Failed`.
#[derive(Debug)]
#[non_exhaustive]
pub enum VoiceEventType {
    /// The speaker began to speak.
    SpeechStarted {
        /// When, on the clock of the input: a little ago.
        started: Duration,
    },
    /// A transcript that may still change.
    InterimTranscript {
        /// The words so far.
        text: String,
    },
    /// The speaker fell silent: the turn has ended.
    SpeechEnded {
        /// When, on the clock of the input: before the silence that it took to be sure.
        ended: Duration,
    },
    /// What was said.
    Transcript {
        /// The words.
        text: String,
        /// From the end of the turn until now, by the wall clock.
        delay: Duration,
    },
    /// Nothing was understood; there is no reply.
    NothingUnderstood {
        /// From the end of the turn until now, by the wall clock.
        delay: Duration,
    },
    /// The model began to answer.
    FirstToken {
        /// From the question to the first text, by the wall clock.
        delay: Duration,
    },
    /// The model has answered.
    Reply {
        /// The whole answer.
        text: String,
    },
    /// The reply is heard from now on.
    FirstAudio {
        /// From the first token until now, by the wall clock.
        delay: Duration,
        /// From where the speaker fell silent until now, on the clock of the input.
        total: Duration,
    },
    /// The reply is over.
    ReplyEnded(Ended),
    /// A plugin failed, and the turn ended with that.
    Failed(TurnFailure),
}

/// How a reply ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// What was heard of it: all, or what was spoken until the interruption.
    pub heard: String,
    /// How much speech was heard.
    pub audio: Duration,
    /// How long the speech had to wait for the plugin after it had begun.
    pub gaps: Duration,
    /// Whether the speaker cut it off.
    pub interrupted: bool,
}

/// How a turn failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct TurnFailure {
    /// Whose failure it was.
    pub stage: Stage,
    /// What happened.
    pub error: Error,
    /// What was heard of the reply before.
    pub heard: String,
}

/// A part of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The transcription.
    Stt,
    /// The answer.
    Llm,
    /// The speech.
    Tts,
}

impl Stage {
    /// The kind of the plugin that does it: `stt`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stt => "stt",
            Self::Llm => "llm",
            Self::Tts => "tts",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
