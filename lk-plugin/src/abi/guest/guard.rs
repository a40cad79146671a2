//! What stands between a plugin's code and the C function that calls it: panics become errors, errors become numbers.

use std::any::Any;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use super::host_log;
use crate::abi::arena::Arena;
use crate::abi::cross::Record;
use crate::abi::layout::LkOwnedError;
use crate::error::{Error, ErrorKind, Result, WireError};

/// What a call that went well returns.
pub(super) const GOOD: u32 = 0;

/// Watches over one handle. After a panic its state may be half changed, so its code is not called again.
#[derive(Default)]
pub(super) struct Guard {
    panicked: OnceLock<String>,
}

impl Guard {
    /// Runs code of the plugin. What it returns should be small: it is moved through the catching.
    #[inline(always)]
    pub(super) fn run<T>(&self, code: impl FnOnce() -> Result<T>) -> Result<T> {
        if let Some(message) = self.panicked.get() {
            return Err(poisoned(message));
        }
        catch_unwind(AssertUnwindSafe(code)).unwrap_or_else(|payload| Err(self.poison(payload)))
    }

    #[cold]
    #[inline]
    fn poison(&self, payload: Box<dyn Any + Send>) -> Error {
        let message = message_and_drop(payload);
        let error = panicked(&message);
        // Of two threads at once, either's message is as good.
        let _ = self.panicked.set(message);
        error
    }

    /// Runs code of the plugin, and tells the host what came of it.
    ///
    /// # Safety
    ///
    /// `error` may be written to.
    #[inline(always)]
    pub(super) unsafe fn answer(&self, error: *mut LkOwnedError, code: impl FnOnce() -> Result<()>) -> u32 {
        match self.run(code) {
            Ok(()) => GOOD,
            // SAFETY: the caller's promise.
            Err(failure) => unsafe { fail(failure, error) },
        }
    }
}

#[cold]
#[inline]
fn poisoned(message: &str) -> Error {
    let message = format!("the plugin panicked before (`{message}`), and is not usable any more; make a new one");
    Error::new(ErrorKind::Panic, message)
}

/// Runs code of the plugin that has no handle yet, or none any more; `Err` is the message of a panic.
#[inline]
pub(super) fn caught<T>(code: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(code)).map_err(message_and_drop)
}

#[cold]
#[inline]
fn message_and_drop(payload: Box<dyn Any + Send>) -> String {
    let message = message_of(&*payload);
    // The payload is the plugin's too: its drop may panic again, and nothing more can be done about it.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
    message
}

/// The error of a panic.
#[inline]
pub(super) fn panicked(message: &str) -> Error {
    let place = host_log::place_of_last_panic().map_or_else(String::new, |place| format!(" at {place}"));
    Error::new(ErrorKind::Panic, format!("the plugin panicked{place}: {message}"))
}

#[inline]
pub(super) fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}

/// Frees a state that the host gives back.
///
/// # Safety
///
/// `state` is what `Box::into_raw` gave for a `T`, for the last time.
#[inline]
pub(super) unsafe fn drop_state<T>(state: *mut c_void) {
    // SAFETY: the caller's promise.
    let state = unsafe { Box::from_raw(state.cast::<T>()) };
    // A panic here has nobody to go to: the hook has told the host, and the handle is gone.
    let _ = caught(|| drop(state));
}

/// A state for the host to keep, which may use and drop it on any thread.
#[inline]
pub(super) fn keep<T: Send>(state: T) -> *mut c_void {
    Box::into_raw(Box::new(state)).cast()
}

/// Gives the error to the host, and returns the number of its kind.
///
/// # Safety
///
/// `out` may be written to.
#[cold]
#[inline]
pub(super) unsafe fn fail(error: Error, out: *mut LkOwnedError) -> u32 {
    struct Owner {
        // Both are what the C form points into.
        _error: WireError,
        _arena: Arena,
    }
    #[inline]
    unsafe extern "C" fn free(owner: *mut c_void) {
        // SAFETY: made below; the host frees it once.
        unsafe { drop_state::<Owner>(owner) };
    }
    // Its causes are the plugin's: they print and drop themselves.
    let error = caught(move || WireError::from(&error)).unwrap_or_else(|message| WireError::from(&panicked(&message)));
    let arena = Arena::default();
    let code = error.code;
    let value = arena.put(error.record(&arena));
    // The texts are on the heap, and stay there when the error moves.
    let owner = keep(Owner { _error: error, _arena: arena });
    // SAFETY: the caller's promise.
    unsafe { out.write(LkOwnedError { value, owner, free: Some(free) }) };
    code
}
