//! How patient a call to a provider is.

use std::time::Duration;

/// How often and how long a plugin tries to reach its provider (LiveKit's `APIConnectOptions`, same defaults).
///
/// The plugin retries, nobody above it does.
///
/// ```
/// use std::time::Duration;
/// use lk_plugin::ConnectOptions;
///
/// let patient = ConnectOptions::default().with_timeout(Duration::from_secs(30));
/// assert_eq!(patient.max_retry, 3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectOptions {
    /// Attempts after the first. 3 unless told.
    pub max_retry: u32,
    /// The pause before an attempt after the second; a plugin may lengthen it (back-off, `Retry-After`). 2 s unless told.
    pub retry_interval: Duration,
    /// How long one attempt may wait for the provider's first sign. 10 s unless told.
    pub timeout: Duration,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self { max_retry: 3, retry_interval: Duration::from_secs(2), timeout: Duration::from_secs(10) }
    }
}

impl ConnectOptions {
    /// The pause before retry `retry`, counted from 0: at most 100 ms before the first, then `retry_interval`.
    #[must_use]
    pub fn interval(&self, retry: u32) -> Duration {
        if retry == 0 { self.retry_interval.min(Duration::from_millis(100)) } else { self.retry_interval }
    }

    /// Sets the attempts after the first.
    #[must_use]
    pub fn with_max_retry(mut self, max_retry: u32) -> Self {
        self.max_retry = max_retry;
        self
    }

    /// Sets the pause before an attempt after the second.
    #[must_use]
    pub fn with_retry_interval(mut self, retry_interval: Duration) -> Self {
        self.retry_interval = retry_interval;
        self
    }

    /// Sets how long one attempt may wait for the provider's first sign.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_retry_comes_at_once() {
        let options = ConnectOptions::default();
        let intervals: Vec<_> = (0..3).map(|retry| options.interval(retry).as_millis()).collect();
        assert_eq!(intervals, [100, 2_000, 2_000]);
        assert_eq!(options.with_retry_interval(Duration::ZERO).interval(0), Duration::ZERO);
    }
}
