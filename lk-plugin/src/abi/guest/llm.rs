//! Language models for the host.

use std::ffi::c_void;
use std::sync::Arc;

use super::guard::{self, Guard};
use super::instance::instance;
use super::polled;
use crate::abi::arena::Arena;
use crate::abi::cross::{NO_STR, Record, str_of};
use crate::abi::layout::{LkInstance, LkLlmVtable, LkOwnedError, LkPolled, LkStr, size_of_prefixed};
use crate::abi::values::{LkChatContext, LkChatOptions, LkLlmCapabilities};
use crate::kinds::{ChatContext, ChatOptions, Llm};

instance!(Llm, LkLlmVtable, LkLlmCapabilities);

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
