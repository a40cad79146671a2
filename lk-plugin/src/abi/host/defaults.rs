//! What the traits do by themselves, for functions that an older plugin does not have.

use super::error;
use crate::abi::cross;
use crate::abi::layout::LkStr;
use crate::error::Result;
use crate::kinds::{ChunkedStream, Stt, SttCapabilities, SynthesizeOptions, Tts, TtsCapabilities};

/// A plugin that has nothing but its traits' defaults.
pub(super) static DEFAULTS: Defaults = Defaults;

pub(super) struct Defaults;

impl Stt for Defaults {
    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities::default()
    }
}

impl Tts for Defaults {
    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities::default()
    }

    fn sample_rate(&self) -> u32 {
        0
    }

    fn channels(&self) -> u16 {
        0
    }

    fn synthesize(&self, _: &str, _: &SynthesizeOptions) -> Result<ChunkedStream> {
        Err(error::missing("synthesize"))
    }
}

/// A text of a getter, copied; `unknown` when there is none.
///
/// # Safety
///
/// The text lasts for this call.
pub(super) unsafe fn name(text: Option<LkStr>) -> Result<String> {
    // SAFETY: the caller's promise.
    let text = unsafe { cross::text(text.unwrap_or(cross::NO_STR))? };
    Ok(text.unwrap_or("unknown").to_owned())
}
