//! Whose turn it is, and what becomes of a failure: the same for whole answers and live streams of all kinds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::{Member, Members};
use crate::error::{Error, ErrorKind, Result};
use crate::kinds::Kind;
use crate::monitor::{ErrorReport, MonitorEvent};

/// The attempts of one call or stream.
///
/// ```text
/// while let Some(member) = turns.next() {
///     attempt it: succeeded, or failed, and then sleep if it is to be tried again
/// }
/// turns.into_error()
/// ```
pub(super) struct Turns<'a, K: ?Sized> {
    members: &'a Members<K>,
    waiting: VecDeque<Arc<Member<K>>>,
    // How often the first of those that wait was tried.
    retries: u32,
    failures: Failures,
}

impl<'a, K: ?Sized + Send + Sync + 'static> Turns<'a, K> {
    /// Members that are available have the first turns.
    pub(super) fn new(members: &'a Members<K>) -> Self {
        Self { members, waiting: members.in_turn(), retries: 0, failures: Failures::new(members.kind) }
    }

    /// Leaves out those of which that is not so; whether any is left.
    pub(super) fn retain(&mut self, is_fit: impl FnMut(&Arc<Member<K>>) -> bool) -> bool {
        self.waiting.retain(is_fit);
        !self.waiting.is_empty()
    }

    /// The member to try now.
    pub(super) fn next(&self) -> Option<Arc<Member<K>>> {
        self.waiting.front().map(Arc::clone)
    }

    /// The member has done what was asked.
    pub(super) fn succeeded(&self, member: &Member<K>) {
        member.set_available(true, &self.members.monitor);
    }

    /// The member worked until now: all that failed before have another chance after it.
    pub(super) fn start_over(&mut self, member: &Arc<Member<K>>) {
        self.waiting = self.members.in_turn();
        self.waiting.retain(|other| !Arc::ptr_eq(other, member));
        self.waiting.push_front(Arc::clone(member));
        (self.retries, self.failures) = (0, Failures::new(self.members.kind));
    }

    /// The attempt failed: the pause before the next one of this member, or `None` when it has had its attempts, after which
    /// it is to be probed.
    ///
    /// # Errors
    ///
    /// The end of the call: when nobody listens any more, or when part of the output is out (`delivered`).
    pub(super) fn failed(
        &mut self,
        member: &Arc<Member<K>>,
        failure: Failure,
        delivered: bool,
        probe: impl FnOnce(),
    ) -> Result<Option<Duration>> {
        let error = match failure {
            Failure::Gone(error) => return Err(error),
            Failure::Failed(error) => error,
        };
        let options = &self.members.options;
        let is_end = delivered && !options.switch_after_output;
        let retry = !is_end && error.is_retryable() && self.retries < options.max_retry;
        self.report(member, &error, retry || !is_end && self.waiting.len() > 1);
        if retry {
            self.retries += 1;
            return Ok(Some(options.retry_interval));
        }
        // What the caller did wrong says nothing about the member.
        let callers = matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::Cancelled);
        if !callers {
            member.set_available(false, &self.members.monitor);
        }
        probe();
        if is_end {
            return Err(error);
        }
        self.waiting.pop_front();
        self.retries = 0;
        self.failures.reasons.push((Arc::clone(member.name()), error));
        Ok(None)
    }

    /// Another attempt follows, of this member or another, or it does not.
    fn report(&self, member: &Member<K>, error: &Error, recoverable: bool) {
        self.members.monitor.emit(|| {
            let name = Arc::clone(member.name());
            MonitorEvent::Error(ErrorReport::new(self.members.kind, name, error, recoverable))
        });
    }

    /// Why none of them did what was asked.
    pub(super) fn into_error(self) -> Error {
        self.failures.into_error()
    }
}

/// Why an attempt ended.
pub(super) enum Failure {
    /// Nobody listens any more; nothing is wrong with the member.
    Gone(Error),
    /// The member failed.
    Failed(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Why each member failed.
struct Failures {
    kind: Kind,
    reasons: Vec<(Arc<str>, Error)>,
}

/// The longest reason that is repeated, in characters.
const LONGEST_REASON: usize = 300;

impl Failures {
    fn new(kind: Kind) -> Self {
        Self { kind, reasons: Vec::new() }
    }

    /// One error of all: of their kind if they are of one, else the provider is to blame if one of them says so.
    fn into_error(self) -> Error {
        let Self { kind, mut reasons } = self;
        let texts: Vec<String> =
            reasons.iter().map(|(member, error)| format!("`{member}`: {}", reason(error))).collect();
        let message = format!("all members of the `{kind}` fallback failed: {}", texts.join("; "));
        let Some((_, last)) = reasons.pop() else { return Error::new(ErrorKind::Internal, message) };
        let mut others = reasons.iter().map(|(_, error)| error);
        let retryable = last.is_retryable() || reasons.iter().any(|(_, error)| error.is_retryable());
        let of_one_kind = others.all(|error| (error.kind(), error.status()) == (last.kind(), last.status()));
        let error = match last.status() {
            Some(status) if of_one_kind => Error::from_status(status, message),
            _ if of_one_kind => Error::new(last.kind(), message),
            _ if last.kind().is_api() || reasons.iter().any(|(_, error)| error.kind().is_api()) => {
                Error::new(ErrorKind::ApiConnection, message)
            }
            _ => Error::new(ErrorKind::Plugin, message),
        };
        error.with_retryable(retryable).with_source(last)
    }
}

/// The error with its causes, in a line of bounded length.
fn reason(error: &Error) -> String {
    let whole = error.in_full();
    match whole.char_indices().nth(LONGEST_REASON) {
        Some((end, _)) => format!("{}…", &whole[..end]),
        None => whole,
    }
}
