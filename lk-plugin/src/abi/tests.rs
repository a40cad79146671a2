//! Both sides of the boundary in one artifact: everything but the loading, so that Miri can watch.

mod layout;
mod older;
mod panics;
mod streams;
mod values;

use std::time::Duration;

use super::guest::{llm_instance, stt_instance, tts_instance, vad_instance};
use super::host::{ForeignLlm, ForeignStt, ForeignTts, ForeignVad};
use crate::error::Result;
use crate::kinds::{Llm, Stt, Tts, Vad};

// The instances below go from one side to the other in this one process, as a loaded file's would.

fn across_stt(plugin: impl Stt + 'static) -> Result<Box<dyn Stt>> {
    // SAFETY: made just now, of this kind.
    Ok(Box::new(unsafe { ForeignStt::new(stt_instance(Box::new(plugin)))? }))
}

fn across_tts(plugin: impl Tts + 'static) -> Result<Box<dyn Tts>> {
    // SAFETY: made just now, of this kind.
    Ok(Box::new(unsafe { ForeignTts::new(tts_instance(Box::new(plugin)))? }))
}

fn across_llm(plugin: impl Llm + 'static) -> Result<Box<dyn Llm>> {
    // SAFETY: made just now, of this kind.
    Ok(Box::new(unsafe { ForeignLlm::new(llm_instance(Box::new(plugin)))? }))
}

fn across_vad(plugin: impl Vad + 'static) -> Result<Box<dyn Vad>> {
    // SAFETY: made just now, of this kind.
    Ok(Box::new(unsafe { ForeignVad::new(vad_instance(Box::new(plugin)))? }))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
