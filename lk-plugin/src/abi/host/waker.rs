//! Our waker behind C functions.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;

use crate::abi::layout::{LkWaker, LkWakerVtable, size_of_prefixed};

static VTABLE: LkWakerVtable = LkWakerVtable {
    size: size_of_prefixed::<LkWakerVtable>(),
    clone: Some(clone),
    wake_by_ref: Some(wake_by_ref),
    drop: Some(drop),
    same: Some(same),
};

/// The waker of the task that polls a handle, as its plugin knows it: one state as long as it is one task, so that both
/// sides see by a comparison that nothing has changed.
#[derive(Default)]
pub(super) struct TaskWaker {
    kept: Option<Arc<Waker>>,
}

impl TaskWaker {
    /// The waker for one call; the plugin clones it to keep it.
    #[inline]
    pub(super) fn for_call(&mut self, waker: &Waker) -> LkWaker {
        let kept = match &mut self.kept {
            Some(kept) if kept.will_wake(waker) => kept,
            kept => kept.insert(Arc::new(waker.clone())),
        };
        LkWaker { vtable: &raw const VTABLE, state: Arc::as_ptr(kept).cast() }
    }
}

unsafe extern "C" fn clone(state: *const c_void) -> LkWaker {
    // SAFETY: a waker of ours that is alive, in an `Arc`.
    unsafe { Arc::increment_strong_count(state.cast::<Waker>()) };
    LkWaker { vtable: &raw const VTABLE, state }
}

unsafe extern "C" fn wake_by_ref(state: *const c_void) {
    // SAFETY: a waker of ours that is alive.
    let waker = unsafe { &*state.cast::<Waker>() };
    // An executor's code runs here, which may not unwind into the plugin.
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake_by_ref()));
}

unsafe extern "C" fn drop(state: *const c_void) {
    // SAFETY: a clone of ours, for the last time.
    let waker = unsafe { Arc::from_raw(state.cast::<Waker>()) };
    let _ = catch_unwind(AssertUnwindSafe(|| std::mem::drop(waker)));
}

unsafe extern "C" fn same(state: *const c_void, other: *const c_void) -> u8 {
    // SAFETY: wakers of ours that are alive.
    let (one, other) = unsafe { (&*state.cast::<Waker>(), &*other.cast::<Waker>()) };
    u8::from(one.will_wake(other))
}
