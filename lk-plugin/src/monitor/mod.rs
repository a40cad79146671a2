//! What plugins did, as events: metrics, errors, and which member of a fallback is to be had (feature `monitor`).
//!
//! ```
//! use std::sync::Arc;
//! use lk_plugin::monitor::{Monitor, MonitorEvent};
//! # use lk_plugin::{ChatChunk, ChatContext, ChatOptions, EventStream, Llm, LlmStream, Result};
//! # struct Parrot;
//! # impl Llm for Parrot {
//! #     fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
//! #         Ok(EventStream::from_fn(|mut chunks| async move { chunks.send(ChatChunk::text("1", "hello")).await }))
//! #     }
//! # }
//!
//! let (monitor, mut events) = Monitor::channel();
//! let llm = monitor.meter_llm("llm/parrot", Arc::new(Parrot));
//! # pollster::block_on(async {
//! llm.chat(&ChatContext::new(), &ChatOptions::default())?.collect_response().await?;
//! let Some(MonitorEvent::Llm(metrics)) = events.next().await else { unreachable!() };
//! assert!(metrics.ttft.is_some());
//! # Ok::<(), lk_plugin::Error>(())
//! # }).unwrap();
//! ```
//!
//! A plugin need not know: it is wrapped ([`Monitor::meter_stt`] and the like), whether it is linked in or comes from a
//! file. With the feature `tracing` each call of a wrapped plugin is a span too, entered around each poll, whose fields are
//! called as in OpenTelemetry's conventions for generative AI (`gen_ai.operation.name`, …).
//!
//! Names and units are LiveKit's; in JSON times are seconds. What LiveKit's metrics do not have, and these do: they come for
//! calls that failed or were given up too, with `error` or `cancelled`.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use arc_swap::ArcSwap;
use futures_core::Stream;

// What threads meet in, so that the model can order them (`model`).
#[cfg(shuttle)]
use shuttle::sync::{Mutex, MutexGuard, atomic::AtomicUsize};
#[cfg(not(shuttle))]
use std::sync::{Mutex, MutexGuard, atomic::AtomicUsize};

mod event;
mod llm;
mod meter;
#[cfg(all(test, shuttle))]
mod model;
mod span;
mod stt;
mod tts;
mod vad;

pub use self::event::{
    Availability, ErrorReport, LlmMetrics, Metadata, MonitorEvent, SttMetrics, TtsMetrics, VadMetrics,
};
pub use self::llm::MeteredLlm;
pub use self::stt::MeteredStt;
pub use self::tts::MeteredTts;
pub use self::vad::MeteredVad;

/// How many events wait for a reader unless told; further ones push the oldest out.
pub const MONITOR_CAPACITY: usize = 1024;

/// Where events go in. Clones are the same monitor; without a reader an event costs one look at a counter.
///
/// ```
/// use lk_plugin::monitor::{Monitor, MonitorEvent};
///
/// let mut events = Monitor::global().subscribe();
/// // … plugins that were made from a config report to it …
/// while let Some(event) = events.try_next() {
///     match event {
///         MonitorEvent::Llm(metrics) => println!("{}: first token after {:?}", metrics.label, metrics.ttft),
///         MonitorEvent::Error(report) => eprintln!("{report:?}"),
///         other => println!("{other:?}"),
///     }
/// }
/// ```
#[derive(Clone, Default)]
pub struct Monitor {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    // How many queues there are: one look tells whether there is anything to do.
    readers: AtomicUsize,
    // Replaced as a whole, never locked: who is woken may subscribe, or stop reading.
    queues: ArcSwap<Vec<Arc<Queue>>>,
}

impl Monitor {
    /// A monitor of its own and its events, with [`MONITOR_CAPACITY`].
    #[must_use]
    pub fn channel() -> (Self, MonitorEvents) {
        let monitor = Self::default();
        let events = monitor.subscribe();
        (monitor, events)
    }

    /// The program's monitor: what plugins that are made from a config report to. In a `.so` it is that file's own.
    #[must_use]
    pub fn global() -> &'static Self {
        static GLOBAL: LazyLock<Monitor> = LazyLock::new(Monitor::default);
        &GLOBAL
    }

    /// One more reader: it gets what happens from now on, whoever else reads. At most [`MONITOR_CAPACITY`] events wait for it.
    #[must_use]
    pub fn subscribe(&self) -> MonitorEvents {
        self.subscribe_with_capacity(MONITOR_CAPACITY)
    }

    /// As [`subscribe`](Monitor::subscribe), with room for so many events (at least one).
    #[must_use]
    pub fn subscribe_with_capacity(&self, capacity: usize) -> MonitorEvents {
        let queue = Arc::new(Queue::new(capacity.max(1)));
        self.shared.queues.rcu(|queues| queues.iter().chain([&queue]).map(Arc::clone).collect::<Vec<_>>());
        self.shared.readers.fetch_add(1, Ordering::Release);
        MonitorEvents { queue, shared: Arc::downgrade(&self.shared) }
    }

    /// Whether anybody reads.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.shared.readers.load(Ordering::Acquire) > 0
    }

    /// Gives an event to all readers; it is not made when there is none. Never waits for a reader.
    pub fn emit(&self, event: impl FnOnce() -> MonitorEvent) {
        if !self.is_watched() {
            return;
        }
        let event = event();
        for queue in &**self.shared.queues.load() {
            queue.push(event.clone());
        }
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor").field("readers", &self.shared.readers).finish_non_exhaustive()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        for queue in &**self.queues.load() {
            queue.close();
        }
    }
}

/// Where events come out, oldest first; they end when the monitor and all that report to it are gone.
///
/// When too many wait, the oldest go, and [`Missed`](MonitorEvent::Missed) in their place tells how many.
pub struct MonitorEvents {
    queue: Arc<Queue>,
    shared: Weak<Shared>,
}

impl MonitorEvents {
    /// The next event; `None` at the end. Dropping the returned future loses nothing.
    pub async fn next(&mut self) -> Option<MonitorEvent> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The next event if there is one now.
    pub fn try_next(&mut self) -> Option<MonitorEvent> {
        locked(&self.queue.state).take()
    }
}

impl Stream for MonitorEvents {
    type Item = MonitorEvent;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<MonitorEvent>> {
        let mut state = locked(&self.queue.state);
        match state.take() {
            Some(event) => Poll::Ready(Some(event)),
            None if state.closed => Poll::Ready(None),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for MonitorEvents {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            let others = |queue: &&Arc<Queue>| !Arc::ptr_eq(queue, &self.queue);
            shared.queues.rcu(|queues| queues.iter().filter(others).map(Arc::clone).collect::<Vec<_>>());
            shared.readers.fetch_sub(1, Ordering::Release);
        }
    }
}

impl fmt::Debug for MonitorEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MonitorEvents")
            .field("waiting", &locked(&self.queue.state).events.len())
            .finish_non_exhaustive()
    }
}

struct Queue {
    state: Mutex<QueueState>,
    capacity: usize,
}

struct QueueState {
    events: VecDeque<MonitorEvent>,
    missed: u64,
    waker: Option<Waker>,
    closed: bool,
}

impl Queue {
    fn new(capacity: usize) -> Self {
        // All its room at once: reporting does not allocate.
        let events = VecDeque::with_capacity(capacity);
        Self { state: Mutex::new(QueueState { events, missed: 0, waker: None, closed: false }), capacity }
    }

    fn push(&self, event: MonitorEvent) {
        let waker = {
            let mut state = locked(&self.state);
            if state.events.len() == self.capacity {
                state.events.pop_front();
                state.missed += 1;
            }
            state.events.push_back(event);
            state.waker.take()
        };
        // Not under the lock: a waker may run anything.
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn close(&self) {
        let waker = {
            let mut state = locked(&self.state);
            state.closed = true;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl QueueState {
    fn take(&mut self) -> Option<MonitorEvent> {
        match std::mem::take(&mut self.missed) {
            0 => self.events.pop_front(),
            missed => Some(MonitorEvent::Missed(missed)),
        }
    }
}

/// Nothing that runs under these locks can leave a half-done state behind.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
