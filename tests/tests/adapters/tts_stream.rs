use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use futures_core::Stream;
use lk_plugin::adapters::{TtsStreamAdapter, TtsStreamOptions};
use lk_plugin::{ErrorKind, SynthesizeOptions, SynthesizeStream, SynthesizedAudio, Tts};
use pollster::block_on;

use crate::scripted::Step::*;
use crate::scripted::{Scripted, Step};

const TEXT: &str =
    "My dear Mr. Bennet, said his lady. Have you heard that Netherfield Park is let? He had not. It was.";

fn voice(steps: impl Into<Vec<Step>>) -> (Arc<Scripted>, TtsStreamAdapter) {
    let tts = Arc::new(Scripted::new("voice", steps));
    (Arc::clone(&tts), TtsStreamAdapter::new(tts))
}

/// A word at a time.
fn speak(tts: &dyn Tts, text: &'static str) -> lk_plugin::Result<Vec<SynthesizedAudio>> {
    block_on(tts.stream(&SynthesizeOptions::default())?.feed(text.split_inclusive(' ')).collect())
}

fn millis(audio: &[SynthesizedAudio]) -> u128 {
    audio.iter().map(|piece| piece.frame.duration()).sum::<Duration>().as_millis()
}

#[test]
fn text_is_spoken_a_sentence_at_a_time() {
    let (tts, live) = voice([Say("0123456789"), Say("01234"), Say("0")]);
    let audio = speak(&live, TEXT).unwrap();
    assert_eq!(
        tts.asked.lock().unwrap().as_slice(),
        ["My dear Mr. Bennet, said his lady.", "Have you heard that Netherfield Park is let?", "He had not. It was."]
    );
    assert_eq!(millis(&audio), 100 + 50 + 10, "nothing is added and nothing lost");
    assert!(audio.iter().all(|piece| piece.segment_id == "segment-1"));
    assert_eq!(audio.iter().position(|piece| piece.is_final), Some(audio.len() - 1));
    assert_eq!(audio.iter().map(|piece| piece.delta_text.as_str()).collect::<String>(), TEXT);
    let starts: Vec<_> =
        audio.iter().flat_map(|piece| &piece.timed_transcripts).map(|timed| timed.start_time).collect();
    assert_eq!(starts, [0, 100, 150].map(|start| Some(Duration::from_millis(start))));
}

#[test]
fn a_flush_ends_a_segment_and_blank_text_is_none() {
    let (tts, live) = voice([Say("0123")]);
    let SynthesizeStream { mut input, audio, .. } = live.stream(&SynthesizeOptions::default()).unwrap();
    let audio = block_on(async {
        for text in ["Short.", "", "  ", " \n"] {
            input.push_text(text).await.unwrap();
            input.flush().await.unwrap();
        }
        input.push_text("The end").await.unwrap();
        drop(input);
        audio.collect().await.unwrap()
    });
    assert_eq!(tts.asked.lock().unwrap().as_slice(), ["Short.", "The end"]);
    let finals: Vec<_> = audio.iter().filter(|piece| piece.is_final).map(|piece| piece.segment_id.as_str()).collect();
    assert_eq!(finals, ["segment-1", "segment-2"]);
    assert!(speak(&live, " \n ").unwrap().is_empty());
    assert!(speak(&live, "").unwrap().is_empty());
}

#[test]
fn the_next_sentence_is_asked_for_while_one_is_heard_and_no_more() {
    let (tts, live) = voice([SayAndStall("0123")]);
    let mut audio = live.stream(&SynthesizeOptions::default()).unwrap().feed(TEXT.split_inclusive(' '));
    for _ in 0..4 {
        block_on(audio.next()).unwrap().unwrap();
    }
    // It waits for the first sentence to end, which it never does.
    assert!(Pin::new(&mut audio).poll_next(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(tts.calls(), 2);
}

#[test]
fn a_failure_comes_after_what_was_spoken_before() {
    for step in [Fail(503), Refuse] {
        let (_, live) = voice([Say("0123"), step]);
        let mut audio = live.stream(&SynthesizeOptions::default()).unwrap().feed(TEXT.split_inclusive(' '));
        let (mut heard, mut failure) = (Vec::new(), None);
        block_on(async {
            while let Some(piece) = audio.next().await {
                match piece {
                    Ok(piece) => heard.push(piece),
                    Err(error) => failure = Some(error),
                }
            }
        });
        assert!(matches!(failure.unwrap().kind(), ErrorKind::ApiStatus | ErrorKind::InvalidInput));
        assert!(millis(&heard) >= 30, "{}", millis(&heard));
        assert!(heard.iter().all(|piece| !piece.is_final));
    }
}

#[test]
fn text_without_audio_is_an_error() {
    let (_, live) = voice([Nothing]);
    let error = speak(&live, "Say something.").unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Api, true));
    // What has nothing to be said is none.
    assert!(speak(&live, "…!").unwrap().is_empty());
}

#[test]
fn how_short_a_sentence_may_be_is_an_option() {
    let tts = Arc::new(Scripted::new("voice", [Say("0")]));
    let options = TtsStreamOptions::default().with_min_sentence_len(1).with_stream_context_len(1);
    let live = TtsStreamAdapter::new(Arc::clone(&tts) as Arc<dyn Tts>).with_options(options);
    speak(&live, "Yes. No. Perhaps.").unwrap();
    assert_eq!(tts.asked.lock().unwrap().as_slice(), ["Yes.", "No.", "Perhaps."]);
    let whole = block_on(live.synthesize("Yes. No.", &SynthesizeOptions::default()).unwrap().collect_frame()).unwrap();
    assert_eq!((whole.duration().as_millis(), tts.calls()), (10, 4));
}
