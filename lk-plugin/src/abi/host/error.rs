//! Errors of a plugin, taken over.

use crate::abi::cross::{Bad, Record};
use crate::abi::layout::LkOwnedError;
use crate::error::{Error, ErrorKind, Result, WireError};

/// A place for the error of a call.
pub(super) const NO_ERROR: LkOwnedError =
    LkOwnedError { value: std::ptr::null(), owner: std::ptr::null_mut(), free: None };

/// What a call returned that answers with the number of a kind of error.
///
/// # Safety
///
/// `error` is as the call left it.
#[inline]
pub(super) unsafe fn outcome(code: u32, error: LkOwnedError) -> Result<()> {
    // SAFETY: the caller's promise.
    if code == 0 { Ok(()) } else { Err(unsafe { take(code, error) }) }
}

/// The error, copied; what the plugin owns is freed.
///
/// # Safety
///
/// As [`outcome`].
#[cold]
pub(super) unsafe fn take(code: u32, error: LkOwnedError) -> Error {
    let unsaid = || {
        let kind = ErrorKind::from_code(code).unwrap_or(ErrorKind::Internal);
        Error::new(kind, "the plugin failed and did not say why")
    };
    let told = (!error.value.is_null()).then(|| {
        // SAFETY: the plugin's error, until it is freed below.
        unsafe { WireError::from_pointer(error.value) }
    });
    if let Some(free) = error.free {
        // SAFETY: once, after the last look.
        unsafe { free(error.owner) };
    }
    match told {
        None => unsaid(),
        Some(Ok(wire)) => wire.into(),
        Some(Err(bad)) => unsaid().with_source(Error::from(bad)),
    }
}

/// What a plugin lacks that it must have.
pub(super) fn missing(function: &str) -> Error {
    Error::from(Bad::Broken("a function is missing")).at(format_args!("`{function}`"))
}
