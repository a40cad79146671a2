//! A plugin's futures and streams.

use std::ffi::c_void;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::error::{self, NO_ERROR};
use super::state::{self, PluginState};
use super::waker;
use crate::abi::cross::{Bad, Record};
use crate::abi::layout::{LkDuplex, LkInput, LkOwnedError, LkPolled, LkPolledVtable, LkWaker, polled};
use crate::error::{Error, ErrorKind, Result};
use crate::stream::EventStream;

type PollFn = unsafe extern "C" fn(*mut c_void, *const LkWaker, *mut *const c_void, *mut LkOwnedError) -> u32;

/// A place for what is to be polled.
pub(super) const NO_POLLED: LkPolled = LkPolled { vtable: std::ptr::null(), state: std::ptr::null_mut() };

/// A place for the two halves of a stream.
pub(super) const NO_DUPLEX: LkDuplex =
    LkDuplex { input: LkInput { vtable: std::ptr::null(), state: std::ptr::null_mut() }, events: NO_POLLED };

/// Something of a plugin to poll.
pub(super) struct Polled<T> {
    poll: PollFn,
    state: PluginState,
    item: PhantomData<fn() -> T>,
}

impl<T: Record + Send + 'static> Polled<T> {
    /// # Safety
    ///
    /// A handle that a plugin gave us just now, for items of this type.
    pub(super) unsafe fn new(handle: LkPolled) -> Result<Self> {
        // SAFETY: the caller's promise.
        let vtable = unsafe { state::vtable::<LkPolledVtable>(handle.vtable)? };
        // SAFETY: the caller's promise.
        let state = unsafe { PluginState::new(handle.state, vtable.drop)? };
        let poll = vtable.poll.ok_or_else(|| error::missing("poll"))?;
        Ok(Self { poll, state, item: PhantomData })
    }

    pub(super) fn into_events(self) -> EventStream<T> {
        EventStream::new(self)
    }

    fn poll_item(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let waker = waker::borrowed(context.waker());
        loop {
            let (mut item, mut error) = (std::ptr::null(), NO_ERROR);
            // SAFETY: our handle, a waker for this call, and places for the answers.
            let code = unsafe { (self.poll)(self.state.pointer(), &raw const waker, &raw mut item, &raw mut error) };
            return match code {
                // SAFETY: the plugin's item, which lasts until the next call.
                polled::READY => match unsafe { T::from_pointer(item.cast()) } {
                    // An event that this version does not know.
                    Err(Bad::Later) => continue,
                    item => Poll::Ready(Some(item.map_err(Error::from))),
                },
                polled::PENDING => Poll::Pending,
                polled::ENDED => Poll::Ready(None),
                // SAFETY: the error is as the call left it.
                _ => Poll::Ready(Some(Err(unsafe { error::take(0, error) }))),
            };
        }
    }
}

impl<T: Record + Send + 'static> Stream for Polled<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        self.poll_item(context)
    }
}

impl<T: Record + Send + 'static> Future for Polled<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        self.poll_item(context).map(|item| {
            item.unwrap_or_else(|| Err(Error::new(ErrorKind::Internal, "the plugin's future ended without a result")))
        })
    }
}
