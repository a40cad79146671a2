use std::sync::Arc;
use std::time::Duration;

use lk_plugin::adapters::SttStreamAdapter;
use lk_plugin::{
    AudioFrame, Config, ErrorKind, RecognizeOptions, RecognizeStream, Registry, SpeechEvent, Stt, SttCapabilities, Vad,
};
use pollster::block_on;

use crate::scripted::Scripted;
use crate::scripted::Step::*;

/// Speech at these times, in steps of 10 ms.
pub(crate) fn vad(speech: &str) -> Arc<dyn Vad> {
    let config = Config::from_json(&format!(r#"{{"speech": {speech}, "update_interval": 0.01}}"#)).unwrap();
    Arc::from(Registry::global().create::<dyn Vad>("fake", &config).unwrap())
}

/// So many frames of 10 ms.
pub(crate) fn frames(count: usize) -> Vec<AudioFrame> {
    vec![AudioFrame::new(vec![0; 160], 16_000, 1).unwrap(); count]
}

pub(crate) fn told(events: &[SpeechEvent]) -> Vec<String> {
    events
        .iter()
        .map(|event| match event.text() {
            "" => event.event_type.as_str().to_owned(),
            text => format!("{} {text}", event.event_type.as_str()),
        })
        .collect()
}

#[test]
fn an_utterance_ends_before_its_transcript() {
    let stt = Arc::new(Scripted::new("stt", [Say("one"), Nothing, Say("three")]));
    let live = SttStreamAdapter::new(Arc::clone(&stt) as Arc<dyn Stt>, vad("[0.1, 0.3, 0.5, 0.6, 0.8, 0.95]"));
    let options = RecognizeOptions::default().with_start_time_offset(Duration::from_secs(60));
    let events = block_on(live.stream(&options).unwrap().feed(frames(100)).collect()).unwrap();
    let names = told(&events);
    // What was not understood has no transcript, but it costs.
    let transcripts: Vec<&String> = names.iter().filter(|event| event.starts_with("final")).collect();
    assert_eq!(transcripts, ["final_transcript one", "final_transcript three"]);
    let edges: Vec<&String> = names.iter().filter(|event| event.ends_with("speech")).collect();
    assert_eq!(edges, ["start_of_speech", "end_of_speech"].repeat(3));
    let place = |wanted: &str| names.iter().position(|event| event == wanted).unwrap();
    assert!(place("end_of_speech") < place("final_transcript one"));
    // The utterances alone were transcribed.
    assert_eq!(stt.asked.lock().unwrap().as_slice(), ["200", "100", "150"]);
    let finals: Vec<_> = events.iter().filter(|event| !event.alternatives.is_empty()).collect();
    assert_eq!(finals[0].request_id, "stt-1");
    let times = |event: &SpeechEvent| (event.alternatives[0].start_time, event.alternatives[0].end_time);
    assert_eq!(times(finals[0]), (Duration::from_millis(60_100), Duration::from_millis(60_300)));
    assert_eq!(times(finals[1]), (Duration::from_millis(60_800), Duration::from_millis(60_950)));
    let usage = events.iter().filter_map(|event| event.recognition_usage);
    assert_eq!(usage.map(|usage| usage.audio_duration.as_millis()).collect::<Vec<_>>(), [200, 100, 150]);
}

#[test]
fn a_slow_transcript_does_not_hold_up_the_next_edges() {
    let stt = Arc::new(Scripted::new("stt", [Silence]));
    let live = SttStreamAdapter::new(stt, vad("[0.1, 0.2, 0.3, 0.4]"));
    let RecognizeStream { mut input, mut events, .. } = live.stream(&RecognizeOptions::default()).unwrap();
    block_on(async {
        for frame in frames(45) {
            input.push_frame(frame).await.unwrap();
        }
        for wanted in ["start_of_speech", "end_of_speech", "start_of_speech", "end_of_speech"] {
            assert_eq!(events.next().await.unwrap().unwrap().event_type.as_str(), wanted);
        }
    });
}

#[test]
fn a_flush_ends_the_segment_and_times_go_on() {
    let stt = Arc::new(Scripted::new("stt", [Say("first"), Say("second")]));
    let live = SttStreamAdapter::new(Arc::clone(&stt) as Arc<dyn Stt>, vad("[0.1, 9.0]"));
    let RecognizeStream { mut input, events, .. } = live.stream(&RecognizeOptions::default()).unwrap();
    let events = block_on(async {
        input.flush().await.unwrap();
        for frame in frames(20) {
            input.push_frame(frame).await.unwrap();
        }
        input.flush().await.unwrap();
        input.flush().await.unwrap();
        for frame in frames(15) {
            input.push_frame(frame).await.unwrap();
        }
        drop(input);
        events.collect().await.unwrap()
    });
    assert_eq!(stt.asked.lock().unwrap().as_slice(), ["100", "50"]);
    let times = events.iter().flat_map(|event| &event.alternatives);
    let times: Vec<_> = times.map(|data| (data.start_time.as_millis(), data.end_time.as_millis())).collect();
    // The second vad's zero is at 200 ms.
    assert_eq!(times, [(100, 200), (300, 350)]);
}

#[test]
fn a_failed_transcript_is_the_streams_error() {
    let stt = Arc::new(Scripted::new("stt", [Say("one"), Fail(503)]));
    let live = SttStreamAdapter::new(stt, vad("[0.1, 0.2, 0.3, 0.4]"));
    let mut events = live.stream(&RecognizeOptions::default()).unwrap().feed(frames(100));
    let (mut seen, mut failure) = (Vec::new(), None);
    block_on(async {
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => seen.push(event),
                Err(error) => failure = Some(error),
            }
        }
    });
    assert!(told(&seen).contains(&"final_transcript one".to_owned()));
    assert_eq!(failure.unwrap().status(), Some(503));
}

#[test]
fn it_can_what_the_plugin_can_and_streams() {
    let inner = Arc::new(Scripted::new("stt", [Say("whole")]));
    let live = SttStreamAdapter::new(inner, vad("[]"));
    assert_eq!(live.capabilities(), SttCapabilities::default().with_streaming(true).with_manual_flush(true));
    let audio = AudioFrame::new(vec![0; 160], 16_000, 1).unwrap();
    let event = block_on(live.recognize(audio.as_ref(), &RecognizeOptions::default())).unwrap();
    assert_eq!(event.text(), "whole");

    struct OnlyLive;
    impl Stt for OnlyLive {
        fn capabilities(&self) -> SttCapabilities {
            SttCapabilities::default().with_streaming(true).with_offline_recognize(false)
        }
    }
    let only_live = SttStreamAdapter::new(Arc::new(OnlyLive), vad("[]"));
    let error = only_live.stream(&RecognizeOptions::default()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
