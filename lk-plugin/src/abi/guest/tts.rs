//! Text to speech for the host.

use std::ffi::c_void;
use std::sync::Arc;

use super::guard::{self, Guard};
use super::instance::instance;
use super::{input, polled};
use crate::abi::arena::Arena;
use crate::abi::cross::{self, NO_STR, Record, str_of};
use crate::abi::layout::{LkDuplex, LkInstance, LkOwnedError, LkPolled, LkStr, LkTtsVtable, size_of_prefixed};
use crate::abi::values::{LkSynthesizeOptions, LkTtsCapabilities};
use crate::kinds::{SynthesizeOptions, Tts};

instance!(Tts, LkTtsVtable, LkTtsCapabilities);

const VTABLE: &LkTtsVtable = &LkTtsVtable {
    size: size_of_prefixed::<LkTtsVtable>(),
    drop: Some(drop),
    capabilities: Some(capabilities),
    sample_rate: Some(sample_rate),
    channels: Some(channels),
    model: Some(model),
    provider: Some(provider),
    synthesize: Some(synthesize),
    stream: Some(stream),
    prewarm: Some(prewarm),
};

#[inline]
unsafe extern "C" fn sample_rate(state: *const c_void) -> u32 {
    // SAFETY: the host's state.
    let State { guard, plugin } = unsafe { of(state) };
    guard.run(|| Ok(plugin.sample_rate())).unwrap_or(0)
}

#[inline]
unsafe extern "C" fn channels(state: *const c_void) -> u16 {
    // SAFETY: the host's state.
    let State { guard, plugin } = unsafe { of(state) };
    guard.run(|| Ok(plugin.channels())).unwrap_or(0)
}

#[inline]
unsafe extern "C" fn synthesize(
    state: *const c_void,
    text: LkStr,
    options: *const LkSynthesizeOptions,
    out: *mut LkPolled,
    error: *mut LkOwnedError,
) -> u32 {
    // SAFETY: the host's state, its values for this call, and its places for answers.
    unsafe {
        let State { guard, plugin } = of(state);
        guard.answer(error, || {
            let text = cross::text(text)?.unwrap_or_default();
            let audio = plugin.synthesize(text, &SynthesizeOptions::from_pointer(options)?)?;
            out.write(polled::events(audio));
            Ok(())
        })
    }
}

#[inline]
unsafe extern "C" fn stream(
    state: *const c_void,
    options: *const LkSynthesizeOptions,
    out: *mut LkDuplex,
    error: *mut LkOwnedError,
) -> u32 {
    // SAFETY: the host's state, its values for this call, and its places for answers.
    unsafe {
        let State { guard, plugin } = of(state);
        guard.answer(error, || {
            let stream = plugin.stream(&SynthesizeOptions::from_pointer(options)?)?;
            let input = input::input(stream.input.into_sink());
            out.write(LkDuplex { input, events: polled::events(stream.audio) });
            Ok(())
        })
    }
}
