//! The one error of the contract: a kind to match on, a message to print, and what a caller needs to decide
//! whether to try again.

use std::error::Error as StdError;
use std::fmt;

mod wire;

pub use self::wire::WireError;

/// What every fallible call of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Any error that can stand behind an [`Error`] as its source.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// The most causes that an error tells: a chain may be a circle.
const MAX_CAUSES: usize = 16;

/// The longest part of a provider's answer that an error keeps, in bytes.
pub const MAX_BODY_BYTES: usize = 4096;

/// What kind of thing went wrong: a closed set, so that callers can match on it.
///
/// Each kind has a number and a name that never change ([`ErrorKind::code`], [`ErrorKind::name`]): they are what
/// crosses the boundary of a `.so` and what stands in JSON. The four `Api…` kinds are LiveKit's `APIError`,
/// `APIStatusError`, `APIConnectionError` and `APITimeoutError`.
///
/// ```
/// use lk_plugin::{Error, ErrorKind};
///
/// fn advice(error: &Error) -> &str {
///     match error.kind() {
///         ErrorKind::Config => "mend the config",
///         ErrorKind::ApiTimeout | ErrorKind::ApiConnection => "look at the network",
///         _ if error.is_retryable() => "try again",
///         _ => "read the message",
///     }
/// }
/// assert_eq!(advice(&Error::from_status(500, "it broke")), "try again");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A config value is unknown, missing, of the wrong type or out of range.
    Config = 1,
    /// No plugin, kind, model or file of that name.
    NotFound = 2,
    /// Two plugins of one kind have the same name.
    Duplicate = 3,
    /// The plugin cannot do this (see its capabilities).
    Unsupported = 4,
    /// The caller's input is not acceptable: an impossible frame, a changed sample rate.
    InvalidInput = 5,
    /// The other half of the stream is gone.
    Closed = 6,
    /// The work was given up because somebody asked for that.
    Cancelled = 7,
    /// A plugin failed for a reason of its own; the causes tell.
    Plugin = 8,
    /// The provider reported an error, or its answer makes no sense.
    Api = 10,
    /// The provider answered with an error status.
    ApiStatus = 11,
    /// The provider could not be reached, or the connection broke.
    ApiConnection = 12,
    /// The provider did not answer in time.
    ApiTimeout = 13,
    /// The operating system refused something (a file, a thread).
    Io = 20,
    /// A plugin panicked; that instance, or the stream or future in which it did, is not usable any more.
    Panic = 21,
    /// A bug, here or in a plugin.
    Internal = 22,
}

impl ErrorKind {
    /// Every kind, by number.
    pub const ALL: &'static [Self] = &[
        Self::Config,
        Self::NotFound,
        Self::Duplicate,
        Self::Unsupported,
        Self::InvalidInput,
        Self::Closed,
        Self::Cancelled,
        Self::Plugin,
        Self::Api,
        Self::ApiStatus,
        Self::ApiConnection,
        Self::ApiTimeout,
        Self::Io,
        Self::Panic,
        Self::Internal,
    ];

    /// The number that crosses the boundary of a `.so`.
    #[must_use]
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// The kind with that number; `None` for a number of a later version.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// The name used in JSON, such as `api_status`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::NotFound => "not_found",
            Self::Duplicate => "duplicate",
            Self::Unsupported => "unsupported",
            Self::InvalidInput => "invalid_input",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
            Self::Plugin => "plugin",
            Self::Api => "api",
            Self::ApiStatus => "api_status",
            Self::ApiConnection => "api_connection",
            Self::ApiTimeout => "api_timeout",
            Self::Io => "io",
            Self::Panic => "panic",
            Self::Internal => "internal",
        }
    }

    /// Whether the fault lies with the provider or the way to it (the four `Api…` kinds).
    #[must_use]
    pub const fn is_api(self) -> bool {
        matches!(self, Self::Api | Self::ApiStatus | Self::ApiConnection | Self::ApiTimeout)
    }

    /// Whether the way to the provider failed; a timeout counts, as `APITimeoutError` is an `APIConnectionError`.
    #[must_use]
    pub const fn is_connection(self) -> bool {
        matches!(self, Self::ApiConnection | Self::ApiTimeout)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An error of a plugin, of the registry or of a config.
///
/// `Display` prints the message alone; the causes hang on [`source`](StdError::source) and come together in
/// [`chain`](Error::chain). A plugin's constructor may return any other error type instead: the attribute converts it.
///
/// ```
/// use lk_plugin::{Error, ErrorKind};
///
/// let error = Error::from_status(429, "too many requests").with_request_id("req_7");
/// assert_eq!(error.kind(), ErrorKind::ApiStatus);
/// assert!(error.is_retryable());
/// // A client's own mistake stays one, however often it is tried.
/// assert!(!Error::from_status(401, "wrong key").with_retryable(true).is_retryable());
/// ```
pub struct Error {
    // Boxed, so that a `Result` on the frame path stays two words.
    inner: Box<Inner>,
}

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    retryable: bool,
    status: Option<u16>,
    request_id: Option<String>,
    body: Option<String>,
    source: Option<BoxError>,
}

impl Error {
    /// An error of this kind. [`Api`](ErrorKind::Api), [`ApiConnection`](ErrorKind::ApiConnection),
    /// [`ApiStatus`](ErrorKind::ApiStatus) and [`ApiTimeout`](ErrorKind::ApiTimeout) start as retryable, as in LiveKit;
    /// every other kind does not.
    ///
    /// The message starts in lower case, has no full stop, names the offending value in backticks and says after a
    /// semicolon what to do.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                retryable: kind.is_api(),
                status: None,
                request_id: None,
                body: None,
                source: None,
            }),
        }
    }

    /// An error status from a provider, with LiveKit's rule for trying again: 400 to 499 never, except 408, 429 and
    /// 499; everything else may.
    pub fn from_status(status: u16, message: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorKind::ApiStatus, message);
        error.inner.status = Some(status);
        error.with_retryable(true)
    }

    /// [`ErrorKind::Config`] with this message.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// [`ErrorKind::InvalidInput`] with this message.
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    /// [`ErrorKind::Unsupported`] with this message.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// [`ErrorKind::Closed`], for a stream that is given more after its input has ended. Every plugin reports it like this.
    #[must_use]
    pub fn input_ended() -> Self {
        Self::new(ErrorKind::Closed, "the input of this stream has ended; open a new one")
    }

    /// Says whether another attempt may help. A status of 400 to 499 except 408, 429 and 499 stays not retryable.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        let callers_fault =
            self.inner.status.is_some_and(|status| (400..=499).contains(&status) && !matches!(status, 408 | 429 | 499));
        self.inner.retryable = retryable && !callers_fault;
        self
    }

    /// Adds the provider's id of the failed request, for its support.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.inner.request_id = Some(request_id.into());
        self
    }

    /// Adds what the provider answered, cut at [`MAX_BODY_BYTES`].
    #[must_use]
    pub fn with_body(mut self, body: impl Into<String>) -> Self {
        self.inner.body = Some(bounded(body.into()));
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// Puts `place` and a colon before the message: the plugin, the file or the key that it is about.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.inner.message = format!("{place}: {}", self.inner.message);
        self
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// What happened, for a person; without the causes.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// Whether another attempt may help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.inner.retryable
    }

    /// The status that the provider answered with, such as 429.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.inner.status
    }

    /// The provider's id of the failed request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.inner.request_id.as_deref()
    }

    /// What the provider answered, within [`MAX_BODY_BYTES`]: if it was longer, its start and a note of its length.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.inner.body.as_deref()
    }

    /// The message with those of the causes behind it, for where there is one line: `no answer: connection refused`.
    ///
    /// ```
    /// use lk_plugin::{Error, ErrorKind};
    ///
    /// let refused = std::io::Error::other("connection refused");
    /// let error = Error::new(ErrorKind::ApiConnection, "no answer from `localhost:8000`").with_source(refused);
    /// assert_eq!(error.to_string(), "no answer from `localhost:8000`");
    /// assert_eq!(error.in_full(), "no answer from `localhost:8000`: connection refused");
    /// ```
    #[must_use]
    pub fn in_full(&self) -> String {
        std::iter::once(self.to_string()).chain(self.chain()).collect::<Vec<_>>().join(": ")
    }

    /// The messages of the causes, nearest first, without this error's own; at most 16.
    #[must_use]
    pub fn chain(&self) -> Vec<String> {
        let mut chain = Vec::new();
        let mut next = self.source();
        while let Some(error) = next.filter(|_| chain.len() < MAX_CAUSES) {
            chain.push(error.to_string());
            next = error.source();
        }
        chain
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)?;
        if let Some(status) = self.inner.status {
            write!(f, " (status {status})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &inner.kind).field("message", &inner.message).field("retryable", &inner.retryable);
        if let Some(status) = inner.status {
            debug.field("status", &status);
        }
        if let Some(request_id) = &inner.request_id {
            debug.field("request_id", request_id);
        }
        if let Some(body) = &inner.body {
            debug.field("body", body);
        }
        if let Some(source) = &inner.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as _)
    }
}

/// The body, or its start and a note; with the note it is within the limit, so that bounding it again changes nothing.
fn bounded(mut body: String) -> String {
    if body.len() > MAX_BODY_BYTES {
        let note = format!("… ({} bytes in all)", body.len());
        let mut end = MAX_BODY_BYTES - note.len();
        while !body.is_char_boundary(end) {
            end -= 1;
        }
        body.truncate(end);
        body.push_str(&note);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_full_has_the_message_and_each_cause() {
        let cause = Error::new(ErrorKind::Io, "refused").with_source("no route");
        assert_eq!(
            Error::new(ErrorKind::ApiConnection, "no answer").with_source(cause).in_full(),
            "no answer: refused: no route"
        );
        assert_eq!(Error::config("bad").in_full(), "bad");
    }

    #[test]
    fn retryable_follows_livekits_table() {
        for (status, retryable) in
            [(400, false), (401, false), (404, false), (408, true), (429, true), (499, true), (500, true), (503, true)]
        {
            assert_eq!(Error::from_status(status, "no").is_retryable(), retryable, "{status}");
        }
        assert!(!Error::from_status(500, "no").with_retryable(false).is_retryable());
        assert!(Error::new(ErrorKind::ApiTimeout, "late").is_retryable());
        assert!(!Error::config("bad").is_retryable());
    }

    #[test]
    fn body_is_bounded_at_a_character() {
        let error = Error::new(ErrorKind::Api, "long").with_body("é".repeat(MAX_BODY_BYTES));
        let body = error.body().unwrap_or_default();
        assert!(body.len() <= MAX_BODY_BYTES, "{}", body.len());
        assert!(body.ends_with("(8192 bytes in all)"), "{body}");
        let exact = "x".repeat(MAX_BODY_BYTES);
        assert_eq!(Error::new(ErrorKind::Api, "fits").with_body(exact.clone()).body(), Some(exact.as_str()));
    }

    #[test]
    fn codes_and_names_are_unique_and_fixed() {
        let numbers: Vec<u32> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 20, 21, 22]);
        for kind in ErrorKind::ALL {
            assert_eq!(ErrorKind::from_code(kind.code()), Some(*kind));
        }
        assert_eq!(ErrorKind::from_code(99), None);
    }

    #[test]
    fn a_circle_of_causes_ends() {
        #[derive(Debug)]
        struct Circle;
        impl fmt::Display for Circle {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("again")
            }
        }
        impl StdError for Circle {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                Some(self)
            }
        }
        assert_eq!(Error::new(ErrorKind::Api, "top").with_source(Circle).chain().len(), 16);
    }
}
