//! One member of a fallback: whether it is to be had, and how that is found out again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use futures_util::future::{Either, select};

use crate::adapters::timer::within;
use crate::kinds::Kind;
use crate::monitor::{Availability, Monitor, MonitorEvent};
use crate::stream::BoxFuture;

/// A plugin in a fallback.
pub(super) struct Member<K: ?Sized> {
    kind: Kind,
    name: Arc<str>,
    pub(super) plugin: Arc<K>,
    available: AtomicBool,
    probe: Mutex<Probe>,
}

#[derive(Default)]
struct Probe {
    // Dropping it gives the probe up.
    running: Option<oneshot::Sender<()>>,
    began: Option<Instant>,
}

impl<K: ?Sized> Member<K> {
    pub(super) fn new(kind: Kind, name: String, plugin: Arc<K>) -> Self {
        Self { kind, name: name.into(), plugin, available: AtomicBool::new(true), probe: Mutex::default() }
    }

    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(super) fn is_available(&self) -> bool {
        self.available.load(Ordering::Acquire)
    }

    /// Tells the monitor if that is news.
    pub(super) fn set_available(&self, available: bool, monitor: &Monitor) {
        if self.available.swap(available, Ordering::AcqRel) != available {
            monitor
                .emit(|| MonitorEvent::Availability(Availability::new(self.kind, Arc::clone(&self.name), available)));
        }
    }

    /// Claims the right to probe: `None` when somebody does already, or did within `interval`. Giving up the receiver
    /// returns the right; it resolves when the member is gone.
    pub(super) fn claim_probe(&self, interval: Duration) -> Option<oneshot::Receiver<()>> {
        let mut probe = self.probe.lock().unwrap_or_else(PoisonError::into_inner);
        let is_running = probe.running.as_ref().is_some_and(|running| !running.is_canceled());
        let is_recent = probe.began.is_some_and(|began| began.elapsed() < interval);
        if is_running || is_recent {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        (probe.running, probe.began) = (Some(sender), Some(Instant::now()));
        Some(receiver)
    }
}

impl<K: ?Sized + Send + Sync + 'static> Member<K> {
    /// Asks the member in the background, on a thread that ends with the answer, after `limit`, or when the member is gone.
    pub(super) fn probe(
        self: &Arc<Self>,
        interval: Duration,
        limit: Duration,
        monitor: &Monitor,
        ask: impl FnOnce(Arc<K>) -> BoxFuture<'static, bool>,
    ) {
        let Some(gone) = self.claim_probe(interval) else { return };
        // The thread holds the plugin, not the member, whose end it must notice.
        let (asked, member, monitor) = (ask(Arc::clone(&self.plugin)), Arc::downgrade(self), monitor.clone());
        let run = move || {
            let asked = Box::pin(within(limit, asked));
            let answered = match pollster::block_on(select(asked, gone)) {
                Either::Left((answered, gone)) => {
                    // Given back before the news, so that who hears them may probe.
                    drop(gone);
                    answered == Some(true)
                }
                Either::Right(_) => false,
            };
            if let Some(member) = member.upgrade().filter(|_| answered) {
                member.set_available(true, &monitor);
            }
        };
        // Without a thread there is no probe; the member is tried when all others have failed.
        let _ = std::thread::Builder::new().name("lk-plugin probe".to_owned()).spawn(run);
    }
}
