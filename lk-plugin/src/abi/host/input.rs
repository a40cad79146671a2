//! The input half of a plugin's stream.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::task::{Context, Poll};

use super::error::{self, NO_ERROR};
use super::state::{self, PluginState};
use super::waker;
use crate::abi::arena::Arena;
use crate::abi::cross::Cross;
use crate::abi::layout::{LkInput, LkInputVtable, LkOwnedError, LkTagged, LkWaker, polled};
use crate::error::Result;
use crate::stream::InputSink;

pub(super) struct Input<T> {
    poll_ready: unsafe extern "C" fn(*mut c_void, *const LkWaker, *mut LkOwnedError) -> u32,
    start_send: unsafe extern "C" fn(*mut c_void, *const LkTagged, *mut LkOwnedError) -> u32,
    state: PluginState,
    arena: Arena,
    item: PhantomData<fn(T)>,
}

impl<T> Input<T> {
    /// # Safety
    ///
    /// A handle that a plugin gave us just now, for items of this type.
    pub(super) unsafe fn new(handle: LkInput) -> Result<Self> {
        // SAFETY: the caller's promise.
        let vtable = unsafe { state::vtable::<LkInputVtable>(handle.vtable)? };
        // SAFETY: the caller's promise.
        let state = unsafe { PluginState::new(handle.state, vtable.drop)? };
        Ok(Self {
            poll_ready: vtable.poll_ready.ok_or_else(|| error::missing("poll_ready"))?,
            start_send: vtable.start_send.ok_or_else(|| error::missing("start_send"))?,
            state,
            arena: Arena::default(),
            item: PhantomData,
        })
    }
}

impl<T: Cross<C = LkTagged>> InputSink<T> for Input<T> {
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let (waker, mut error) = (waker::borrowed(context.waker()), NO_ERROR);
        // SAFETY: our handle, a waker for this call, and a place for the error.
        match unsafe { (self.poll_ready)(self.state.pointer(), &raw const waker, &raw mut error) } {
            polled::READY => Poll::Ready(Ok(())),
            polled::PENDING => Poll::Pending,
            // SAFETY: the error is as the call left it.
            _ => Poll::Ready(Err(unsafe { error::take(0, error) })),
        }
    }

    fn start_send(&mut self, item: T) -> Result<()> {
        self.arena.reset();
        let (tagged, mut error) = (item.encode(&self.arena), NO_ERROR);
        // SAFETY: our handle, an item that stays for this call, and a place for the error.
        match unsafe { (self.start_send)(self.state.pointer(), &raw const tagged, &raw mut error) } {
            polled::READY => Ok(()),
            // SAFETY: the error is as the call left it.
            _ => Err(unsafe { error::take(0, error) }),
        }
    }
}
