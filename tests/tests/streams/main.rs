//! The streams of the core under several executors: order, ends, drops, back-pressure, errors.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_core::Stream;
use lk_plugin::{
    AudioFrame, EventSender, EventStream, InputReceiver, RecognizeInput, Result, SpeechEvent, SpeechEventType,
};

mod back_pressure;
mod drops;
mod executors;
mod feed;
mod order;
mod threads;

/// A frame whose one sample tells it from the others.
fn frame(number: i16) -> AudioFrame {
    AudioFrame::new(vec![number], 16_000, 1).unwrap()
}

fn event(number: i16) -> SpeechEvent {
    let mut event = SpeechEvent::new(SpeechEventType::InterimTranscript);
    event.request_id = number.to_string();
    event
}

fn number(event: &SpeechEvent) -> i16 {
    event.request_id.parse().unwrap()
}

/// Answers each frame with its number, and each flush with -1.
async fn echo(mut input: InputReceiver<RecognizeInput>, mut events: EventSender<SpeechEvent>) -> Result<()> {
    while let Some(item) = input.next().await {
        let answer = match item {
            RecognizeInput::Frame(frame) => frame.samples()[0],
            RecognizeInput::Flush => -1,
            _ => continue,
        };
        events.send(event(answer)).await?;
    }
    Ok(())
}

fn numbers(events: &[SpeechEvent]) -> Vec<i16> {
    events.iter().map(number).collect()
}

/// Tells when it is dropped.
struct DropFlag(Arc<AtomicBool>);

impl Drop for DropFlag {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Counts how often the task was woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn poll_events<T>(events: &mut EventStream<T>) -> Poll<Option<Result<T>>> {
    Pin::new(events).poll_next(&mut Context::from_waker(Waker::noop()))
}

/// Everything until the end by polling alone: a stream must not rely on being woken when it can go on by itself.
fn poll_to_the_end<T>(events: &mut EventStream<T>) -> Vec<Result<T>> {
    let mut all = Vec::new();
    for _ in 0..1_000_000 {
        match poll_events(events) {
            Poll::Ready(Some(event)) => all.push(event),
            Poll::Ready(None) => return all,
            Poll::Pending => {}
        }
    }
    unreachable!("the stream never ended");
}

/// A frame of another rate.
fn other_rate() -> AudioFrame {
    AudioFrame::new(vec![9], 8_000, 1).unwrap()
}
