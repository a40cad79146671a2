//! The streams of the core under several executors: order, ends, drops, back-pressure, errors.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use futures_core::Stream;
use lk_plugin::stream::{InputSink, QUEUE_CAPACITY};
use lk_plugin::{
    AudioFrame, AudioInput, Error, ErrorKind, EventSender, EventStream, InputReceiver, RecognizeInput, RecognizeStream,
    Result, SpeechEvent, SpeechEventType, SynthesizeInput, SynthesizeStream, SynthesizedAudio, TextInput,
};
use pollster::block_on;

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

// ── order and ends ──────────────────────────────────────────────────────────────────────────────────────────────────

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

// ── drops ───────────────────────────────────────────────────────────────────────────────────────────────────────────

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

// ── back-pressure ───────────────────────────────────────────────────────────────────────────────────────────────────

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
fn feed_takes_ten_thousand_frames_in_order() {
    let events = RecognizeStream::from_fn(echo).feed((0..10_000).map(frame));
    assert_eq!(numbers(&block_on(events.collect()).unwrap()), (0..10_000).collect::<Vec<_>>());
}

#[test]
fn feed_works_with_a_driver_that_answers_once_at_the_end() {
    let events = RecognizeStream::from_fn(|mut input, mut events| async move {
        let mut count = 0;
        while input.next().await.is_some() {
            count += 1;
        }
        events.send(event(count)).await
    });
    assert_eq!(numbers(&block_on(events.feed((0..10_000).map(frame)).collect()).unwrap()), [10_000]);
}

#[test]
fn feed_works_with_a_driver_that_answers_each_frame_many_times() {
    let stream = RecognizeStream::from_fn(|mut input, mut events| async move {
        while input.next().await.is_some() {
            for number in 0..100 {
                events.send(event(number)).await?;
            }
        }
        Ok(())
    });
    assert_eq!(block_on(stream.feed((0..200).map(frame)).collect()).unwrap().len(), 20_000);
}

#[test]
fn feed_into_a_driver_that_stops_listening_gives_its_events() {
    let stream = RecognizeStream::from_fn(|mut input, mut events| async move {
        input.next().await;
        drop(input);
        events.send(event(1)).await
    });
    assert_eq!(numbers(&block_on(stream.feed((0..10_000).map(frame)).collect()).unwrap()), [1]);
}

#[test]
fn feed_texts_come_out_as_speech() {
    let stream = SynthesizeStream::from_fn(|mut input, mut audio| async move {
        while let Some(SynthesizeInput::Text(text)) = input.next().await {
            audio.send(SynthesizedAudio::new(frame(text.len() as i16), text)).await?;
        }
        Ok(())
    });
    // Empty text is no text: it does not reach the driver.
    let spoken = block_on(stream.feed(["one", "", "three"]).collect()).unwrap();
    assert_eq!(spoken.iter().map(|audio| audio.request_id.as_str()).collect::<Vec<_>>(), ["one", "three"]);
}

// ── formats ─────────────────────────────────────────────────────────────────────────────────────────────────────────

fn other_rate() -> AudioFrame {
    AudioFrame::new(vec![9], 8_000, 1).unwrap()
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

#[test]
fn feed_tells_of_a_changed_format_after_what_came_before() {
    let frames = vec![frame(1), frame(2), other_rate(), frame(3)];
    let mut events = RecognizeStream::from_fn(echo).feed(frames);
    let all = poll_to_the_end(&mut events);
    let seen: Vec<i16> = all.iter().filter_map(|event| event.as_ref().ok().map(number)).collect();
    assert_eq!(seen, [1, 2]);
    assert_eq!(all.last().unwrap().as_ref().err().unwrap().kind(), ErrorKind::InvalidInput);
    assert_eq!(all.len(), 3);
}

// ── threads ─────────────────────────────────────────────────────────────────────────────────────────────────────────

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

// ── executors ───────────────────────────────────────────────────────────────────────────────────────────────────────

async fn conversation() -> Vec<i16> {
    numbers(&RecognizeStream::from_fn(echo).feed((0..500).map(frame)).collect().await.unwrap())
}

#[test]
fn the_same_stream_runs_under_any_executor() {
    let expected: Vec<i16> = (0..500).collect();
    assert_eq!(block_on(conversation()), expected);

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(conversation()), expected);
    let spawned = runtime.block_on(async { tokio::spawn(conversation()).await });
    assert_eq!(spawned.unwrap(), expected);

    let mut bare = RecognizeStream::from_fn(echo).feed((0..500).map(frame));
    let polled: Vec<SpeechEvent> = poll_to_the_end(&mut bare).into_iter().map(Result::unwrap).collect();
    assert_eq!(numbers(&polled), expected);
}

#[test]
fn halves_on_two_tasks_of_one_thread_do_not_starve_each_other() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let seen = runtime.block_on(async {
        let RecognizeStream { mut input, events, .. } = RecognizeStream::from_fn(echo);
        let pusher = tokio::spawn(async move {
            for number in 0..1_000 {
                input.push_frame(frame(number)).await.unwrap();
            }
        });
        let events = events.collect().await.unwrap();
        pusher.await.unwrap();
        numbers(&events)
    });
    assert_eq!(seen, (0..1_000).collect::<Vec<_>>());
}

#[test]
fn everything_may_move_to_another_thread() {
    fn moves<T: Send>() {}
    moves::<RecognizeStream>();
    moves::<SynthesizeStream>();
    moves::<AudioInput>();
    moves::<TextInput>();
    moves::<EventStream<SpeechEvent>>();
    moves::<EventSender<SpeechEvent>>();
    moves::<InputReceiver<RecognizeInput>>();
    moves::<Box<dyn InputSink<RecognizeInput>>>();
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
