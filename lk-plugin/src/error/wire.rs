//! The form in which an error crosses a boundary that types cannot: text and numbers.

use std::error::Error as StdError;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Error, ErrorKind};

/// An [`Error`] as flat data: what crosses the boundary of a `.so`, and what stands in JSON.
///
/// The sources become text, nearest first; everything else survives the way there and back.
///
/// ```
/// use lk_plugin::{Error, WireError};
///
/// let error = Error::from_status(429, "too many requests").with_request_id("req_7");
/// let there = serde_json::to_string(&WireError::from(&error))?;
/// let back = Error::from(serde_json::from_str::<WireError>(&there)?);
/// assert_eq!((back.status(), back.request_id(), back.is_retryable()), (Some(429), Some("req_7"), true));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WireError {
    /// [`ErrorKind::code`].
    pub code: u32,
    /// [`Error::message`].
    pub message: String,
    /// [`Error::chain`].
    pub chain: Vec<String>,
    /// [`Error::is_retryable`].
    pub retryable: bool,
    /// [`Error::status`].
    pub status: Option<u16>,
    /// [`Error::request_id`].
    pub request_id: Option<String>,
    /// [`Error::body`].
    pub body: Option<String>,
}

impl From<&Error> for WireError {
    fn from(error: &Error) -> Self {
        Self {
            code: error.kind().code(),
            message: error.message().to_owned(),
            chain: error.chain(),
            retryable: error.is_retryable(),
            status: error.status(),
            request_id: error.request_id().map(ToOwned::to_owned),
            body: error.body().map(ToOwned::to_owned),
        }
    }
}

impl From<WireError> for Error {
    /// Rebuilds the error. A code of a later version becomes [`ErrorKind::Internal`] and is named in the chain.
    fn from(wire: WireError) -> Self {
        let kind = ErrorKind::from_code(wire.code);
        // It comes from somebody else: a chain of millions would overflow the stack when it is dropped.
        let mut chain = wire.chain;
        chain.truncate(super::MAX_CAUSES);
        if kind.is_none() {
            chain.truncate(super::MAX_CAUSES - 1);
            chain.push(format!("error code {} is of a later version", wire.code));
        }
        let source = chain.into_iter().rev().fold(None, |source, message| Some(Box::new(Link { message, source })));
        let mut error = Self::new(kind.unwrap_or(ErrorKind::Internal), wire.message);
        error.inner.status = wire.status;
        error = error.with_retryable(wire.retryable);
        error.inner.request_id = wire.request_id;
        error.inner.body = wire.body.map(super::bounded);
        error.inner.source = source.map(|link| link as _);
        error
    }
}

/// One cause that was an error value on the other side.
#[derive(Debug)]
struct Link {
    message: String,
    source: Option<Box<Link>>,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Link {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|link| link as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_survives_the_way_there_and_back() {
        let cause = Error::new(ErrorKind::Io, "connection refused").with_source("port closed");
        let error = Error::from_status(503, "overloaded").with_request_id("r1").with_body("{}").with_source(cause);
        let wire = WireError::from(&error);
        assert_eq!(wire.chain, ["connection refused", "port closed"]);
        let back = Error::from(wire.clone());
        assert_eq!(WireError::from(&back), wire);
        assert_eq!(back.kind(), ErrorKind::ApiStatus);
    }

    #[test]
    fn a_long_body_survives_and_a_long_chain_is_cut() {
        let wire = WireError::from(&Error::new(ErrorKind::Api, "long").with_body("x".repeat(10_000)));
        assert_eq!(WireError::from(&Error::from(wire.clone())), wire);
        let mut endless = wire;
        endless.chain = vec![String::from("again"); 1_000_000];
        assert_eq!(Error::from(endless).chain().len(), 16);
    }

    #[test]
    fn the_note_of_a_later_code_survives_the_next_border() {
        let mut wire = WireError::from(&Error::config("later"));
        (wire.code, wire.chain) = (4711, vec![String::from("again"); 20]);
        let once = WireError::from(&Error::from(wire));
        assert_eq!(once.chain.last().map(String::as_str), Some("error code 4711 is of a later version"));
        assert_eq!(WireError::from(&Error::from(once.clone())), once);
    }

    #[test]
    fn an_unknown_code_is_kept_readable() {
        let mut wire = WireError::from(&Error::config("later"));
        wire.code = 4711;
        let error = Error::from(wire);
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert_eq!(error.chain(), ["error code 4711 is of a later version"]);
    }
}
