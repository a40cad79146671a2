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

    /// With `SKIPS_LATER` an item that this version does not know is left out. (Decided here, where the item is read: moved once
    /// more, a token would cost a fifth more.)
    fn poll_item<const SKIPS_LATER: bool>(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let waker = waker::borrowed(context.waker());
        loop {
            let (mut item, mut error) = (std::ptr::null(), NO_ERROR);
            // SAFETY: our handle, a waker for this call, and places for the answers.
            let code = unsafe { (self.poll)(self.state.pointer(), &raw const waker, &raw mut item, &raw mut error) };
            return match code {
                // SAFETY: the plugin's item, which lasts until the next call.
                polled::READY => match unsafe { T::from_pointer(item.cast()) } {
                    Err(Bad::Later) if SKIPS_LATER => continue,
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
        self.poll_item::<true>(context)
    }
}

impl<T: Record + Send + 'static> Future for Polled<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        // After its result a future is only dropped, so there is nothing to go on to.
        self.poll_item::<false>(context).map(|item| {
            item.unwrap_or_else(|| Err(Error::new(ErrorKind::Internal, "the plugin's future ended without a result")))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Waker;

    use super::*;
    use crate::abi::arena::Arena;
    use crate::abi::layout::size_of_prefixed;
    use crate::abi::values::LkSpeechEvent;
    use crate::kinds::{SpeechEvent, SpeechEventType};

    static VTABLE: LkPolledVtable =
        LkPolledVtable { size: size_of_prefixed::<LkPolledVtable>(), drop: Some(drop_events), poll: Some(poll_events) };

    /// What a plugin of a later version would give: one event of each of these types, the last first.
    struct Events {
        left: Vec<u32>,
        event: LkSpeechEvent,
        // What the event points into.
        _arena: Arena,
    }

    unsafe extern "C" fn drop_events(state: *mut c_void) {
        // SAFETY: the box that `polled_events` made.
        drop(unsafe { Box::from_raw(state.cast::<Events>()) });
    }

    unsafe extern "C" fn poll_events(
        state: *mut c_void,
        _: *const LkWaker,
        out: *mut *const c_void,
        _: *mut LkOwnedError,
    ) -> u32 {
        // SAFETY: the box that `polled_events` made, and the caller's place for the answer.
        unsafe {
            let events = &mut *state.cast::<Events>();
            let Some(event_type) = events.left.pop() else { return polled::ENDED };
            events.event.event_type = event_type;
            out.write((&raw const events.event).cast());
        }
        polled::READY
    }

    fn polled_events(left: Vec<u32>) -> Result<Polled<SpeechEvent>> {
        let arena = Arena::default();
        let event = SpeechEvent::new(SpeechEventType::StartOfSpeech).record(&arena);
        let state = Box::into_raw(Box::new(Events { left, event, _arena: arena })).cast();
        // SAFETY: the functions above go with this state.
        unsafe { Polled::new(LkPolled { vtable: &raw const VTABLE, state }) }
    }

    #[test]
    fn an_event_of_a_later_version_is_left_out_and_a_result_is_an_error() -> Result<()> {
        let known = SpeechEvent::new(SpeechEventType::StartOfSpeech).record(&Arena::default()).event_type;
        let mut context = Context::from_waker(Waker::noop());
        let mut events = pin!(polled_events(vec![known, 99])?);
        assert!(matches!(events.as_mut().poll_next(&mut context), Poll::Ready(Some(Ok(_)))));
        assert!(matches!(events.as_mut().poll_next(&mut context), Poll::Ready(None)));
        // Polled once: after its result a future is only dropped.
        let Poll::Ready(Err(error)) = pin!(polled_events(vec![known, 99])?).poll(&mut context) else {
            unreachable!("it is ready")
        };
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        Ok(())
    }
}
