//! One plugin made of others (feature `adapters`): live streams of plugins that know only wholes, and fallbacks.
//!
//! | to | take |
//! |---|---|
//! | transcribe a live stream with a plugin that transcribes whole utterances, and a vad | [`SttStreamAdapter`] |
//! | speak text while it is written with a plugin that speaks whole texts | [`TtsStreamAdapter`] |
//! | go on with the next plugin when one fails | [`SttFallback`], [`TtsFallback`], [`LlmFallback`] |
//!
//! Each is a plugin itself, for any executor: what is awaited is polled along with the stream that the caller reads, timers
//! are `futures-timer`'s, and dropping the stream leaves nothing behind. The one exception is a fallback's [recovery
//! probe](FallbackOptions#probes).

mod fallback;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod rate;
mod sentences;
mod stt_stream;
mod timer;
mod tts_stream;

pub use self::fallback::{FallbackOptions, LlmFallback, SttFallback, TtsFallback};
pub use self::stt_stream::SttStreamAdapter;
pub use self::tts_stream::{TtsStreamAdapter, TtsStreamOptions};
