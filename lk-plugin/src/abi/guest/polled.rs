//! Futures and event streams as something to poll.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::guard::{self, Guard};
use super::waker::KeptWaker;
use crate::abi::arena::Arena;
use crate::abi::cross::Record;
use crate::abi::layout::{LkOwnedError, LkPolled, LkPolledVtable, LkWaker, polled, size_of_prefixed};
use crate::error::Result;
use crate::stream::{BoxFuture, BoxStream, EventStream};

/// What is polled.
trait Source: Send + 'static {
    type Item: Record + Send + 'static;

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Self::Item>>>;
}

impl<T: Record + Send + 'static> Source for BoxStream<T> {
    type Item = T;

    #[inline]
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        self.as_mut().poll_next(context)
    }
}

/// A future that borrows from the instance that it belongs to.
struct OwningFuture<T, P: ?Sized> {
    // Before the instance, so that it is dropped before it; `None` once it was ready.
    future: Option<BoxFuture<'static, Result<T>>>,
    _plugin: Arc<P>,
}

impl<T: Record + Send + 'static, P: Send + Sync + ?Sized + 'static> Source for OwningFuture<T, P> {
    type Item = T;

    #[inline]
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let Some(future) = &mut self.future else { return Poll::Ready(None) };
        let ready = future.as_mut().poll(context);
        if ready.is_ready() {
            self.future = None;
        }
        ready.map(Some)
    }
}

struct State<S: Source> {
    guard: Guard,
    // `None` after the end, an error or a panic.
    source: Option<S>,
    waker: KeptWaker,
    /// The item that the host is looking at: until the next call.
    item: Option<S::Item>,
    arena: Arena,
}

/// The events for the host to poll.
#[inline]
pub(super) fn events<T: Record + Send + 'static>(events: EventStream<T>) -> LkPolled {
    // Without its wrapper: here it ends with an error or a panic, too, and each wrapper moves the event once more.
    handle(events.into_inner())
}

/// The future for the host to poll. It keeps the instance alive: the host may drop that first.
#[inline]
pub(super) fn future<T, P>(plugin: &Arc<P>, make: impl for<'p> FnOnce(&'p P) -> BoxFuture<'p, Result<T>>) -> LkPolled
where
    T: Record + Send + 'static,
    P: Send + Sync + ?Sized + 'static,
{
    let future = make(plugin);
    // SAFETY: `make` takes any lifetime, so the future borrows from nothing shorter than the instance, which does not move
    // within its `Arc` and is dropped after it.
    let future = unsafe { std::mem::transmute::<BoxFuture<'_, Result<T>>, BoxFuture<'static, Result<T>>>(future) };
    handle(Some(OwningFuture { future: Some(future), _plugin: Arc::clone(plugin) }))
}

#[inline]
fn handle<S: Source>(source: Option<S>) -> LkPolled {
    let state =
        State { guard: Guard::default(), source, waker: KeptWaker::default(), item: None, arena: Arena::default() };
    LkPolled { vtable: Vtable::<S>::VTABLE, state: guard::keep(state) }
}

struct Vtable<S>(PhantomData<S>);

impl<S: Source> Vtable<S> {
    const VTABLE: &'static LkPolledVtable =
        &LkPolledVtable { size: size_of_prefixed::<LkPolledVtable>(), drop: Some(drop::<S>), poll: Some(poll::<S>) };
}

#[inline]
unsafe extern "C" fn poll<S: Source>(
    state: *mut c_void,
    waker: *const LkWaker,
    out: *mut *const c_void,
    error: *mut LkOwnedError,
) -> u32 {
    // SAFETY: the host calls a handle's functions with its state, one at a time.
    let State { guard, source, waker: kept, item, arena } = unsafe { &mut *state.cast::<State<S>>() };
    let polled = guard.run(|| {
        let Some(polling) = source else { return Ok(polled::ENDED) };
        // SAFETY: the host's waker lasts for this call.
        let waker = unsafe { kept.get(waker)? };
        *item = None;
        match polling.poll(&mut Context::from_waker(waker)) {
            Poll::Pending => return Ok(polled::PENDING),
            Poll::Ready(Some(Ok(next))) => {
                arena.reset();
                let value = arena.put(item.insert(next).record(arena));
                // SAFETY: the host's place for the answer.
                unsafe { out.write(value.cast()) };
                return Ok(polled::READY);
            }
            // What stands behind it is gone with its last event.
            Poll::Ready(None) => *source = None,
            Poll::Ready(Some(Err(error))) => {
                *source = None;
                return Err(error);
            }
        }
        Ok(polled::ENDED)
    });
    polled.unwrap_or_else(|failure| {
        // After a panic it is still there.
        let _ = guard::caught(|| *source = None);
        // SAFETY: the host's place for the error.
        unsafe { guard::fail(failure, error) };
        polled::FAILED
    })
}

#[inline]
unsafe extern "C" fn drop<S: Source>(state: *mut c_void) {
    // SAFETY: the host's last call.
    unsafe { guard::drop_state::<State<S>>(state) };
}
