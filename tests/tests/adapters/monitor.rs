use std::sync::Arc;
use std::time::Duration;

use lk_plugin::adapters::LlmFallback;
use lk_plugin::monitor::{Monitor, MonitorEvent, MonitorEvents};
use lk_plugin::{
    AudioFrame, ChatContext, ChatOptions, Config, ErrorKind, Kind, Llm, RecognizeOptions, Registry, Stt,
    SynthesizeOptions, SynthesizeStream, Tts, Vad,
};
use pollster::block_on;
use serde_json::{Value, json};

use crate::scripted::Scripted;
use crate::scripted::Step::*;
use crate::stt_stream::{frames, vad};

fn waiting(events: &mut MonitorEvents) -> Vec<MonitorEvent> {
    std::iter::from_fn(|| events.try_next()).collect()
}

/// As JSON, without what differs from run to run.
fn wire(event: &MonitorEvent) -> Value {
    let mut value = serde_json::to_value(event).unwrap();
    for key in ["timestamp", "duration", "ttft", "ttfb", "idle_time", "tokens_per_second", "inference_duration_total"] {
        if let Some(number) = value.get_mut(key) {
            *number = match number.as_f64().unwrap() {
                -1.0 => json!(-1),
                number if number > 0.0 => json!("some"),
                _ => json!(0),
            };
        }
    }
    value
}

fn chat(llm: &dyn Llm) -> lk_plugin::Result<String> {
    Ok(block_on(llm.chat(&ChatContext::new(), &ChatOptions::default())?.collect_response())?.text)
}

#[test]
fn an_answer_has_livekits_fields_whether_it_failed_or_not() {
    let (monitor, mut events) = Monitor::channel();
    let scripted = Scripted::new("gpt", [Say("three short words"), Fail(503), Refuse]);
    let llm = monitor.meter_llm("llm/scripted", Arc::new(scripted));
    assert_eq!(chat(&llm).unwrap(), "three short words");
    let metadata = json!({"model_name": "gpt", "model_provider": "llm.example.com"});
    let wanted = json!({
        "type": "llm_metrics", "label": "llm/scripted", "request_id": "gpt-1", "timestamp": "some", "duration": "some",
        "ttft": "some", "cancelled": false, "completion_tokens": 3, "prompt_tokens": 7, "prompt_cached_tokens": 0,
        "cache_creation_tokens": 0, "reasoning_tokens": 1, "total_tokens": 10, "tokens_per_second": "some",
        "metadata": metadata,
    });
    assert_eq!(waiting(&mut events).iter().map(wire).collect::<Vec<_>>(), [wanted]);

    chat(&llm).unwrap_err();
    chat(&llm).unwrap_err();
    let told = waiting(&mut events);
    let [MonitorEvent::Llm(failed), MonitorEvent::Error(error), MonitorEvent::Llm(refused), MonitorEvent::Error(_)] =
        told.as_slice()
    else {
        panic!("{told:?}")
    };
    assert_eq!((failed.ttft, failed.error, failed.cancelled), (None, Some(ErrorKind::ApiStatus), false));
    assert_eq!(failed.request_id, "gpt-2");
    assert_eq!(wire(&told[0])["ttft"], json!(-1));
    assert_eq!(wire(&told[0])["error"], json!("api_status"));
    assert_eq!(refused.error, Some(ErrorKind::InvalidInput));
    assert_eq!((error.kind, &*error.label, error.recoverable), (Kind::Llm, "llm/scripted", false));
    let error = wire(&told[1]);
    assert_eq!((&error["type"], &error["error"]["kind"]), (&json!("llm_error"), &json!("api_status")));
    assert_eq!((&error["error"]["status"], &error["recoverable"]), (&json!(503), &json!(false)));
}

#[test]
fn an_answer_that_is_given_up_says_so() {
    let (monitor, mut events) = Monitor::channel();
    let llm = monitor.meter_llm("llm", Arc::new(Scripted::new("gpt", [SayAndStall("well")])));
    let mut answer = llm.chat(&ChatContext::new(), &ChatOptions::default()).unwrap();
    block_on(async {
        answer.next().await.unwrap().unwrap();
        assert!(answer.next().await.unwrap().unwrap().has_response());
    });
    assert!(events.try_next().is_none());
    drop(answer);
    let told = waiting(&mut events);
    let [MonitorEvent::Llm(metrics)] = told.as_slice() else { panic!("{told:?}") };
    assert!(metrics.cancelled && metrics.ttft.is_some() && metrics.error.is_none(), "{metrics:?}");
}

#[test]
fn speech_is_measured_by_text_and_by_segment() {
    let (monitor, mut events) = Monitor::channel();
    let tts = monitor.meter_tts("tts", Arc::new(Scripted::new("voice", [Say("0123"), Fail(503)])));
    block_on(tts.synthesize("héllo", &SynthesizeOptions::default()).unwrap().collect()).unwrap();
    let wanted = json!({
        "type": "tts_metrics", "label": "tts", "request_id": "voice-1", "timestamp": "some", "ttfb": "some",
        "duration": "some", "audio_duration": 0.04, "cancelled": false, "characters_count": 5, "input_tokens": 0,
        "output_tokens": 0, "streamed": false, "acquire_time": 0.0, "connection_reused": false,
        "metadata": {"model_name": "voice", "model_provider": "unknown"},
    });
    assert_eq!(waiting(&mut events).iter().map(wire).collect::<Vec<_>>(), [wanted]);
    block_on(tts.synthesize("hello", &SynthesizeOptions::default()).unwrap().collect()).unwrap_err();
    let told = waiting(&mut events);
    let [MonitorEvent::Tts(failed), MonitorEvent::Error(_)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((failed.ttfb, failed.error, failed.characters_count), (None, Some(ErrorKind::ApiStatus), 5));

    // A stream: one for each segment that has something to say.
    let fake = Registry::global().create::<dyn Tts>("fake", &Config::new()).unwrap();
    let tts = monitor.meter_tts("fake", Arc::from(fake));
    let SynthesizeStream { mut input, audio, .. } = tts.stream(&SynthesizeOptions::default()).unwrap();
    block_on(async {
        for text in ["one", " ", "three"] {
            input.push_text(text).await.unwrap();
            input.flush().await.unwrap();
        }
        drop(input);
        audio.collect().await.unwrap();
    });
    let told = waiting(&mut events);
    let segments: Vec<_> = told
        .iter()
        .map(|event| match event {
            MonitorEvent::Tts(metrics) => {
                assert!(metrics.streamed && metrics.ttfb.is_some() && !metrics.cancelled);
                (metrics.segment_id.clone().unwrap(), metrics.characters_count, metrics.audio_duration.as_millis())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(segments, [("segment-1".to_owned(), 3, 150), ("segment-2".to_owned(), 5, 250)]);
}

#[test]
fn transcriptions_are_measured_whole_and_live() {
    let (monitor, mut events) = Monitor::channel();
    let stt = monitor.meter_stt("stt", Arc::new(Scripted::new("ear", [Say("hello"), Fail(503), Silence])));
    let audio = AudioFrame::new(vec![0; 3_200], 16_000, 2).unwrap();
    let hear = || stt.recognize(audio.as_ref(), &RecognizeOptions::default());
    block_on(hear()).unwrap();
    let wanted = json!({
        "type": "stt_metrics", "label": "stt", "request_id": "ear-1", "timestamp": "some", "duration": "some",
        "audio_duration": 0.1, "input_tokens": 0, "output_tokens": 0, "streamed": false, "acquire_time": 0.0,
        "connection_reused": false, "metadata": {"model_name": "ear", "model_provider": "unknown"},
    });
    assert_eq!(waiting(&mut events).iter().map(wire).collect::<Vec<_>>(), [wanted]);
    block_on(hear()).unwrap_err();
    drop(hear());
    let told = waiting(&mut events);
    let [MonitorEvent::Stt(failed), MonitorEvent::Error(_), MonitorEvent::Stt(given_up)] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!((failed.error, failed.request_id.as_str()), (Some(ErrorKind::ApiStatus), "r-7"));
    assert!(given_up.cancelled);

    // The fake tells its usage with each segment; what fails in between is told from the audio that went in.
    let fake = Registry::global().create::<dyn Stt>("fake", &Config::new()).unwrap();
    let live = monitor.meter_stt("fake", Arc::from(fake));
    block_on(live.stream(&RecognizeOptions::default()).unwrap().feed(frames(30)).collect()).unwrap();
    let mut broken = Scripted::new("ear", [Fail(503)]);
    broken.streaming = true;
    let broken = monitor.meter_stt("broken", Arc::new(broken));
    block_on(broken.stream(&RecognizeOptions::default()).unwrap().feed(frames(12)).collect()).unwrap_err();
    let told = waiting(&mut events);
    let [MonitorEvent::Stt(segment), MonitorEvent::Stt(failed), MonitorEvent::Error(_)] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert!(segment.streamed && segment.duration.is_zero() && segment.error.is_none());
    assert_eq!((segment.audio_duration.as_millis(), segment.request_id.as_str()), (300, "fake-1"));
    assert_eq!(failed.error, Some(ErrorKind::ApiStatus));
    assert!(failed.streamed && failed.audio_duration >= Duration::from_millis(100), "{failed:?}");
}

fn counts(events: &mut MonitorEvents) -> Vec<u64> {
    let counts = waiting(events).into_iter().map(|event| match event {
        MonitorEvent::Vad(metrics) => metrics.inference_count,
        other => panic!("{other:?}"),
    });
    counts.collect()
}

#[test]
fn a_vad_counts_each_inference_once() {
    let (monitor, mut events) = Monitor::channel();
    let vad = monitor.meter_vad("vad", vad("[0.2, 0.7]"));
    let (mut stream, mut told) = (vad.stream().unwrap(), Vec::new());
    // 2.5 s in windows of 10 ms: 100 in a second. The caller's buffer keeps what was told before.
    for frame in frames(250) {
        stream.push(frame.as_ref(), &mut told).unwrap();
    }
    assert_eq!(counts(&mut events), [100, 100]);
    stream.end_input(&mut told).unwrap();
    drop(stream);
    assert_eq!(counts(&mut events), [50], "the rest, and once");

    // LiveKit's interval of 32 ms: every 32nd.
    let config = Config::from_json(r#"{"speech": []}"#).unwrap();
    let fake = Registry::global().create::<dyn Vad>("fake", &config).unwrap();
    let mut stream = monitor.meter_vad("vad", Arc::from(fake)).stream().unwrap();
    let audio = AudioFrame::new(vec![0; 512 * 33], 16_000, 1).unwrap();
    stream.push(audio.as_ref(), &mut told).unwrap();
    assert_eq!(counts(&mut events), [32]);
}

#[test]
fn a_slow_reader_loses_the_oldest_and_is_told_how_many() {
    let monitor = Monitor::default();
    assert!(!monitor.is_watched());
    let mut slow = monitor.subscribe_with_capacity(2);
    let mut other = monitor.subscribe();
    let llm = monitor.meter_llm("llm", Arc::new(Scripted::new("gpt", [Say("hello")])));
    for _ in 0..5 {
        chat(&llm).unwrap();
    }
    let ids: Vec<String> = waiting(&mut slow)
        .into_iter()
        .map(|event| match event {
            MonitorEvent::Missed(count) => format!("{count} missed"),
            MonitorEvent::Llm(metrics) => metrics.request_id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids, ["3 missed", "gpt-4", "gpt-5"]);
    assert_eq!(waiting(&mut other).len(), 5);
    assert_eq!(serde_json::to_value(MonitorEvent::Missed(3)).unwrap(), json!({"type": "missed", "count": 3}));
    drop((slow, other));
    assert!(!monitor.is_watched());
}

#[test]
fn events_wake_their_reader_and_end_with_the_monitor() {
    let (monitor, mut events) = Monitor::channel();
    let reading = std::thread::spawn(move || {
        let mut count = 0;
        while block_on(events.next()).is_some() {
            count += 1;
        }
        count
    });
    let llm = monitor.meter_llm("llm", Arc::new(Scripted::new("gpt", [Say("hello")])));
    chat(&llm).unwrap();
    drop(monitor);
    chat(&llm).unwrap();
    drop(llm);
    assert_eq!(reading.join().unwrap(), 2);
}

#[test]
fn the_first_token_counts_from_the_question_over_all_members() {
    let first = Arc::new(Scripted::new("first", [Silence]));
    let second = Arc::new(Scripted::new("second", [Say("hello")]));
    let members: [(&str, Arc<dyn Llm>); 2] = [("first", first), ("second", second)];
    let (monitor, mut events) = Monitor::channel();
    let options = crate::options(Kind::Llm);
    let fallback = LlmFallback::with_options(members, options, &Monitor::default()).unwrap();
    chat(&monitor.meter_llm("llm/fallback", Arc::new(fallback))).unwrap();
    let told = waiting(&mut events);
    let [MonitorEvent::Llm(metrics)] = told.as_slice() else { panic!("{told:?}") };
    assert!(metrics.ttft.unwrap() >= options.attempt_timeout, "{metrics:?}");
    assert_eq!(metrics.request_id, "second-1");
}
