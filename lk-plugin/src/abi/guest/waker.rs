//! The host's waker as a Rust one.

use std::ffi::c_void;
use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::abi::layout::{LkWaker, LkWakerVtable, read};
use crate::error::{Error, ErrorKind, Result};

/// The waker of the task that polled last. One clone a task: cloning at each poll costs more than the poll.
#[derive(Default)]
pub(super) struct KeptWaker {
    kept: Option<(Waker, *const c_void)>,
}

// SAFETY: the pointer is the state of the host's waker, which is `Send` and kept alive by the waker beside it.
unsafe impl Send for KeptWaker {}

impl KeptWaker {
    /// The Rust waker for the one of this poll.
    ///
    /// # Safety
    ///
    /// `waker` points to a waker of the host that lasts for this call.
    #[inline]
    pub(super) unsafe fn get(&mut self, waker: *const LkWaker) -> Result<&Waker> {
        // SAFETY: the caller's promise.
        let (waker, vtable) = unsafe { (waker.read(), read((*waker).vtable)) };
        let is_same = match (&self.kept, vtable.same) {
            // SAFETY: both states are of wakers that are alive.
            (Some((_, kept)), Some(same)) => unsafe { same(*kept, waker.state) != 0 },
            _ => false,
        };
        if !is_same {
            let clone = vtable.clone.ok_or_else(broken)?;
            // SAFETY: the waker is alive.
            let own = unsafe { clone(waker.state) };
            if own.vtable.is_null() {
                return Err(broken());
            }
            // SAFETY: a waker's vtable is as the host wrote it.
            let vtable = unsafe { read(own.vtable) };
            self.kept = Some((Waker::from(Arc::new(HostWaker { vtable, state: own.state })), own.state));
        }
        self.kept.as_ref().map(|(waker, _)| waker).ok_or_else(broken)
    }
}

#[inline]
fn broken() -> Error {
    Error::new(ErrorKind::Internal, "the host's waker could not be cloned")
}

/// A clone of the host's waker.
struct HostWaker {
    vtable: LkWakerVtable,
    state: *const c_void,
}

// SAFETY: docs/abi.md: all functions of a waker may be called from any thread, at once; the vtable's are in the host,
// which outlives its plugins.
unsafe impl Send for HostWaker {}
// SAFETY: as above.
unsafe impl Sync for HostWaker {}

impl Wake for HostWaker {
    #[inline]
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    #[inline]
    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(wake) = self.vtable.wake_by_ref {
            // SAFETY: the clone is alive until it is dropped below.
            unsafe { wake(self.state) };
        }
    }
}

impl Drop for HostWaker {
    #[inline]
    fn drop(&mut self) {
        if let Some(drop) = self.vtable.drop {
            // SAFETY: for the last time.
            unsafe { drop(self.state) };
        }
    }
}
