//! Queues that are full.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use lk_plugin::stream::{InputSink, QUEUE_CAPACITY};
use lk_plugin::{EventStream, RecognizeInput, RecognizeStream, Result};
use pollster::block_on;

use crate::{echo, frame, numbers, poll_events, poll_once};

#[test]
fn a_full_queue_gives_the_frame_back_and_takes_it_again_once_read() {
    let RecognizeStream { mut input, mut events, .. } = RecognizeStream::from_fn(echo);
    for index in 0..QUEUE_CAPACITY {
        assert!(input.try_push_frame(frame(index as i16)).unwrap().is_none(), "place {index}");
    }
    let refused = input.try_push_frame(frame(4_711)).unwrap();
    assert_eq!(refused, Some(frame(4_711)));
    assert!(poll_once(pin!(input.push_frame(frame(4_711)))).is_pending(), "and a push waits");

    // The first poll takes the whole queue over, because the driver goes on until it has to wait.
    assert!(matches!(poll_events(&mut events), Poll::Ready(Some(Ok(_)))));
    assert!(input.try_push_frame(refused.unwrap()).unwrap().is_none());
    drop(input);
    let rest: Vec<i16> = numbers(&block_on(events.collect()).unwrap());
    let expected: Vec<i16> = (1..QUEUE_CAPACITY as i16).chain([4_711]).collect();
    assert_eq!(rest, expected, "nothing is lost, nothing comes twice");
}

#[test]
fn a_driver_waits_when_nobody_reads() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let mut events = EventStream::from_fn(move |mut events| async move {
        loop {
            events.send(counter.fetch_add(1, Ordering::SeqCst)).await?;
        }
    });
    assert!(matches!(poll_events(&mut events), Poll::Ready(Some(Ok(0)))));
    let ahead = sent.load(Ordering::SeqCst);
    assert!(ahead <= QUEUE_CAPACITY + 2, "{ahead} events were made for one that was read");
    for expected in 1..QUEUE_CAPACITY * 4 {
        assert_eq!(block_on(events.next()).unwrap().unwrap(), expected);
    }
}

#[test]
fn an_input_of_ones_own_may_stand_behind_a_stream() {
    /// Takes one item and is full then.
    struct Slot(Arc<AtomicUsize>);
    impl InputSink<RecognizeInput> for Slot {
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
            if self.0.load(Ordering::SeqCst) == 0 { Poll::Ready(Ok(())) } else { Poll::Pending }
        }

        fn start_send(&mut self, _: RecognizeInput) -> Result<()> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    }
    let taken = Arc::new(AtomicUsize::new(0));
    let mut stream =
        RecognizeStream::new(Box::new(Slot(Arc::clone(&taken))), EventStream::from_fn(|_| async { Ok(()) }));
    assert!(stream.input.try_push_frame(frame(1)).unwrap().is_none());
    assert_eq!(stream.input.try_push_frame(frame(2)).unwrap(), Some(frame(2)));
    assert_eq!(taken.load(Ordering::SeqCst), 1);
}

#[test]
fn a_stream_that_is_always_ready_lets_others_run() {
    let mut endless = EventStream::from_fn(|mut events| async move {
        loop {
            events.send(()).await?;
        }
    });
    let mut context = Context::from_waker(Waker::noop());
    let in_a_row = (0..10_000).take_while(|_| Pin::new(&mut endless).poll_next(&mut context).is_ready()).count();
    assert!(in_a_row < 1_000, "{in_a_row}");
    assert!(Pin::new(&mut endless).poll_next(&mut context).is_ready());
}
