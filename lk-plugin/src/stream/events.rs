//! The way out: what a driver sends, until the caller takes it.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_channel::mpsc;
use futures_core::Stream;

use super::{BoxFuture, QUEUE_CAPACITY};
use crate::error::{Error, ErrorKind, Result};

/// Events of a plugin, one after the other; after an error, a panic of the plugin, or the end, it stays ended. (The panic
/// itself goes through to whoever polls.)
///
/// Call [`next`](EventStream::next), or use it as the [`Stream`] that it is. Dropping it cancels the work behind it.
pub struct EventStream<T> {
    // `None` once ended, so that what stood behind the stream is gone with its last event.
    stream: Option<BoxStream<T>>,
}

/// What stands behind a stream of events.
pub(crate) type BoxStream<T> = Pin<Box<dyn Stream<Item = Result<T>> + Send>>;

impl<T: Send + 'static> EventStream<T> {
    /// Any stream as events.
    pub fn new(stream: impl Stream<Item = Result<T>> + Send + 'static) -> Self {
        Self { stream: Some(Box::pin(stream)) }
    }

    /// The events that an async function sends. It runs while the events are polled; when it returns an error, the
    /// events already sent come first, then the error.
    ///
    /// ```
    /// use lk_plugin::EventStream;
    ///
    /// let mut numbers = EventStream::from_fn(|mut events| async move {
    ///     for number in 0..3 {
    ///         events.send(number).await?;
    ///     }
    ///     Ok(())
    /// });
    /// # pollster::block_on(async {
    /// while let Some(number) = numbers.next().await {
    ///     println!("{}", number?);
    /// }
    /// # Ok::<(), lk_plugin::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn from_fn<F, Fut>(function: F) -> Self
    where
        F: FnOnce(EventSender<T>) -> Fut,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(QUEUE_CAPACITY - 1);
        let driver: BoxFuture<'static, Result<()>> = Box::pin(function(EventSender { sender }));
        Self::new(Driven { driver: Some(driver), receiver, failure: None, in_a_row: 0 })
    }

    /// A stream that has nothing but this error to tell.
    ///
    /// ```
    /// use lk_plugin::{Error, EventStream};
    ///
    /// let events = EventStream::<u32>::failed(Error::from_status(503, "busy"));
    /// let error = pollster::block_on(events.collect()).err();
    /// assert_eq!(error.and_then(|error| error.status()), Some(503));
    /// ```
    #[must_use]
    pub fn failed(error: Error) -> Self {
        Self::from_fn(|_| async { Err(error) })
    }

    /// What stands behind the stream, for somebody who ends it by himself; `None` once it has ended.
    #[inline]
    pub(crate) fn into_inner(self) -> Option<BoxStream<T>> {
        self.stream
    }

    /// Everything until the end.
    ///
    /// ```
    /// let numbers = lk_plugin::EventStream::from_fn(|mut events| async move {
    ///     events.send(1).await?;
    ///     events.send(2).await
    /// });
    /// assert_eq!(pollster::block_on(numbers.collect())?, [1, 2]);
    /// # Ok::<(), lk_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The stream's error; what came before it is dropped.
    pub async fn collect(mut self) -> Result<Vec<T>> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event?);
        }
        Ok(events)
    }

    /// These events, with `pushing` (which feeds the input half) driven along.
    pub(crate) fn fed_by(self, pushing: impl Future<Output = Result<()>> + Send + 'static) -> Self {
        Self::new(Fed { pushing: Some(Box::pin(pushing)), events: self, failure: None })
    }
}

impl<T> EventStream<T> {
    /// The next event; `None` at the end. Dropping the returned future loses nothing.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<T> Stream for EventStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // Taken out while it is polled: should it panic, it is gone, and the events have ended.
        let Some(mut stream) = self.stream.take() else { return Poll::Ready(None) };
        let polled = match stream.as_mut().poll_next(context) {
            // By itself, since the compiler moves as many bytes for nothing as for an event.
            Poll::Pending => {
                self.stream = Some(stream);
                return Poll::Pending;
            }
            polled => polled,
        };
        if matches!(polled, Poll::Ready(Some(Ok(_)))) {
            self.stream = Some(stream);
        }
        polled
    }
}

impl<T> fmt::Debug for EventStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("ended", &self.stream.is_none()).finish_non_exhaustive()
    }
}

/// The driver's end of the events. Clone it for a second task; the events end when the driver has returned and all
/// senders are gone.
///
/// ```
/// use lk_plugin::EventStream;
///
/// let both = EventStream::from_fn(|mut here| async move {
///     let mut there = here.clone();
///     std::thread::spawn(move || pollster::block_on(there.send("from a thread")));
///     here.send("from the driver").await
/// });
/// assert_eq!(pollster::block_on(both.collect())?.len(), 2);
/// # Ok::<(), lk_plugin::Error>(())
/// ```
#[derive(Debug)]
pub struct EventSender<T> {
    sender: mpsc::Sender<T>,
}

impl<T> EventSender<T> {
    /// Sends an event, waiting while the queue is full.
    ///
    /// # Errors
    ///
    /// [`Closed`](ErrorKind::Closed) when the events were dropped; return it, nobody is listening any more.
    pub async fn send(&mut self, event: T) -> Result<()> {
        let gone = |_| Error::new(ErrorKind::Closed, "the events were dropped; nobody listens any more");
        poll_fn(|context| self.sender.poll_ready(context)).await.map_err(gone)?;
        self.sender.start_send(event).map_err(gone)
    }
}

impl<T> Clone for EventSender<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone() }
    }
}

/// A driver and the queue that it fills.
struct Driven<T> {
    driver: Option<BoxFuture<'static, Result<()>>>,
    receiver: mpsc::Receiver<T>,
    failure: Option<Error>,
    // Events since the last time that there was nothing to do.
    in_a_row: usize,
}

/// How many events a stream gives in a row before it lets other tasks have the thread.
const MAX_IN_A_ROW: usize = 2 * QUEUE_CAPACITY;

// Nothing is pinned in place: the driver is boxed.
impl<T> Unpin for Driven<T> {}

impl<T> Stream for Driven<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.in_a_row >= MAX_IN_A_ROW {
            self.in_a_row = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let polled = self.poll_event(context);
        self.in_a_row = if polled.is_ready() { self.in_a_row + 1 } else { 0 };
        polled
    }
}

impl<T> Driven<T> {
    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            // The queue first: that the driver runs only when the queue is empty is the back-pressure.
            match Pin::new(&mut self.receiver).poll_next(context) {
                Poll::Ready(Some(event)) => return Poll::Ready(Some(Ok(event))),
                // All senders are gone, so only the driver's own outcome is left to tell.
                Poll::Ready(None) if self.driver.is_none() => return Poll::Ready(self.failure.take().map(Err)),
                Poll::Ready(None) | Poll::Pending => {}
            }
            let Some(driver) = &mut self.driver else { return Poll::Pending };
            match driver.as_mut().poll(context) {
                Poll::Ready(outcome) => {
                    self.driver = None;
                    self.failure = outcome.err();
                    if self.failure.is_some() {
                        // Senders elsewhere must not hold the error back; what they sent before still comes out.
                        self.receiver.close();
                    }
                }
                // What it sent during this very poll must not wait for another wake-up. The queue is asked directly:
                // asking it through `poll_next` again would be a loop that polls the driver without need.
                Poll::Pending => {
                    return match self.receiver.try_recv() {
                        Ok(event) => Poll::Ready(Some(Ok(event))),
                        Err(_) => Poll::Pending,
                    };
                }
            }
        }
    }
}

/// Events whose input is pushed while they are polled.
struct Fed<T> {
    pushing: Option<BoxFuture<'static, Result<()>>>,
    events: EventStream<T>,
    failure: Option<Error>,
}

impl<T> Stream for Fed<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(pushing) = &mut self.pushing
            && let Poll::Ready(outcome) = pushing.as_mut().poll(context)
        {
            self.pushing = None;
            // Told last: what was pushed before still comes out. When the stream ended before its input did, its own
            // events tell why.
            self.failure = outcome.err().filter(|error| error.kind() != ErrorKind::Closed);
        }
        match Pin::new(&mut self.events).poll_next(context) {
            Poll::Ready(None) => Poll::Ready(self.failure.take().map(Err)),
            polled => polled,
        }
    }
}
