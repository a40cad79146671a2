//! How long to wait and how often to try: the config's deadlines, the call's options, and the loop that they steer.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use lk_plugin::{ConnectOptions, Error, ErrorKind, Result};
use tokio::time::{Instant, sleep};

use super::connection::ConnectionConfig;
use super::failure::Failure;

/// The longest pause between two attempts that we choose ourselves.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// How patient one call is: what the config says, else what the call says.
#[derive(Debug, Clone)]
pub(crate) struct Patience {
    /// From the start of an attempt to the head of the answer.
    pub(crate) first_byte: Duration,
    /// Between two signs of life of an answer.
    pub(crate) stall: Duration,
    max_retry: u32,
    // Before the first retry, and before the one after it.
    first_pause: Duration,
    retry_interval: Duration,
    max_retry_after: Duration,
    total: Option<(Duration, Instant)>,
}

impl Patience {
    /// The patience of a call that begins now.
    pub(crate) fn new(config: &ConnectionConfig, call: &ConnectOptions) -> Self {
        // Further than a clock reaches is no limit.
        let total = config.total_timeout.and_then(|total| Some((total, Instant::now().checked_add(total)?)));
        Self {
            first_byte: config.first_byte_timeout.unwrap_or(call.timeout),
            stall: config.stall_timeout.unwrap_or(call.timeout),
            max_retry: config.max_retry.unwrap_or(call.max_retry),
            first_pause: call.interval(0),
            retry_interval: call.retry_interval,
            max_retry_after: config.max_retry_after,
            total,
        }
    }

    /// The future's result, if it comes within `limit` and the call's total time. `waiting_for` and `option` tell what was
    /// late and which option to change.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        waiting_for: &str,
        option: &str,
        future: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        self.rest_of(limit, Duration::ZERO, waiting_for, option, future).await
    }

    /// The same, when part of the limit has passed already.
    pub(crate) async fn rest_of<T>(
        &self,
        limit: Duration,
        passed: Duration,
        waiting_for: &str,
        option: &str,
        future: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let mut future = pin!(future);
        // Made when there is something to wait for: most of a burst is there already.
        let mut timer = pin!(None);
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            if timer.is_none() {
                timer.set(Some(sleep(limit.saturating_sub(passed).min(self.left().unwrap_or(Duration::MAX)))));
            }
            let Some(timer) = timer.as_mut().as_pin_mut() else { return Poll::Pending };
            timer.poll(context).map(|()| Err(self.late(limit, waiting_for, option)))
        })
        .await
    }

    /// What is left of the total time.
    fn left(&self) -> Option<Duration> {
        self.total.map(|(_, end)| end.saturating_duration_since(Instant::now()))
    }

    fn late(&self, limit: Duration, waiting_for: &str, option: &str) -> Failure {
        let error = match self.total {
            Some((total, end)) if Instant::now() >= end => too_long(total),
            _ => Error::new(
                ErrorKind::ApiTimeout,
                format!("no {waiting_for} within {} s; give the option `{option}` to wait longer", limit.as_secs_f64()),
            ),
        };
        error.into()
    }
}

fn too_long(total: Duration) -> Error {
    Error::new(ErrorKind::ApiTimeout, format!("the call took longer than its `total_timeout` of {} s; give that option more", total.as_secs_f64()))
}

/// The attempts of one call.
///
/// ```ignore
/// let mut attempts = Attempts::new(patience);
/// loop {
///     match attempt().await {
///         Ok(done) => return Ok(done),
///         Err(failure) => attempts.after(failure).await?,
///     }
/// }
/// ```
#[derive(Debug)]
pub(crate) struct Attempts<'p> {
    patience: &'p Patience,
    pauses: ExponentialBackoff,
    failed: u32,
}

impl<'p> Attempts<'p> {
    pub(crate) fn new(patience: &'p Patience) -> Self {
        // Doubled each time, and up to twice as long by chance, so that clients that failed together do not return
        // together.
        let pauses = ExponentialBuilder::default()
            .with_min_delay(patience.retry_interval.min(MAX_PAUSE))
            .with_max_delay(MAX_PAUSE)
            .with_factor(2.0)
            .with_jitter()
            .without_max_times()
            .build();
        Self { patience, pauses, failed: 0 }
    }

    /// Returns when it is time for another attempt.
    ///
    /// # Errors
    ///
    /// The failure's own error when there is to be no other attempt, with the number of attempts if there were several.
    pub(crate) async fn after(&mut self, failure: Failure) -> Result<()> {
        let retry = self.failed;
        self.failed = self.failed.saturating_add(1);
        let Failure { error, retry_after } = failure;
        if !error.is_retryable() || retry >= self.patience.max_retry {
            return Err(self.last(error));
        }
        let mut pause = self.pause(retry);
        if let Some(asked) = retry_after {
            let most = self.patience.max_retry_after;
            if asked > most {
                let asked = asked.as_secs();
                return Err(self.last(error.at(format_args!(
                    "the server asks for a pause of {asked} s, longer than `max_retry_after` ({} s)",
                    most.as_secs_f64()
                ))));
            }
            pause = pause.max(asked);
        }
        if self.patience.left().is_some_and(|left| left <= pause) {
            return Err(self.last(error.at("no time of `total_timeout` is left for another attempt")));
        }
        sleep(pause).await;
        Ok(())
    }

    /// Short before the first retry; then the call's interval, doubled each time.
    fn pause(&mut self, retry: u32) -> Duration {
        let first = self.patience.first_pause;
        match retry {
            0 => first + first.mul_f64(fastrand::f64()),
            _ => self.pauses.next().unwrap_or(MAX_PAUSE),
        }
    }

    fn last(&self, error: Error) -> Error {
        match self.failed {
            0 | 1 => error,
            failed => error.at(format_args!("after {failed} attempts")),
        }
    }
}
