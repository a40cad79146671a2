//! Voice activity detection for the host.

use std::ffi::c_void;
use std::sync::Arc;

use super::guard::{self, Guard};
use super::instance::instance;
use crate::abi::arena::Arena;
use crate::abi::cross::{self, Cross, NO_STR, Record, str_of};
use crate::abi::layout::{
    LkAudioFrame, LkInstance, LkOwnedError, LkStr, LkVadStream, LkVadStreamVtable, LkVadVtable, NO_DURATION,
    OnVadEvent, size_of_prefixed,
};
use crate::abi::values::{LkVadCapabilities, LkVadEvent};
use crate::audio::AudioFrameRef;
use crate::kinds::{Vad, VadEvent, VadStream};

instance!(Vad, LkVadVtable, LkVadCapabilities);

const VTABLE: &LkVadVtable = &LkVadVtable {
    size: size_of_prefixed::<LkVadVtable>(),
    drop: Some(drop),
    capabilities: Some(capabilities),
    model: Some(model),
    provider: Some(provider),
    min_silence_duration: Some(min_silence_duration),
    stream: Some(stream),
    prewarm: Some(prewarm),
};

#[inline]
unsafe extern "C" fn min_silence_duration(state: *const c_void) -> u64 {
    // SAFETY: the host's state.
    let State { guard, plugin } = unsafe { of(state) };
    guard.run(|| Ok(plugin.min_silence_duration().encode(&Arena::default()))).unwrap_or(NO_DURATION)
}

#[inline]
unsafe extern "C" fn stream(state: *const c_void, out: *mut LkVadStream, error: *mut LkOwnedError) -> u32 {
    // SAFETY: the host's state, and its places for answers.
    unsafe {
        let State { guard, plugin } = of(state);
        guard.answer(error, || {
            let stream = Listener { guard: Guard::default(), stream: plugin.stream()?, events: Vec::new() };
            out.write(LkVadStream { vtable: std::ptr::from_ref(STREAM), state: guard::keep(stream) });
            Ok(())
        })
    }
}

/// One listener.
struct Listener {
    guard: Guard,
    stream: Box<dyn VadStream>,
    /// The events of the push that is under way; kept for its room.
    events: Vec<VadEvent>,
}

const STREAM: &LkVadStreamVtable = &LkVadStreamVtable {
    size: size_of_prefixed::<LkVadStreamVtable>(),
    drop: Some(drop_stream),
    push: Some(push),
    flush: Some(flush),
    end_input: Some(end_input),
    audio: Some(audio),
};

#[inline]
unsafe extern "C" fn push(
    state: *mut c_void,
    samples: *const i16,
    length: usize,
    sample_rate: u32,
    channels: u16,
    context: *mut c_void,
    on_event: OnVadEvent,
    error: *mut LkOwnedError,
) -> u32 {
    // SAFETY: the host's state, one call at a time; its frame for this call, its function and its place for errors.
    unsafe {
        let Listener { guard, stream, events } = &mut *state.cast::<Listener>();
        let code = guard.answer(error, || {
            let samples = cross::samples(samples, length)?;
            stream.push(AudioFrameRef::new(samples, sample_rate, channels)?, events)
        });
        if !events.is_empty() {
            tell(events, context, on_event);
        }
        code
    }
}

/// Gives the host the events, also those before an error.
///
/// # Safety
///
/// `on_event` may be called with `context`.
#[inline]
unsafe fn tell(events: &mut Vec<VadEvent>, context: *mut c_void, on_event: OnVadEvent) {
    // Nothing in this event points anywhere.
    let arena = Arena::default();
    for event in events.drain(..) {
        let event = event.record(&arena);
        // SAFETY: the caller's promise.
        unsafe { on_event(context, &raw const event) };
    }
}

#[inline]
unsafe extern "C" fn flush(state: *mut c_void, error: *mut LkOwnedError) -> u32 {
    // SAFETY: the host's state, one call at a time, and its place for errors.
    unsafe {
        let Listener { guard, stream, .. } = &mut *state.cast::<Listener>();
        guard.answer(error, || stream.flush())
    }
}

#[inline]
unsafe extern "C" fn end_input(
    state: *mut c_void,
    context: *mut c_void,
    on_event: OnVadEvent,
    error: *mut LkOwnedError,
) -> u32 {
    // SAFETY: as in `push`.
    unsafe {
        let Listener { guard, stream, events } = &mut *state.cast::<Listener>();
        let code = guard.answer(error, || stream.end_input(events));
        tell(events, context, on_event);
        code
    }
}

#[inline]
unsafe extern "C" fn audio(state: *const c_void, event: *const LkVadEvent, out: *mut LkAudioFrame) -> u8 {
    // SAFETY: the host's state and event, and its place for the view, which it gives up before the next call.
    unsafe {
        let Listener { guard, stream, .. } = &*state.cast::<Listener>();
        let view = guard.run(|| Ok(stream.audio(&VadEvent::from_pointer(event)?)));
        match view {
            Ok(Some(view)) => {
                out.write(cross::frame_of(view));
                1
            }
            _ => 0,
        }
    }
}

#[inline]
unsafe extern "C" fn drop_stream(state: *mut c_void) {
    // SAFETY: the host's last call.
    unsafe { guard::drop_state::<Listener>(state) };
}
