//! Drivers and halves on threads of their own, and who is woken.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use futures_core::Stream;
use lk_plugin::{Error, ErrorKind, EventStream, RecognizeStream, SpeechEvent};
use pollster::block_on;

use crate::{Wakes, echo, frame, numbers};

#[test]
fn a_driver_may_send_from_a_thread_of_its_own() {
    const COUNT: u32 = 1_000;
    let mut events = EventStream::from_fn(|events| async move {
        // The driver itself returns at once; the stream goes on until the thread drops its sender.
        thread::spawn(move || {
            let mut events = events;
            for number in 0..COUNT {
                block_on(events.send(number)).unwrap();
            }
        });
        Ok(())
    });
    for expected in 0..COUNT {
        assert_eq!(block_on(events.next()).unwrap().unwrap(), expected);
    }
    assert!(block_on(events.next()).is_none());
}

#[test]
fn a_driver_may_drop_its_sender_and_go_on() {
    let finished = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&finished);
    let (mut wait, release) = (Waits(2), Arc::clone(&finished));
    let mut events = EventStream::from_fn(move |mut events| async move {
        events.send(1).await?;
        drop(events);
        (&mut wait).await;
        flag.store(true, Ordering::SeqCst);
        Ok(())
    });
    assert_eq!(block_on(events.next()).unwrap().unwrap(), 1);
    assert!(!release.load(Ordering::SeqCst));
    assert!(block_on(events.next()).is_none(), "the end is when the driver has returned");
    assert!(finished.load(Ordering::SeqCst), "what it does after its last event is done, not cancelled");
}

#[test]
fn an_error_after_the_sender_was_dropped_still_arrives() {
    let mut events: EventStream<u8> = EventStream::from_fn(|events| async move {
        drop(events);
        Waits(3).await;
        Err(Error::config("late"))
    });
    assert_eq!(block_on(events.next()).unwrap().err().unwrap().kind(), ErrorKind::Config);
    assert!(block_on(events.next()).is_none());
}

/// Pending so many times, waking itself.
struct Waits(u8);

impl Future for Waits {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.0.checked_sub(1) {
            None => Poll::Ready(()),
            Some(left) => {
                self.0 = left;
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

#[test]
fn the_two_halves_work_on_two_threads() {
    let RecognizeStream { mut input, events, .. } = RecognizeStream::from_fn(echo);
    let pusher = thread::spawn(move || {
        for number in 0..5_000 {
            block_on(input.push_frame(frame(number))).unwrap();
        }
    });
    assert_eq!(numbers(&block_on(events.collect()).unwrap()), (0..5_000).collect::<Vec<_>>());
    pusher.join().unwrap();
}

#[test]
fn a_waiting_reader_is_woken_by_a_push_and_by_the_end() {
    let RecognizeStream { mut input, mut events, .. } = RecognizeStream::from_fn(echo);
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let poll = |events: &mut EventStream<SpeechEvent>| Pin::new(events).poll_next(&mut Context::from_waker(&waker));
    assert!(poll(&mut events).is_pending());
    block_on(input.push_frame(frame(1))).unwrap();
    assert!(wakes.0.swap(0, Ordering::SeqCst) > 0);
    assert!(poll(&mut events).is_ready());
    assert!(poll(&mut events).is_pending());
    wakes.0.store(0, Ordering::SeqCst);
    drop(input);
    assert!(wakes.0.load(Ordering::SeqCst) > 0);
    assert!(matches!(poll(&mut events), Poll::Ready(None)));
}
