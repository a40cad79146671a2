//! Text to speech for the host.

use std::ffi::c_void;
use std::sync::Arc;

use super::guard::{self, Guard};
use super::{input, polled};
use crate::abi::arena::Arena;
use crate::abi::cross::{self, NO_STR, Record, str_of};
use crate::abi::layout::{LkDuplex, LkInstance, LkOwnedError, LkPolled, LkStr, LkTtsVtable, size_of_prefixed};
use crate::abi::values::{LkSynthesizeOptions, LkTtsCapabilities};
use crate::kinds::{SynthesizeOptions, Tts};

struct State {
    guard: Guard,
    plugin: Arc<dyn Tts>,
}

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
pub(in crate::abi) fn instance(plugin: Box<dyn Tts>) -> LkInstance {
    let state = guard::keep(State { guard: Guard::default(), plugin: plugin.into() });
    LkInstance { vtable: std::ptr::from_ref(VTABLE).cast(), state }
}

/// # Safety
///
/// `state` is one of [`instance`], not yet dropped.
#[inline]
unsafe fn of<'s>(state: *const c_void) -> &'s State {
    // SAFETY: the caller's promise; the host drops an instance after its last call.
    unsafe { &*state.cast() }
}

#[inline]
unsafe extern "C" fn capabilities(state: *const c_void, out: *mut LkTtsCapabilities, error: *mut LkOwnedError) -> u32 {
    // SAFETY: the host's state, and its places for answers. The host's struct is not shorter: its minor is not lower.
    unsafe {
        let State { guard, plugin } = of(state);
        guard.answer(error, || {
            out.write(plugin.capabilities().record(&Arena::default()));
            Ok(())
        })
    }
}

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
unsafe extern "C" fn model(state: *const c_void) -> LkStr {
    // SAFETY: the host's state.
    let State { guard, plugin } = unsafe { of(state) };
    guard.run(|| Ok(str_of(plugin.model()))).unwrap_or(NO_STR)
}

#[inline]
unsafe extern "C" fn provider(state: *const c_void) -> LkStr {
    // SAFETY: the host's state.
    let State { guard, plugin } = unsafe { of(state) };
    guard.run(|| Ok(str_of(plugin.provider()))).unwrap_or(NO_STR)
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

#[inline]
unsafe extern "C" fn prewarm(state: *const c_void) {
    // SAFETY: the host's state.
    let State { guard, plugin } = unsafe { of(state) };
    let _ = guard.run(|| {
        plugin.prewarm();
        Ok(())
    });
}

#[inline]
unsafe extern "C" fn drop(state: *mut c_void) {
    // SAFETY: the host's last call.
    unsafe { guard::drop_state::<State>(state) };
}
