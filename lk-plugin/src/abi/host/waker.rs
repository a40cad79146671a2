//! Our waker behind C functions.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

use crate::abi::layout::{LkWaker, LkWakerVtable, size_of_prefixed};

static VTABLE: LkWakerVtable = LkWakerVtable {
    size: size_of_prefixed::<LkWakerVtable>(),
    clone: Some(clone),
    wake_by_ref: Some(wake_by_ref),
    drop: Some(drop),
    same: Some(same),
};

/// The waker for one call; the plugin clones it to keep it.
pub(super) fn borrowed(waker: &Waker) -> LkWaker {
    LkWaker { vtable: &raw const VTABLE, state: std::ptr::from_ref(waker).cast() }
}

unsafe extern "C" fn clone(state: *const c_void) -> LkWaker {
    // SAFETY: a waker of ours that is alive.
    let waker = unsafe { &*state.cast::<Waker>() };
    // An executor's code runs here, which may not unwind into the plugin.
    match catch_unwind(AssertUnwindSafe(|| Box::new(waker.clone()))) {
        Ok(waker) => LkWaker { vtable: &raw const VTABLE, state: Box::into_raw(waker).cast_const().cast() },
        Err(_) => LkWaker { vtable: std::ptr::null(), state: std::ptr::null() },
    }
}

unsafe extern "C" fn wake_by_ref(state: *const c_void) {
    // SAFETY: a waker of ours that is alive.
    let waker = unsafe { &*state.cast::<Waker>() };
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake_by_ref()));
}

unsafe extern "C" fn drop(state: *const c_void) {
    // SAFETY: a clone of ours, for the last time.
    let waker = unsafe { Box::from_raw(state.cast_mut().cast::<Waker>()) };
    let _ = catch_unwind(AssertUnwindSafe(|| std::mem::drop(waker)));
}

unsafe extern "C" fn same(state: *const c_void, other: *const c_void) -> u8 {
    // SAFETY: wakers of ours that are alive.
    let (one, other) = unsafe { (&*state.cast::<Waker>(), &*other.cast::<Waker>()) };
    u8::from(one.will_wake(other))
}
