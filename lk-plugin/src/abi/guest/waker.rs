//! The host's waker as a Rust one.

use std::ffi::c_void;
use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::abi::layout::{LkWaker, LkWakerVtable, read};
use crate::error::{Error, ErrorKind, Result};

/// The waker of the task that polled last. One clone a task: cloning at each poll costs more than the poll.
#[derive(Default)]
pub(super) struct KeptWaker {
    kept: Option<Kept>,
}

struct Kept {
    waker: Waker,
    /// The host's clone, which the waker owns.
    host: LkWaker,
    same: Option<unsafe extern "C" fn(*const c_void, *const c_void) -> u8>,
}

// SAFETY: the pointers are those of the host's waker, which is `Send` and kept alive by the waker beside them.
unsafe impl Send for Kept {}

impl KeptWaker {
    /// The Rust waker for the one of this poll.
    ///
    /// # Safety
    ///
    /// `waker` points to a waker of the host that lasts for this call.
    #[inline]
    pub(super) unsafe fn get(&mut self, waker: *const LkWaker) -> Result<&Waker> {
        // SAFETY: the caller's promise.
        let waker = unsafe { waker.read() };
        let is_same = match &self.kept {
            // SAFETY: both states are of wakers with this table that are alive.
            Some(Kept { host, same: Some(same), .. }) if host.vtable == waker.vtable => unsafe {
                same(host.state, waker.state) != 0
            },
            _ => false,
        };
        if !is_same {
            // SAFETY: the caller's promise.
            self.kept = Some(unsafe { Kept::clone_of(waker)? });
        }
        self.kept.as_ref().map(|kept| &kept.waker).ok_or_else(broken)
    }
}

impl Kept {
    /// # Safety
    ///
    /// The host's waker is alive.
    #[cold]
    unsafe fn clone_of(waker: LkWaker) -> Result<Self> {
        // SAFETY: the caller's promise; a waker's vtable is as the host wrote it.
        let (host, vtable) = unsafe {
            let clone = read(waker.vtable).clone.ok_or_else(broken)?;
            let host = clone(waker.state);
            if host.vtable.is_null() {
                return Err(broken());
            }
            (host, read(host.vtable))
        };
        Ok(Self { waker: Waker::from(Arc::new(HostWaker { vtable, state: host.state })), host, same: vtable.same })
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
