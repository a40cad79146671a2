use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lk_plugin::adapters::{FallbackOptions, SttFallback};
use lk_plugin::monitor::{Monitor, MonitorEvents};
use lk_plugin::{
    AudioFrame, ErrorKind, Kind, RecognizeOptions, RecognizeStream, Result, SpeechEvent, Stt, SttCapabilities,
};
use pollster::block_on;

use crate::scripted::Step::*;
use crate::scripted::{Scripted, Step};
use crate::stt_stream::{frames, told, vad};
use crate::{availability, options, recovery};

fn live(name: &'static str, steps: impl Into<Vec<Step>>) -> Arc<Scripted> {
    let mut stt = Scripted::new(name, steps);
    stt.streaming = true;
    Arc::new(stt)
}

fn fallback(members: &[&Arc<Scripted>], options: FallbackOptions) -> (SttFallback, MonitorEvents) {
    let (monitor, events) = Monitor::channel();
    let names = ["first", "second"].into_iter();
    let members = names.zip(members).map(|(name, stt)| (name, Arc::clone(stt) as Arc<dyn Stt>));
    (SttFallback::with_options(members, None, options, &monitor).unwrap(), events)
}

fn recognize(stt: &dyn Stt) -> Result<SpeechEvent> {
    let audio = AudioFrame::new(vec![0; 1_600], 16_000, 1)?;
    block_on(stt.recognize(audio.as_ref(), &RecognizeOptions::default()))
}

#[test]
fn an_utterance_goes_to_the_next_one() {
    for step in [Fail(503), Silence] {
        let first = Arc::new(Scripted::new("first", [step, Say("I am back")]));
        let second = Arc::new(Scripted::new("second", [Say("hello")]));
        let (stt, mut events) = fallback(&[&first, &second], options(Kind::Stt));
        assert_eq!(recognize(&stt).unwrap().text(), "hello");
        recovery(&mut events, "first");
        assert_eq!(recognize(&stt).unwrap().text(), "I am back");
        assert_eq!(first.asked.lock().unwrap().as_slice(), ["100"; 3], "the probe hears the same");
    }
}

#[test]
fn all_that_fail_are_named() {
    let first = Arc::new(Scripted::new("first", [Fail(503)]));
    let second = Arc::new(Scripted::new("second", [Silence]));
    let (stt, _events) = fallback(&[&first, &second], options(Kind::Stt));
    let error = recognize(&stt).unwrap_err();
    assert_eq!(
        error.to_string(),
        "all members of the `stt` fallback failed: `first`: the server is ill (status 503); `second`: nothing came within \
         50ms"
    );
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::ApiConnection, true));
}

fn transcripts(events: &[SpeechEvent]) -> Vec<(String, u128, u128)> {
    let data = events.iter().flat_map(|event| &event.alternatives);
    data.map(|data| (data.text.clone(), data.start_time.as_millis(), data.end_time.as_millis())).collect()
}

#[test]
fn the_next_one_hears_what_was_not_transcribed() {
    // The first transcribes a segment and fails in the next.
    let first = live("first", [SayAndFail("one"), Silence]);
    let second = live("second", [Say("two")]);
    let (stt, mut news) = fallback(&[&first, &second], options(Kind::Stt));
    let options = RecognizeOptions::default().with_start_time_offset(Duration::from_secs(10));
    let RecognizeStream { mut input, events, .. } = stt.stream(&options).unwrap();
    let pushing = std::thread::spawn(move || {
        for frame in frames(20) {
            block_on(input.push_frame(frame)).unwrap();
        }
        block_on(input.flush()).unwrap();
        for frame in frames(25) {
            block_on(input.push_frame(frame)).unwrap();
        }
    });
    let events = block_on(events.collect()).unwrap();
    pushing.join().unwrap();
    assert_eq!(transcripts(&events), [("one".to_owned(), 10_000, 10_200), ("two".to_owned(), 10_200, 10_450)]);
    assert_eq!(second.asked.lock().unwrap().as_slice(), ["10200"], "its stream begins where the transcript ended");
    // The start that the first told is not told again.
    let (start, end) = ("start_of_speech", "end_of_speech");
    assert_eq!(told(&events), [start, "final_transcript one", end, start, "final_transcript two", end]);
    assert_eq!(availability(&mut news), ["first-"]);
}

#[test]
fn a_member_that_failed_hears_along_and_comes_back() {
    let first = live("first", [Fail(503), Say("I am back")]);
    let second = live("second", [Say("two")]);
    let (stt, mut news) = fallback(&[&first, &second], options(Kind::Stt));
    let RecognizeStream { mut input, mut events, .. } = stt.stream(&RecognizeOptions::default()).unwrap();
    let pushing = std::thread::spawn(move || {
        for frame in frames(40) {
            block_on(input.push_frame(frame)).unwrap();
        }
        block_on(input.flush()).unwrap();
        input
    });
    block_on(async {
        let mut seen = Vec::new();
        while !told(&seen).contains(&"end_of_speech".to_owned()) {
            seen.push(events.next().await.unwrap().unwrap());
        }
        assert_eq!(transcripts(&seen), [("two".to_owned(), 0, 400)], "the probe's transcript is nobody's");
    });
    drop(pushing.join().unwrap());
    assert!(block_on(events.collect()).unwrap().is_empty());
    assert_eq!(availability(&mut news), ["first-", "first+"]);
    assert_eq!((first.open.load(Ordering::SeqCst), second.open.load(Ordering::SeqCst)), (0, 0));
}

#[test]
fn who_takes_no_audio_or_sends_nothing_after_the_end_has_failed() {
    // So much audio that the queue of the one that stalls is full; and so little that it is not.
    for count in [400, 30] {
        let first = live("first", [Silence]);
        let second = live("second", [Say("two")]);
        let (stt, mut news) = fallback(&[&first, &second], options(Kind::Stt));
        let events = block_on(stt.stream(&RecognizeOptions::default()).unwrap().feed(frames(count)).collect()).unwrap();
        assert_eq!(transcripts(&events), [("two".to_owned(), 0, count as u128 * 10)]);
        assert_eq!(availability(&mut news), ["first-"]);
    }
}

#[test]
fn what_is_kept_for_the_next_one_is_bounded() {
    let first = live("first", [Fail(503)]);
    let second = live("second", [Say("two")]);
    let (stt, _news) = fallback(&[&first, &second], options(Kind::Stt).with_replay(Duration::from_millis(50)));
    let events = block_on(stt.stream(&RecognizeOptions::default()).unwrap().feed(frames(40)).collect()).unwrap();
    let [(_, start, end)] = transcripts(&events).try_into().unwrap();
    assert!(start > 0 && end == 400, "{start} to {end}");
}

#[test]
fn wholes_are_cut_by_the_vad_or_named() {
    let whole = Arc::new(Scripted::new("whole", [Say("cut")])) as Arc<dyn Stt>;
    let stream = live("live", [Fail(503)]) as Arc<dyn Stt>;
    let members = || [("live", Arc::clone(&stream)), ("whole", Arc::clone(&whole))];
    let error = SttFallback::new(members(), None).err().unwrap();
    assert_eq!(
        error.to_string(),
        "`whole` transcribe(s) no live streams, which other members do; give a vad that cuts the audio for it, or leave it out"
    );
    let monitor = Monitor::default();
    let stt = SttFallback::with_options(members(), Some(vad("[0.1, 0.3]")), options(Kind::Stt), &monitor).unwrap();
    let events = block_on(stt.stream(&RecognizeOptions::default()).unwrap().feed(frames(40)).collect()).unwrap();
    assert_eq!(transcripts(&events), [("cut".to_owned(), 100, 300)]);

    let wholes = SttFallback::new([("whole", whole)], None).unwrap();
    assert_eq!(wholes.capabilities(), SttCapabilities::default());
    assert_eq!(wholes.stream(&RecognizeOptions::default()).err().unwrap().kind(), ErrorKind::Unsupported);
}
