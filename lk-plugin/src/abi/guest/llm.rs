//! Language models for the host.

use std::ffi::c_void;
use std::sync::Arc;

use super::guard::{self, Guard};
use super::polled;
use crate::abi::arena::Arena;
use crate::abi::cross::{NO_STR, Record, str_of};
use crate::abi::layout::{LkInstance, LkLlmVtable, LkOwnedError, LkPolled, LkStr, size_of_prefixed};
use crate::abi::values::{LkChatContext, LkChatOptions, LkLlmCapabilities};
use crate::kinds::{ChatContext, ChatOptions, Llm};

struct State {
    guard: Guard,
    plugin: Arc<dyn Llm>,
}

const VTABLE: &LkLlmVtable = &LkLlmVtable {
    size: size_of_prefixed::<LkLlmVtable>(),
    drop: Some(drop),
    capabilities: Some(capabilities),
    model: Some(model),
    provider: Some(provider),
    chat: Some(chat),
    prewarm: Some(prewarm),
};

#[inline]
pub(in crate::abi) fn instance(plugin: Box<dyn Llm>) -> LkInstance {
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
unsafe extern "C" fn capabilities(state: *const c_void, out: *mut LkLlmCapabilities, error: *mut LkOwnedError) -> u32 {
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
unsafe extern "C" fn chat(
    state: *const c_void,
    context: *const LkChatContext,
    options: *const LkChatOptions,
    out: *mut LkPolled,
    error: *mut LkOwnedError,
) -> u32 {
    // SAFETY: the host's state, its values for this call, and its places for answers.
    unsafe {
        let State { guard, plugin } = of(state);
        guard.answer(error, || {
            let (context, options) = (ChatContext::from_pointer(context)?, ChatOptions::from_pointer(options)?);
            out.write(polled::events(plugin.chat(&context, &options)?));
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
