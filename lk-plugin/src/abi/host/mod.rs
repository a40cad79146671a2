//! The program's side: the contract's traits over the vtables of a `.so`.
//!
//! What comes back is copied at once, so nothing of the program points into the plugin's memory but handles, whose `drop`
//! goes back to it. A vtable is read once for each handle, whole: what an older plugin lacks is then a function that is
//! not there, and does what the trait's default does.

mod defaults;
mod error;
mod input;
mod llm;
#[cfg(all(feature = "dynamic", target_os = "linux"))]
mod log;
mod module;
mod polled;
mod state;
mod stt;
mod tts;
mod vad;
mod waker;

#[cfg(all(feature = "dynamic", target_os = "linux"))]
pub(crate) use self::log::host_for;
#[cfg(all(feature = "dynamic", target_os = "linux"))]
pub use self::log::{LogRecord, LogSink};
#[cfg(all(feature = "dynamic", target_os = "linux"))]
pub(crate) use self::module::{Module, ModulePlugin};
#[cfg(test)]
pub(super) use self::{llm::ForeignLlm, stt::ForeignStt, tts::ForeignTts, vad::ForeignVad};
