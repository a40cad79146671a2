//! All the input at once.

use lk_plugin::{ErrorKind, RecognizeStream, SynthesizeInput, SynthesizeStream, SynthesizedAudio};
use pollster::block_on;

use crate::{echo, event, frame, number, numbers, other_rate, poll_to_the_end};

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
