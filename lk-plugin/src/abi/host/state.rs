//! What a plugin gave the program to keep: its state, and the table of what to call with it.

use std::ffi::c_void;

use super::error;
use crate::abi::cross::Bad;
use crate::abi::layout::{Prefixed, read};
use crate::error::Result;

type DropFn = unsafe extern "C" fn(state: *mut c_void);

/// The state of a handle or an instance: it goes back to the plugin once, at the end, through its vtable's `drop`.
pub(super) struct PluginState {
    pointer: *mut c_void,
    drop: DropFn,
}

// SAFETY: docs/abi.md: a state may move between threads, and its functions be called from any. Those of a handle want one
// call at a time, so there is no `Sync`: an instance adds that by itself.
unsafe impl Send for PluginState {}

impl PluginState {
    /// # Safety
    ///
    /// A plugin gave us the pointer just now, with a vtable that has this `drop`; nobody else drops it.
    pub(super) unsafe fn new(pointer: *mut c_void, drop: Option<DropFn>) -> Result<Self> {
        Ok(Self { pointer, drop: drop.ok_or_else(|| error::missing("drop"))? })
    }

    /// For calls of the other functions of that vtable, as long as `self` lives.
    #[inline]
    pub(super) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for PluginState {
    fn drop(&mut self) {
        // SAFETY: whoever made this promised that the two belong together, and that this is the last call.
        unsafe { (self.drop)(self.pointer) };
    }
}

/// A vtable, copied as far as the plugin's goes.
///
/// # Safety
///
/// It is null or a vtable of that type.
pub(super) unsafe fn vtable<V: Prefixed>(vtable: *const V) -> Result<V> {
    if vtable.is_null() {
        return Err(Bad::Broken("a handle has no functions").into());
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { read(vtable) })
}
