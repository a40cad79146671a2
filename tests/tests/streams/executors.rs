//! The same streams under several executors.

use lk_plugin::stream::InputSink;
use lk_plugin::{
    AudioInput, EventSender, EventStream, InputReceiver, RecognizeInput, RecognizeStream, SpeechEvent,
    SynthesizeStream, TextInput,
};
use pollster::block_on;

use crate::{echo, frame, numbers, poll_to_the_end};

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
