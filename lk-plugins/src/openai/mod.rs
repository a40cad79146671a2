//! OpenAI, and every server that speaks its API (feature `openai`).
//!
//! | plugin | speaks to | see |
//! |---|---|---|
//! | `llm/openai` | `chat/completions` | [`OpenAiLlmConfig`] |
//! | `stt/openai` | `audio/transcriptions`, `realtime` | [`OpenAiSttConfig`] |
//! | `tts/openai` | `audio/speech` | [`OpenAiTtsConfig`] |
//!
//! All of them share where the server is and how patient to be with it: [`Preset`] names the providers, and each plugin's
//! config has the options of the connection after its own.

mod client;
mod connection;
mod endpoint;
mod failure;
mod llm;
mod patience;
mod preset;
mod pump;
mod secrets;
mod sse;
mod stt;
mod tts;

#[cfg(any(test, fuzzing))]
pub use self::{llm::fuzzing::chat, stt::fuzzing::transcript, tts::fuzzing::speech};
pub use self::llm::{OpenAiLlm, OpenAiLlmConfig, PromptCacheRetention, Verbosity};
pub use self::preset::Preset;
pub use self::stt::{
    Eagerness, NoiseReduction, OpenAiStt, OpenAiSttConfig, TimestampGranularity, TranscriptFormat, TurnDetection,
    TurnDetectionMode,
};
pub use self::tts::{OpenAiTts, OpenAiTtsConfig, SpeechFormat, StreamFormat};
