//! The way in: what a caller pushes, until the driver takes it.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_channel::mpsc;
use futures_core::Stream;

use super::QUEUE_CAPACITY;
use crate::error::{Error, ErrorKind, Result};

/// What stands behind an input half: a bounded queue, or the other side of a `.so`.
///
/// Implement it only to bring a stream over a boundary of your own; a plugin gets its input half from
/// `RecognizeStream::from_fn` or `SynthesizeStream::from_fn`.
pub trait InputSink<T>: Send {
    /// Ready when one more item can be taken; otherwise the task is woken when it is worth asking again.
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<()>>;

    /// Takes an item; only after [`poll_ready`](InputSink::poll_ready) was ready.
    fn start_send(&mut self, item: T) -> Result<()>;
}

pub(super) fn queue<T: Send + 'static>() -> (Box<dyn InputSink<T>>, InputReceiver<T>) {
    // The queue adds a place per sender to what it is given.
    let (sender, receiver) = mpsc::channel(QUEUE_CAPACITY - 1);
    (Box::new(sender), InputReceiver { receiver })
}

impl<T: Send> InputSink<T> for mpsc::Sender<T> {
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        Self::poll_ready(self, context).map_err(|_| closed())
    }

    fn start_send(&mut self, item: T) -> Result<()> {
        Self::start_send(self, item).map_err(|_| closed())
    }
}

fn closed() -> Error {
    Error::new(
        ErrorKind::Closed,
        "the stream takes no more input: it has ended, or its events were dropped; read the events for the reason",
    )
}

/// What the kinds' own input types share.
pub(crate) struct InputHalf<T> {
    sink: Box<dyn InputSink<T>>,
}

impl<T> InputHalf<T> {
    pub(crate) fn new(sink: Box<dyn InputSink<T>>) -> Self {
        Self { sink }
    }

    pub(crate) fn into_sink(self) -> Box<dyn InputSink<T>> {
        self.sink
    }

    /// Waits for a place, then pushes.
    pub(crate) async fn push(&mut self, item: T) -> Result<()> {
        poll_fn(|context| self.sink.poll_ready(context)).await?;
        self.sink.start_send(item)
    }

    /// Pushes only when there is a place now; gives the item back otherwise.
    pub(crate) fn try_push(&mut self, item: T) -> Result<Option<T>> {
        match self.sink.poll_ready(&mut Context::from_waker(std::task::Waker::noop())) {
            Poll::Ready(ready) => ready.and_then(|()| self.sink.start_send(item)).map(|()| None),
            Poll::Pending => Ok(Some(item)),
        }
    }
}

/// The driver's end of the input: items in the order in which they were pushed, then `None` once the input has ended.
#[derive(Debug)]
pub struct InputReceiver<T> {
    receiver: mpsc::Receiver<T>,
}

impl<T> InputReceiver<T> {
    /// The next item; `None` when the input half was ended or dropped and everything pushed has come out.
    ///
    /// Dropping the returned future loses nothing.
    pub async fn next(&mut self) -> Option<T> {
        poll_fn(|context| Pin::new(&mut self.receiver).poll_next(context)).await
    }
}

impl<T> Stream for InputReceiver<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        Pin::new(&mut self.receiver).poll_next(context)
    }
}
