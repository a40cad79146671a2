//! One half goes, and the other hears of it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use lk_plugin::{Error, ErrorKind, EventStream, RecognizeStream, Result};
use pollster::block_on;

use crate::{DropFlag, Wakes, echo, frame, number, numbers, poll_events, poll_once};

#[test]
fn dropping_the_events_cancels_the_driver_and_closes_the_input() {
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = DropFlag(Arc::clone(&dropped));
    let RecognizeStream { mut input, mut events, .. } = RecognizeStream::from_fn(|input, events| async move {
        let _flag = flag;
        echo(input, events).await?;
        unreachable!("the input never ends by itself");
    });
    block_on(input.push_frame(frame(1))).unwrap();
    assert_eq!(number(&block_on(events.next()).unwrap().unwrap()), 1);
    assert!(!dropped.load(Ordering::SeqCst));
    drop(events);
    assert!(dropped.load(Ordering::SeqCst), "the driver is dropped with the events, not later");

    let closed = |result: Result<()>| result.err().unwrap().kind() == ErrorKind::Closed;
    assert!(closed(block_on(input.push_frame(frame(2)))));
    assert!(closed(block_on(input.flush())));
    assert!(closed(input.try_push_frame(frame(3)).map(|_| ())));
}

#[test]
fn dropping_the_events_wakes_a_push_that_waits() {
    let RecognizeStream { mut input, events, .. } = RecognizeStream::from_fn(echo);
    while input.try_push_frame(frame(0)).unwrap().is_none() {}
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut push = pin!(input.push_frame(frame(1)));
    assert!(push.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(events);
    assert!(wakes.0.load(Ordering::SeqCst) > 0, "who waits for a place must hear that there will be none");
    let Poll::Ready(outcome) = poll_once(push) else { unreachable!("it was woken") };
    assert_eq!(outcome.err().unwrap().kind(), ErrorKind::Closed);
}

#[test]
fn a_driver_that_returns_early_closes_the_input_and_its_events_tell_why() {
    let RecognizeStream { mut input, mut events, .. } = RecognizeStream::from_fn(|mut input, _| async move {
        input.next().await;
        Err(Error::from_status(401, "wrong key"))
    });
    block_on(input.push_frame(frame(1))).unwrap();
    assert_eq!(block_on(events.next()).unwrap().err().unwrap().status(), Some(401));
    assert_eq!(block_on(input.push_frame(frame(2))).err().unwrap().kind(), ErrorKind::Closed);
}

#[test]
fn a_sender_outlives_the_events_and_hears_of_it() {
    let (keep, kept) = std::sync::mpsc::channel();
    let mut events: EventStream<u8> = EventStream::from_fn(move |mut events| async move {
        keep.send(events.clone()).unwrap();
        events.send(1).await
    });
    assert!(matches!(poll_events(&mut events), Poll::Ready(Some(Ok(1)))));
    let mut sender = kept.recv().unwrap();
    drop(events);
    assert_eq!(block_on(sender.send(2)).err().unwrap().kind(), ErrorKind::Closed);
}

#[test]
fn dropping_a_pending_next_loses_no_event() {
    let RecognizeStream { mut input, mut events, .. } = RecognizeStream::from_fn(echo);
    assert!(poll_once(pin!(events.next())).is_pending());
    block_on(input.push_frame(frame(1))).unwrap();
    assert!(poll_once(pin!(events.next())).is_ready());
    block_on(input.push_frame(frame(2))).unwrap();
    drop(input);
    assert_eq!(numbers(&block_on(events.collect()).unwrap()), [2]);
}
