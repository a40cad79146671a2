//! A voice conversation made of plugins: audio goes in frame by frame, each turn is transcribed, answered and spoken, and
//! what is heard of the answers comes out on the same clock.
//!
//! ```text
//! frame ──▶ vad ──▶ utterance ──▶ stt ──▶ llm ──▶ tts ──▶ playout
//!            └── START while a reply plays: the reply is dropped, and what was heard of it is kept
//! ```
//!
//! The clock is that of the input: each frame moves it on by the frame's length, and the speech for exactly that time comes
//! out. Nothing here prints, spawns, or needs a runtime; a [`Session`] works under any executor.

mod event;
mod input;
mod options;
mod pacer;
mod playout;
mod reply;
mod session;
#[cfg(test)]
mod tests;
mod utterance;

pub use self::event::{Ended, Stage, TurnFailure, VoiceEvent, VoiceEventType};
pub use self::options::{Pace, SessionOptions, VoicePlugins};
pub use self::session::Session;
