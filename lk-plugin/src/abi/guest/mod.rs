//! The plugin's side: C functions over the contract's traits. `export_plugins!` leads here.
//!
//! Each entry catches panics ([`guard`]), so nothing unwinds into the host; a handle whose code panicked answers with
//! [`Panic`](crate::ErrorKind::Panic) from then on. Everything handed to the host is a boxed state with the functions of
//! its vtable, and comes back through its `drop` alone.
//!
//! All of it is `#[inline]` and hangs on [`module`], tables included: so it is compiled where `export_plugins!` stands, and
//! costs nobody else anything.

mod guard;
mod host_log;
mod input;
mod instance;
mod llm;
mod module;
mod polled;
mod stt;
mod tts;
mod vad;
mod waker;

pub use self::module::{Exports, module};
#[cfg(test)]
pub(super) use self::{
    llm::instance as llm_instance, stt::instance as stt_instance, tts::instance as tts_instance,
    vad::instance as vad_instance,
};
