//! The adapters as plugins that are made from a config: see [`lk_plugin::adapters`], and `docs/adapters.md` for configs.
//!
//! | plugin | is |
//! |---|---|
//! | `stt/fallback`, `tts/fallback`, `llm/fallback` | several plugins, of which the next goes on when one fails |
//! | `stt/stream` | a live stream of a plugin that transcribes whole utterances, and a vad |
//! | `tts/stream` | a live stream of a plugin that speaks whole texts |
//!
//! They find the plugins that they consist of in [`Registry::global`](lk_plugin::Registry::global). What happens is told to
//! [`Monitor::global`](lk_plugin::monitor::Monitor::global): metrics of each member, errors, availability.

pub mod llm;
mod part;
pub mod stt;
pub mod tts;
