//! Runs checks: each on a thread of its own, with an end to every wait.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::{Outcome, Verdict};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::kinds::PluginKind;
use crate::plugin::Plugin;

/// How long a call may wait for something to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a check may take.
const LIMIT: Duration = Duration::from_secs(120);

/// How long a call is left alone before it is given up at the next point.
const PAUSE: Duration = Duration::from_millis(20);

/// At how many points a call is given up.
const POINTS: usize = 24;

/// A check of the plugins of one kind.
pub(super) struct Check<K: PluginKind + ?Sized> {
    pub(super) name: &'static str,
    pub(super) rule: &'static str,
    pub(super) run: fn(&Subject<K>) -> Checked,
}

/// One short call to an instance, without a retry: its error, if it came to one.
pub(super) type Ask<K> = fn(&K) -> Option<Error>;

/// What a check comes to.
pub(super) type Checked = std::result::Result<(), Stop>;

/// Why a check ends before its end.
pub(super) enum Stop {
    Finding(String),
    Skip(String),
}

impl From<Error> for Stop {
    /// A call failed that should not.
    fn from(error: Error) -> Self {
        Self::Finding(format!("`{}` error: {}", error.kind(), error.in_full()))
    }
}

/// Stops with a finding unless it is so.
pub(super) fn ensure(is_so: bool, seen: impl FnOnce() -> String) -> Checked {
    if is_so { Ok(()) } else { Err(Stop::Finding(seen())) }
}

/// Stops because the rule does not apply.
pub(super) fn skip<T>(reason: &str) -> std::result::Result<T, Stop> {
    Err(Stop::Skip(reason.to_owned()))
}

/// What is checked.
pub(super) struct Subject<K: PluginKind + ?Sized> {
    pub(super) plugin: Plugin,
    pub(super) config: Config,
    /// Asks for something small, once.
    pub(super) ask: Ask<K>,
    make: fn(&Plugin, &Config) -> Result<Box<K>>,
}

impl<K: PluginKind + ?Sized> Subject<K> {
    /// A new instance.
    pub(super) fn create(&self) -> Result<Box<K>> {
        (self.make)(&self.plugin, &self.config)
    }

    /// A new instance of another config.
    pub(super) fn create_with(&self, config: &Config) -> Result<Box<K>> {
        (self.make)(&self.plugin, config)
    }
}

/// Runs the checks of `every_kind`, the first of which is that an instance can be made, and those of this one.
pub(super) fn all<K: PluginKind + ?Sized + 'static>(
    plugin: &Plugin,
    config: &Config,
    ask: Ask<K>,
    every_kind: &[Check<K>],
    checks: &[Check<K>],
) -> Vec<Outcome> {
    let subject = Arc::new(Subject { plugin: plugin.clone(), config: config.clone(), ask, make: Plugin::create::<K> });
    let mut outcomes = Vec::new();
    for check in every_kind {
        outcomes.push(one(&subject, check));
    }
    // Without an instance there is nothing to say about the rest.
    let is_made = outcomes.first().is_none_or(|made| !matches!(made.verdict, Verdict::Finding(_)));
    for check in checks {
        outcomes.push(if is_made {
            one(&subject, check)
        } else {
            let reason = "no instance can be made of this config".to_owned();
            Outcome { check: check.name, rule: check.rule, verdict: Verdict::Skipped(reason) }
        });
    }
    outcomes
}

fn one<K: PluginKind + ?Sized + 'static>(subject: &Arc<Subject<K>>, check: &Check<K>) -> Outcome {
    let (sender, receiver) = channel();
    let (subject, run) = (Arc::clone(subject), check.run);
    let started = thread::Builder::new().name(check.name.to_owned()).spawn(move || {
        let checked = catch_unwind(AssertUnwindSafe(|| run(&subject)));
        // Nobody listens any more when it took too long.
        let _ = sender.send(checked);
    });
    let verdict = match started {
        Err(error) => Verdict::Skipped(format!("the system gave no thread: {error}")),
        Ok(_) => match receiver.recv_timeout(LIMIT) {
            Ok(Ok(Ok(()))) => Verdict::Passed,
            Ok(Ok(Err(Stop::Finding(seen)))) => Verdict::Finding(seen),
            Ok(Ok(Err(Stop::Skip(reason)))) => Verdict::Skipped(reason),
            Ok(Err(panic)) => Verdict::Finding(format!("it panicked: {}", message(&*panic))),
            // The thread is left behind: nothing can end it.
            Err(RecvTimeoutError::Timeout) => {
                Verdict::Finding(format!("it did not come to an end within {} s", LIMIT.as_secs()))
            }
            Err(RecvTimeoutError::Disconnected) => Verdict::Finding("the thread ended without a word".to_owned()),
        },
    };
    Outcome { check: check.name, rule: check.rule, verdict }
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// Wakes a thread that is parked.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn waker() -> Waker {
    Waker::from(Arc::new(Unpark(thread::current())))
}

/// Waits for the future, as an executor that knows no runtime.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> std::result::Result<T, Stop> {
    let mut future = pin!(future);
    let waker = waker();
    let end = Instant::now() + PATIENCE;
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Ok(output);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Stop::Finding(format!("nothing happened for {} s", PATIENCE.as_secs())));
        }
        thread::park_timeout(left);
    }
}

/// Polls once, and leaves it at that.
pub(super) fn glance<T>(future: impl Future<Output = T>) {
    let _ = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
}

/// Starts the call again and again, and drops it after one more poll each time, until it came to its own end.
pub(super) fn give_up_everywhere<F: Future>(mut call: impl FnMut() -> std::result::Result<F, Stop>) -> Checked {
    let waker = waker();
    for polls in 0..POINTS {
        let mut future = Box::pin(call()?);
        for _ in 0..polls {
            if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                return Ok(());
            }
            thread::park_timeout(PAUSE);
        }
    }
    Ok(())
}

/// That a call which cannot be served says so, and does so with the right kind of error.
pub(super) fn expect_error<T>(result: Result<T>, kinds: &[ErrorKind], call: &str) -> Checked {
    match result {
        Ok(_) => Err(Stop::Finding(format!("{call} succeeded"))),
        Err(error) if kinds.contains(&error.kind()) => Ok(()),
        Err(error) => {
            let expected: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            Err(Stop::Finding(format!("{call}: expected {}, got `{}`: {error}", expected.join(" or "), error.kind())))
        }
    }
}
