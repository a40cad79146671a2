//! The input half of a stream.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::task::{Context, Poll};

use super::guard::{self, Guard};
use super::waker::KeptWaker;
use crate::abi::cross::{Bad, Cross};
use crate::abi::layout::{LkInput, LkInputVtable, LkOwnedError, LkTagged, LkWaker, polled, size_of_prefixed};
use crate::stream::InputSink;

struct State<T> {
    guard: Guard,
    sink: Box<dyn InputSink<T>>,
    waker: KeptWaker,
}

/// The input for the host to push into.
#[inline]
pub(super) fn input<T: Cross<C = LkTagged> + 'static>(sink: Box<dyn InputSink<T>>) -> LkInput {
    let state = State { guard: Guard::default(), sink, waker: KeptWaker::default() };
    LkInput { vtable: Vtable::<T>::VTABLE, state: guard::keep(state) }
}

struct Vtable<T>(PhantomData<T>);

impl<T: Cross<C = LkTagged> + 'static> Vtable<T> {
    const VTABLE: &'static LkInputVtable = &LkInputVtable {
        size: size_of_prefixed::<LkInputVtable>(),
        drop: Some(drop::<T>),
        poll_ready: Some(poll_ready::<T>),
        start_send: Some(start_send::<T>),
    };
}

#[inline]
unsafe extern "C" fn poll_ready<T>(state: *mut c_void, waker: *const LkWaker, error: *mut LkOwnedError) -> u32 {
    // SAFETY: the host calls a handle's functions with its state, one at a time.
    let State { guard, sink, waker: kept } = unsafe { &mut *state.cast::<State<T>>() };
    let polled = guard.run(|| {
        // SAFETY: the host's waker lasts for this call.
        let waker = unsafe { kept.get(waker)? };
        match sink.poll_ready(&mut Context::from_waker(waker)) {
            Poll::Ready(ready) => ready.map(Poll::Ready),
            Poll::Pending => Ok(Poll::Pending),
        }
    });
    match polled {
        Ok(Poll::Ready(())) => polled::READY,
        Ok(Poll::Pending) => polled::PENDING,
        Err(failure) => {
            // SAFETY: the host's place for the error.
            unsafe { guard::fail(failure, error) };
            polled::FAILED
        }
    }
}

#[inline]
unsafe extern "C" fn start_send<T: Cross<C = LkTagged>>(
    state: *mut c_void,
    item: *const LkTagged,
    error: *mut LkOwnedError,
) -> u32 {
    // SAFETY: as above.
    let State { guard, sink, .. } = unsafe { &mut *state.cast::<State<T>>() };
    let sent = guard.run(|| {
        // SAFETY: the host's item lasts for this call.
        match unsafe { T::decode(item.read()) } {
            Ok(item) => sink.start_send(item),
            // Something new: whoever serves the stream would ignore it.
            Err(Bad::Later) => Ok(()),
            Err(bad) => Err(bad.into()),
        }
    });
    match sent {
        Ok(()) => polled::READY,
        Err(failure) => {
            // SAFETY: the host's place for the error.
            unsafe { guard::fail(failure, error) };
            polled::FAILED
        }
    }
}

#[inline]
unsafe extern "C" fn drop<T>(state: *mut c_void) {
    // SAFETY: the host's last call.
    unsafe { guard::drop_state::<State<T>>(state) };
}
