//! What all metered plugins share: who they are, and how a call ends.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::Monitor;
use super::event::{ErrorReport, Metadata, MonitorEvent};
use super::span::Span;
use crate::error::Error;
use crate::kinds::Kind;
use crate::stream::EventStream;

/// Who reports, and to whom.
#[derive(Debug, Clone)]
pub(super) struct Meter {
    pub(super) monitor: Monitor,
    pub(super) kind: Kind,
    pub(super) label: Arc<str>,
    pub(super) metadata: Metadata,
}

impl Meter {
    pub(super) fn new(monitor: &Monitor, kind: Kind, label: &str, model: &str, provider: &str) -> Self {
        Self { monitor: monitor.clone(), kind, label: label.into(), metadata: Metadata::new(model, provider) }
    }

    /// The span of a call.
    pub(super) fn span(&self, operation: &'static str) -> Span {
        Span::new(operation, &self.label, &self.metadata)
    }

    /// A call failed, and nobody here tries again.
    pub(super) fn failed(&self, error: &Error) {
        self.monitor.emit(|| MonitorEvent::Error(ErrorReport::new(self.kind, Arc::clone(&self.label), error, false)));
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum End<'e> {
    Done,
    Failed(&'e Error),
    Cancelled,
}

impl<'e> End<'e> {
    pub(super) fn error(self) -> Option<&'e Error> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Done | Self::Cancelled => None,
        }
    }

    pub(super) fn is_cancelled(self) -> bool {
        matches!(self, Self::Cancelled)
    }
}

/// Looks at what comes out of a stream.
pub(super) trait Watch<T>: Send + Unpin {
    fn event(&mut self, event: &T, span: &Span);

    /// Once: at the end, after an error, or when the stream is dropped before.
    fn end(&mut self, end: End<'_>, span: &Span);
}

/// A stream that is looked at, polled within a span.
pub(super) struct Watched<T, W: Watch<T>> {
    // `None` once ended.
    events: Option<EventStream<T>>,
    watch: W,
    span: Span,
}

impl<T: Send + 'static, W: Watch<T> + 'static> Watched<T, W> {
    pub(super) fn stream(events: EventStream<T>, watch: W, span: Span) -> EventStream<T> {
        EventStream::new(Self { events: Some(events), watch, span })
    }
}

impl<T, W: Watch<T>> Stream for Watched<T, W> {
    type Item = crate::Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { events, watch, span } = &mut *self;
        let Some(stream) = events else { return Poll::Ready(None) };
        let polled = span.within(|| Pin::new(stream).poll_next(context));
        match &polled {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(event))) => watch.event(event, span),
            Poll::Ready(Some(Err(error))) => {
                watch.end(End::Failed(error), span);
                *events = None;
            }
            Poll::Ready(None) => {
                watch.end(End::Done, span);
                *events = None;
            }
        }
        polled
    }
}

impl<T, W: Watch<T>> Drop for Watched<T, W> {
    fn drop(&mut self) {
        // The stream first: what it says when it is dropped belongs to the span.
        if let Some(events) = self.events.take() {
            self.span.within(|| drop(events));
            self.watch.end(End::Cancelled, &self.span);
        }
    }
}
