//! Speech to text for the host.

use std::ffi::c_void;
use std::sync::Arc;

use super::guard::{self, Guard};
use super::instance::instance;
use super::{input, polled};
use crate::abi::arena::Arena;
use crate::abi::cross::{self, NO_STR, Record, str_of};
use crate::abi::layout::{
    LkAudioFrame, LkDuplex, LkInstance, LkOwnedError, LkPolled, LkStr, LkSttVtable, size_of_prefixed,
};
use crate::abi::values::{LkRecognizeOptions, LkSttCapabilities};
use crate::kinds::{RecognizeOptions, Stt};

instance!(Stt, LkSttVtable, LkSttCapabilities);

const VTABLE: &LkSttVtable = &LkSttVtable {
    size: size_of_prefixed::<LkSttVtable>(),
    drop: Some(drop),
    capabilities: Some(capabilities),
    model: Some(model),
    provider: Some(provider),
    recognize: Some(recognize),
    stream: Some(stream),
    prewarm: Some(prewarm),
};

#[inline]
unsafe extern "C" fn recognize(
    state: *const c_void,
    audio: *const LkAudioFrame,
    options: *const LkRecognizeOptions,
    out: *mut LkPolled,
    error: *mut LkOwnedError,
) -> u32 {
    // SAFETY: the host's state, its values for this call, and its places for answers.
    unsafe {
        let State { guard, plugin } = of(state);
        guard.answer(error, || {
            let (audio, options) = (cross::frame(&*audio)?, RecognizeOptions::from_pointer(options)?);
            out.write(polled::future(plugin, |plugin| plugin.recognize(audio, &options)));
            Ok(())
        })
    }
}

#[inline]
unsafe extern "C" fn stream(
    state: *const c_void,
    options: *const LkRecognizeOptions,
    out: *mut LkDuplex,
    error: *mut LkOwnedError,
) -> u32 {
    // SAFETY: the host's state, its values for this call, and its places for answers.
    unsafe {
        let State { guard, plugin } = of(state);
        guard.answer(error, || {
            let stream = plugin.stream(&RecognizeOptions::from_pointer(options)?)?;
            let input = input::input(stream.input.into_sink());
            out.write(LkDuplex { input, events: polled::events(stream.events) });
            Ok(())
        })
    }
}
