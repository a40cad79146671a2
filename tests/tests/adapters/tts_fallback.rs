use std::sync::Arc;
use std::time::Duration;

use lk_plugin::adapters::{FallbackOptions, TtsFallback};
use lk_plugin::monitor::{Monitor, MonitorEvent, MonitorEvents};
use lk_plugin::{ErrorKind, Kind, Result, SynthesizeOptions, SynthesizeStream, SynthesizedAudio, Tts};
use pollster::block_on;

use crate::scripted::Step::*;
use crate::scripted::{Scripted, Step};
use crate::{availability, options, recovery};

fn voice(name: &'static str, sample_rate: u32, steps: impl Into<Vec<Step>>) -> Arc<Scripted> {
    let mut tts = Scripted::new(name, steps);
    tts.sample_rate = sample_rate;
    Arc::new(tts)
}

fn fallback(members: &[&Arc<Scripted>], options: FallbackOptions) -> (TtsFallback, MonitorEvents) {
    let (monitor, events) = Monitor::channel();
    let names = ["first", "second"].into_iter();
    let members = names.zip(members).map(|(name, tts)| (name, Arc::clone(tts) as Arc<dyn Tts>));
    (TtsFallback::with_options(members, options, &monitor).unwrap(), events)
}

fn speak(tts: &dyn Tts, text: &str) -> Result<Vec<SynthesizedAudio>> {
    block_on(tts.synthesize(text, &SynthesizeOptions::default())?.collect())
}

fn millis(audio: &[SynthesizedAudio]) -> usize {
    let rate = audio.first().map_or(1, |piece| piece.frame.sample_rate() as usize);
    audio.iter().map(|piece| piece.frame.samples_per_channel()).sum::<usize>() * 1_000 / rate
}

#[test]
fn the_next_voice_speaks_at_the_common_rate() {
    let first = voice("first", 24_000, [Fail(503)]);
    let second = voice("second", 16_000, [Say("0123456789")]);
    let (tts, mut events) = fallback(&[&first, &second], options(Kind::Tts));
    assert_eq!((tts.sample_rate(), tts.channels()), (24_000, 1));
    let audio = speak(&tts, "hello").unwrap();
    assert!(audio.iter().all(|piece| piece.frame.sample_rate() == 24_000 && piece.request_id == "second-1"));
    assert_eq!(millis(&audio), 100, "resampling loses nothing");
    assert_eq!(audio.iter().position(|piece| piece.is_final), Some(audio.len() - 1));
    assert!(audio.iter().all(|piece| !piece.frame.samples().is_empty()));
    assert_eq!(availability(&mut events), ["first-"]);
    let (tts, _) = fallback(&[&first, &second], options(Kind::Tts).with_sample_rate(48_000));
    assert_eq!(tts.sample_rate(), 48_000);
}

#[test]
fn no_audio_is_a_failure_and_so_is_silence() {
    for step in [Nothing, Silence] {
        let first = voice("first", 16_000, [step]);
        let second = voice("second", 16_000, [Say("01")]);
        let (tts, mut events) = fallback(&[&first, &second], options(Kind::Tts));
        assert_eq!(millis(&speak(&tts, "hello").unwrap()), 20);
        assert_eq!(availability(&mut events), ["first-"]);
    }
    let first = voice("first", 16_000, [Nothing]);
    let (tts, mut events) = fallback(&[&first], options(Kind::Tts));
    assert!(speak(&tts, " ").unwrap().is_empty());
    assert_eq!(availability(&mut events), Vec::<String>::new());
    let error = speak(&tts, "hello").unwrap_err();
    assert_eq!(error.to_string(), "all members of the `tts` fallback failed: `first`: no audio came for the text");
    assert!(error.is_retryable());
}

#[test]
fn after_audio_there_is_no_other_voice_unless_asked() {
    for step in [SayAndFail("0123"), SayAndStall("0123")] {
        let first = voice("first", 16_000, [step.clone(), Nothing]);
        let second = voice("second", 16_000, [Say("01")]);
        let (tts, mut events) = fallback(&[&first, &second], options(Kind::Tts));
        let error = speak(&tts, "hello").unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::ApiStatus | ErrorKind::ApiTimeout), "{error}");
        assert_eq!((second.calls(), availability(&mut events)), (0, vec!["first-".to_owned()]));

        let first = voice("first", 16_000, [step]);
        let (tts, _events) = fallback(&[&first, &second], options(Kind::Tts).with_switch_after_output(true));
        assert_eq!(millis(&speak(&tts, "hello").unwrap()), 60);
    }
}

#[test]
fn a_voice_that_is_heard_again_is_first_again() {
    let first = voice("first", 16_000, [Fail(503), Say("0123")]);
    let second = voice("second", 16_000, [Say("01")]);
    let (tts, mut events) = fallback(&[&first, &second], options(Kind::Tts));
    assert_eq!(millis(&speak(&tts, "hello").unwrap()), 20);
    recovery(&mut events, "first");
    assert_eq!(millis(&speak(&tts, "hello").unwrap()), 40);
    // The probe asked for the same.
    assert_eq!(first.asked.lock().unwrap().as_slice(), ["hello"; 3]);
}

#[test]
fn voices_with_other_channels_do_not_go_together() {
    let first = voice("first", 16_000, [Nothing]);
    let mut second = Scripted::new("second", [Nothing]);
    second.channels = 2;
    let members: [(&str, Arc<dyn Tts>); 2] = [("first", first), ("second", Arc::new(second))];
    let error = TtsFallback::new(members).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the voices of a fallback must have the same number of channels, but `first` has 1, `second` has 2; leave out those \
         that differ"
    );
}

#[test]
fn in_a_live_stream_the_next_voice_takes_the_segment_over() {
    // The first segment is spoken, of the second nothing is heard yet.
    let first = voice("first", 24_000, [Say("0123"), Fail(503)]);
    let second = voice("second", 16_000, [Say("01")]);
    let (tts, mut events) = fallback(&[&first, &second], options(Kind::Tts));
    let SynthesizeStream { mut input, audio, .. } = tts.stream(&SynthesizeOptions::default()).unwrap();
    let audio = block_on(async {
        for text in ["One.", "Two.", " ", "Three."] {
            input.push_text(text).await.unwrap();
            input.flush().await.unwrap();
        }
        drop(input);
        audio.collect().await.unwrap()
    });
    let finals: Vec<_> = audio
        .iter()
        .filter(|piece| piece.is_final)
        .map(|piece| (piece.segment_id.as_str(), piece.request_id.as_str()))
        .collect();
    assert_eq!(finals, [("segment-1", "first-1"), ("segment-2", "second-1"), ("segment-3", "second-2")]);
    assert_eq!(second.asked.lock().unwrap().as_slice(), ["Two.", "Three."], "nothing is said twice, nothing left out");
    assert_eq!(millis(&audio), 40 + 20 + 20);
    let errors = std::iter::from_fn(|| events.try_next()).filter(|event| matches!(event, MonitorEvent::Error(_)));
    assert_eq!(errors.count(), 1);
}

#[test]
fn a_live_stream_waits_for_text_but_not_for_a_silent_voice() {
    let first = voice("first", 16_000, [Silence]);
    let second = voice("second", 16_000, [Say("01")]);
    let (tts, _events) = fallback(&[&first, &second], options(Kind::Tts).with_probe_interval(Duration::MAX));
    let SynthesizeStream { mut input, mut audio, .. } = tts.stream(&SynthesizeOptions::default()).unwrap();
    let pushing = std::thread::spawn(move || {
        block_on(input.push_text("One ")).unwrap();
        // Longer than an attempt may take: nobody owes anything yet.
        std::thread::sleep(Duration::from_millis(120));
        block_on(input.push_text("two.")).unwrap();
        block_on(input.flush()).unwrap();
        input
    });
    let piece = block_on(audio.next()).unwrap().unwrap();
    assert_eq!(piece.request_id, "second-1");
    assert!(first.asked.lock().unwrap().iter().all(|asked| asked == "One two."), "the pause alone was no failure");
    drop(pushing.join().unwrap());
    assert_eq!(block_on(audio.collect()).unwrap().last().map(|piece| piece.is_final), Some(true));
}
