//! What comes out, in which order, and how it ends.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures_core::Stream;
use lk_plugin::stream::QUEUE_CAPACITY;
use lk_plugin::{AudioFrame, Error, ErrorKind, EventStream, RecognizeStream, Result};
use pollster::block_on;

use crate::{DropFlag, echo, frame, number, numbers, other_rate, poll_events, poll_to_the_end};

#[test]
fn what_is_pushed_comes_out_in_order_and_then_the_end() {
    block_on(async {
        let RecognizeStream { mut input, mut events, .. } = RecognizeStream::from_fn(echo);
        for number in [1, 2] {
            input.push_frame(frame(number)).await.unwrap();
        }
        input.flush().await.unwrap();
        input.push_frame(frame(3)).await.unwrap();
        input.end_input();
        let mut seen = Vec::new();
        while let Some(event) = events.next().await {
            seen.push(number(&event.unwrap()));
        }
        assert_eq!(seen, [1, 2, -1, 3]);
        for _ in 0..3 {
            assert!(events.next().await.is_none(), "an ended stream stays ended");
        }
    });
}

#[test]
fn dropping_the_input_ends_it_and_loses_nothing() {
    let RecognizeStream { mut input, events, .. } = RecognizeStream::from_fn(echo);
    block_on(input.push_frame(frame(1))).unwrap();
    block_on(input.push_frame(frame(2))).unwrap();
    drop(input);
    assert_eq!(numbers(&block_on(events.collect()).unwrap()), [1, 2]);
}

#[test]
fn a_stream_without_any_input_ends() {
    let RecognizeStream { input, events, .. } = RecognizeStream::from_fn(echo);
    drop(input);
    assert!(block_on(events.collect()).unwrap().is_empty());
}

#[test]
fn an_error_comes_after_the_events_before_it_and_is_the_last() {
    let mut events = EventStream::from_fn(|mut events| async move {
        for number in 0..3 {
            events.send(number).await?;
        }
        Err(Error::new(ErrorKind::ApiConnection, "the line went dead"))
    });
    block_on(async {
        for expected in 0..3 {
            assert_eq!(events.next().await.unwrap().unwrap(), expected);
        }
        assert_eq!(events.next().await.unwrap().err().unwrap().kind(), ErrorKind::ApiConnection);
        assert!(events.next().await.is_none());
        assert!(events.next().await.is_none());
    });
}

#[test]
fn more_events_than_the_queue_holds_come_before_the_error_too() {
    let count = QUEUE_CAPACITY * 3;
    let mut events = EventStream::from_fn(move |mut events| async move {
        for number in 0..count {
            events.send(number).await?;
        }
        Err(Error::config("done"))
    });
    let all = poll_to_the_end(&mut events);
    let (error, before) = all.split_last().unwrap();
    assert_eq!(before.iter().map(|event| *event.as_ref().unwrap()).collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
    assert_eq!(error.as_ref().err().unwrap().kind(), ErrorKind::Config);
}

#[test]
fn an_error_of_any_stream_ends_it() {
    struct Endless;
    impl Stream for Endless {
        type Item = Result<u8>;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<u8>>> {
            Poll::Ready(Some(Err(Error::config("again"))))
        }
    }
    let mut events = EventStream::new(Endless);
    assert!(matches!(poll_events(&mut events), Poll::Ready(Some(Err(_)))));
    assert!(matches!(poll_events(&mut events), Poll::Ready(None)));
}

#[test]
fn an_ended_stream_keeps_nothing_alive() {
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = DropFlag(Arc::clone(&dropped));
    let mut events: EventStream<u8> = EventStream::new(Once(Some(flag)));
    assert!(matches!(poll_events(&mut events), Poll::Ready(None)));
    assert!(dropped.load(Ordering::SeqCst), "what stood behind the stream goes with its end");
    assert!(matches!(poll_events(&mut events), Poll::Ready(None)));

    struct Once(Option<DropFlag>);
    impl Stream for Once {
        type Item = Result<u8>;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<u8>>> {
            assert!(self.0.is_some());
            Poll::Ready(None)
        }
    }
}

#[test]
fn failed_tells_its_error_and_ends() {
    let mut events: EventStream<u8> = EventStream::failed(Error::unsupported("no"));
    assert!(matches!(poll_events(&mut events), Poll::Ready(Some(Err(_)))));
    assert!(matches!(poll_events(&mut events), Poll::Ready(None)));
}

#[test]
fn a_frame_of_another_format_is_refused_and_the_stream_goes_on() {
    let RecognizeStream { mut input, events, .. } = RecognizeStream::from_fn(echo);
    block_on(async {
        input.push_frame(frame(1)).await.unwrap();
        let stereo = AudioFrame::new(vec![9, 9], 16_000, 2).unwrap();
        for wrong in [other_rate(), stereo] {
            let error = input.push_frame(wrong.clone()).await.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(
                error.message().starts_with("the stream's frames changed from 16000 Hz with 1 channel(s) to"),
                "{error}"
            );
            assert_eq!(input.try_push_frame(wrong).err().unwrap().kind(), ErrorKind::InvalidInput);
        }
        input.push_frame(frame(2)).await.unwrap();
        drop(input);
        assert_eq!(numbers(&events.collect().await.unwrap()), [1, 2]);
    });
}

#[expect(clippy::panic, reason = "a driver that panics is what is tested")]
#[test]
fn after_a_panic_of_the_driver_the_events_have_ended() {
    let mut events = EventStream::from_fn(|mut events| async move {
        events.send(1).await?;
        panic!("the driver")
    });
    let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| block_on(events.next())));
    assert!(polled.is_err());
    assert!(block_on(events.next()).is_none());
}

#[test]
fn an_error_does_not_wait_for_senders_elsewhere() {
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let mut events = EventStream::from_fn(|mut events| async move {
        *keep.lock().unwrap() = Some(events.clone());
        events.send(1).await?;
        Err(Error::unsupported("no more"))
    });
    assert_eq!(block_on(events.next()).unwrap().unwrap(), 1);
    assert!(block_on(events.next()).unwrap().is_err());
    let late = block_on(kept.lock().unwrap().as_mut().unwrap().send(2));
    assert_eq!(late.err().unwrap().kind(), ErrorKind::Closed);
}
