//! Streams whose work runs as a task beside the connection, on the plugin's own runtime.
//!
//! A connection hands over its pieces one at a time, to a reader that must be there for each. When reader and connection
//! run on two threads, every token of a burst costs two changes of threads, several times what reading it costs. So the
//! reader is a task on the connection's runtime, and what it has read crosses the border in batches. It starts with the
//! first poll, reads ahead no further than its queue reaches, and is aborted when the stream is dropped.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use lk_plugin::{BoxFuture, Error, ErrorKind, EventStream, Result, runtime};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How many batches wait for whoever reads.
const MAX_BATCHES: usize = 4;

/// How many items a batch has at most.
const MAX_BATCH: usize = 64;

/// The events that an async function sends from a task on the plugin's runtime. When it returns an error, what it sent
/// before comes first.
pub(crate) fn pumped<T, F, Fut>(work: F) -> EventStream<T>
where
    T: Send + 'static,
    F: FnOnce(Batches<T>) -> Fut + Send + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(MAX_BATCHES);
    let work: BoxFuture<'static, Result<()>> =
        Box::pin(async move { work(Batches { sender, batch: Vec::new() }).await });
    EventStream::new(Pumped { work: Some(work), task: None, receiver, batch: VecDeque::new() })
}

/// The task's end of the stream.
pub(crate) struct Batches<T> {
    sender: mpsc::Sender<Vec<T>>,
    batch: Vec<T>,
}

#[cfg(any(test, fuzzing))]
impl<T> Batches<T> {
    /// A batch that never leaves.
    pub(crate) fn kept() -> Self {
        Self { sender: mpsc::channel(1).0, batch: Vec::new() }
    }

    pub(crate) fn into_items(self) -> Vec<T> {
        self.batch
    }
}

impl<T> Batches<T> {
    /// Adds an item to the batch; it leaves with the next [`flush`](Self::flush).
    pub(crate) fn push(&mut self, item: T) {
        self.batch.push(item);
    }

    /// Whether the batch is to leave before it grows further.
    pub(crate) fn is_full(&self) -> bool {
        self.batch.len() >= MAX_BATCH
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// Hands the batch over, waiting while the queue is full.
    ///
    /// # Errors
    ///
    /// [`Closed`](ErrorKind::Closed) when the stream was dropped.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        // The next one is likely to be as long.
        let next = Vec::with_capacity(self.batch.len());
        let batch = std::mem::replace(&mut self.batch, next);
        let gone = |_| Error::new(ErrorKind::Closed, "the events were dropped; nobody listens any more");
        self.sender.send(batch).await.map_err(gone)
    }
}

/// Lets the tasks that are ready on this thread run once: among them the connection, which may have more. (Tokio's own
/// `yield_now` would first ask the system for news.)
pub(crate) async fn give_way() {
    let mut gave_way = false;
    poll_fn(|context| {
        if gave_way {
            return Poll::Ready(());
        }
        gave_way = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

struct Pumped<T> {
    work: Option<BoxFuture<'static, Result<()>>>,
    task: Option<Task>,
    receiver: mpsc::Receiver<Vec<T>>,
    batch: VecDeque<T>,
}

/// A task that does not outlive this.
struct Task(JoinHandle<Result<()>>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

// Nothing is pinned in place.
impl<T> Unpin for Pumped<T> {}

impl<T> Stream for Pumped<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            if let Some(item) = self.batch.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            if let Some(work) = self.work.take() {
                let runtime = match runtime::handle() {
                    Ok(runtime) => runtime,
                    Err(error) => return Poll::Ready(Some(Err(error))),
                };
                self.task = Some(Task(runtime.spawn(work)));
            }
            match ready!(self.receiver.poll_recv(context)) {
                Some(batch) => self.batch = batch.into(),
                None => break,
            }
        }
        let Some(task) = &mut self.task else { return Poll::Ready(None) };
        let ended = ready!(Pin::new(&mut task.0).poll(context));
        self.task = None;
        match ended {
            Ok(Ok(())) => Poll::Ready(None),
            Ok(Err(error)) => Poll::Ready(Some(Err(error))),
            Err(error) if error.is_panic() => {
                Poll::Ready(Some(Err(Error::new(ErrorKind::Panic, "the task that reads the answer panicked"))))
            }
            Err(_) => {
                let message = "the plugin's runtime was shut down while an answer was read";
                Poll::Ready(Some(Err(Error::new(ErrorKind::Cancelled, message))))
            }
        }
    }
}
