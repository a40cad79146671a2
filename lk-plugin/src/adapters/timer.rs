//! Waiting with an end: timers for any executor, also inside a `.so`.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_timer::Delay;

/// Waits so long. A helper thread, one for the program (or the `.so`), wakes whoever waits.
pub(super) async fn sleep(duration: Duration) {
    if !duration.is_zero() {
        Delay::new(duration).await;
    }
}

/// What the future gives, or `None` when it takes longer.
pub(super) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let (mut future, mut patience) = (pin!(future), Patience::new(limit));
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if patience.is_over(context) => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// A limit to how long nothing may happen.
///
/// What is polled makes progress only while its caller polls. A caller who was away when the time was up has not given it
/// that time: the wait begins again.
pub(super) struct Patience {
    limit: Duration,
    running: Option<(Delay, Instant)>,
}

/// How much later than asked a timer may come before it counts as nobody having been there.
const AWAY: Duration = Duration::from_millis(250);

impl Patience {
    /// One that begins when it is first asked.
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, running: None }
    }

    /// Something happened: the wait begins again with the next question.
    pub(super) fn restart(&mut self) {
        self.running = None;
    }

    /// Whether the wait is over; else the task is woken when it is. To be asked each time that nothing happened.
    pub(super) fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        loop {
            let limit = self.limit;
            let (delay, end) = self.running.get_or_insert_with(|| (Delay::new(limit), far(limit)));
            if Pin::new(delay).poll(context).is_pending() {
                return false;
            }
            if Instant::now().saturating_duration_since(*end) < AWAY {
                return true;
            }
            self.running = None;
        }
    }
}

/// So long from now; when the clock cannot say that, as late as anybody waits.
fn far(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limit).unwrap_or_else(|| now + Duration::from_secs(30 * 365 * 24 * 3600))
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::task::Waker;

    use super::*;

    #[test]
    fn what_is_ready_needs_no_time_and_what_never_comes_ends() {
        assert_eq!(pollster::block_on(within(Duration::ZERO, ready(1))), Some(1));
        assert_eq!(pollster::block_on(within(Duration::from_millis(5), pending::<u32>())), None);
        pollster::block_on(sleep(Duration::from_millis(1)));
        assert_eq!(pollster::block_on(within(Duration::MAX, sleep(Duration::from_millis(1)))), Some(()));
    }

    #[test]
    fn a_caller_who_was_away_has_not_waited() {
        const HOUR: Duration = Duration::from_secs(3600);
        let timer = || {
            let mut timer = Delay::new(Duration::ZERO);
            pollster::block_on(&mut timer);
            timer
        };
        let mut context = Context::from_waker(Waker::noop());
        let mut patience = Patience::new(HOUR);
        assert!(!patience.is_over(&mut context));
        // The time was up long ago: another hour begins.
        patience.running = Some((timer(), Instant::now() - 2 * AWAY));
        assert!(!patience.is_over(&mut context));
        // It is up just now.
        patience.running = Some((timer(), far(HOUR)));
        assert!(patience.is_over(&mut context));
    }
}
