//! Streams without a runtime: two halves, a bounded queue on each, and a driver that is polled, never spawned.
//!
//! ```text
//! caller ── push_frame ──▶ bounded queue ──▶ driver (an async fn of the plugin)
//! caller ◀── next ──────── bounded queue ◀── EventSender
//! ```
//!
//! The driver makes progress while somebody polls the events, so a stream works under any executor and leaves nothing
//! behind when it is dropped:
//!
//! - dropping the input half ends the input: what was pushed still comes out, then the events end;
//! - dropping the events drops the driver: whatever it was doing is cancelled at its last `await`.
//!
//! Both queues are bounded. Whoever pushes a long input before reading any event waits forever; push and read from two
//! tasks, or hand the input to `feed`, which does both at once.

use std::future::Future;
use std::pin::Pin;

mod events;
mod input;

pub(crate) use self::events::BoxStream;
pub use self::events::{EventSender, EventStream};
pub(crate) use self::input::InputHalf;
pub use self::input::{InputReceiver, InputSink};

/// A boxed future, as the contract's batch calls return it; make one with [`boxed`].
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How many items wait in each of a stream's two queues: with frames of 20 ms about a second of audio.
pub const QUEUE_CAPACITY: usize = 48;

/// Boxes an async block for a method that returns a [`BoxFuture`].
///
/// ```
/// use lk_plugin::{BoxFuture, boxed};
///
/// fn answer() -> BoxFuture<'static, u32> {
///     boxed(async { 42 })
/// }
/// # assert_eq!(pollster::block_on(answer()), 42);
/// ```
pub fn boxed<'a, T>(future: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, T> {
    Box::pin(future)
}

/// Couples the two queues with the driver that stands between them.
pub(crate) fn driven<I, T, F, Fut>(driver: F) -> (InputHalf<I>, EventStream<T>)
where
    I: Send + 'static,
    T: Send + 'static,
    F: FnOnce(InputReceiver<I>, EventSender<T>) -> Fut,
    Fut: Future<Output = crate::Result<()>> + Send + 'static,
{
    let (input, receiver) = input::queue();
    (InputHalf::new(input), EventStream::from_fn(|events| driver(receiver, events)))
}
