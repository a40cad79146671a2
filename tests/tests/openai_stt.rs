//! `stt/openai` against scripted servers: recordings, transcripts that come as they are written, realtime sessions.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use integration_tests::server::{Reply, Request, Server};
use integration_tests::websocket::Sessions;
use lk_plugin::{
    AlignedTranscript, AudioFrame, Config, Error, ErrorKind, RecognizeOptions, RecognizeStream, Registry, Result,
    SpeechEvent, SpeechEventType, Stt,
};
use lk_plugins as _;
use pollster::block_on;
use serde_json::{Value, json};

const KEY: &str = "sk-never-to-be-seen";

fn create(config: &Value) -> Result<Box<dyn Stt>> {
    Registry::global().create::<dyn Stt>("openai", &Config::from_json(&config.to_string()).unwrap())
}

fn stt(url: &str, more: Value) -> Box<dyn Stt> {
    let mut config = json!({"api_key": KEY, "base_url": url, "max_retry": 0});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    create(&config).unwrap()
}

/// Samples that tell their own place.
fn ramp(samples: std::ops::Range<usize>) -> Vec<i16> {
    samples.map(|n| (n % 30_000) as i16).collect()
}

/// So many frames of 20 ms from `start` on.
fn frames(rate: u32, start: usize, count: usize) -> Vec<AudioFrame> {
    let length = rate as usize / 50;
    let frame = |n: usize| AudioFrame::new(ramp(start + n * length..start + (n + 1) * length), rate, 1).unwrap();
    (0..count).map(frame).collect()
}

fn second() -> AudioFrame {
    AudioFrame::new(ramp(0..16_000), 16_000, 1).unwrap()
}

fn recognize(reply: Reply, more: Value, options: &RecognizeOptions) -> (Result<SpeechEvent>, Vec<Request>) {
    let server = Server::start([reply]);
    let event = block_on(stt(&server.url(), more).recognize(second().as_ref(), options));
    (event, server.requests())
}

fn heard(reply: Reply, more: Value) -> SpeechEvent {
    recognize(reply, more, &RecognizeOptions::default()).0.unwrap()
}

fn failure(reply: Reply, more: Value) -> Error {
    recognize(reply, more, &RecognizeOptions::default()).0.unwrap_err()
}

fn text(text: &str) -> Reply {
    Reply::json(200, json!({"text": text}).to_string())
}

/// The parts of a form: name, file name and type (empty for fields), content.
fn form(request: &Request) -> Vec<(String, String, Vec<u8>)> {
    let boundary = request.header("content-type").unwrap().split("boundary=").nth(1).unwrap();
    let separator = format!("--{boundary}").into_bytes();
    let mut parts = Vec::new();
    let mut rest = &request.body[..];
    while let Some(start) = find(rest, &separator) {
        rest = &rest[start + separator.len()..];
        let Some(end) = find(rest, &separator) else { break };
        let part = &rest[2..end - 2];
        let blank = find(part, b"\r\n\r\n").unwrap();
        let head = String::from_utf8(part[..blank].to_vec()).unwrap();
        let named = |name: &str| Some(head.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?.to_owned());
        let kind =
            head.to_lowercase().split("content-type: ").nth(1).map(|kind| kind.lines().next().unwrap().to_owned());
        let about = [named("filename"), kind].into_iter().flatten().collect::<Vec<_>>().join(" ");
        parts.push((named("name").unwrap(), about, part[blank + 4..].to_vec()));
    }
    parts
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// The fields of a form but for the file.
fn fields(request: &Request) -> Vec<(String, String)> {
    let fields = form(request).into_iter().filter(|(name, ..)| name != "file");
    fields.map(|(name, _, value)| (name, String::from_utf8(value).unwrap())).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn a_recording_goes_out_as_a_wav_with_the_defaults() {
    let (event, requests) = recognize(text(" hello there "), json!({}), &RecognizeOptions::default());
    let event = event.unwrap();
    assert_eq!((event.event_type, event.text()), (SpeechEventType::FinalTranscript, "hello there"));
    assert_eq!(event.alternatives[0].language.as_str(), "en");
    let request = &requests[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/audio/transcriptions"));
    assert_eq!(request.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    let wanted = [("model", "gpt-4o-mini-transcribe"), ("language", "en"), ("response_format", "json")];
    assert_eq!(fields(request), pairs(&wanted));
    let (name, about, wav) = form(request).remove(0);
    assert_eq!((name.as_str(), about.as_str()), ("file", "file.wav audio/wav"));
    let mut reader = hound::WavReader::new(&wav[..]).unwrap();
    assert_eq!((reader.spec().sample_rate, reader.spec().channels, reader.spec().bits_per_sample), (16_000, 1, 16));
    assert_eq!(reader.samples::<i16>().map(|sample| sample.unwrap()).collect::<Vec<_>>(), ramp(0..16_000));
}

#[test]
fn channels_are_mixed_down() {
    let server = Server::start([text("x")]);
    let stereo = AudioFrame::new(vec![100, 300, -100, -300], 8_000, 2).unwrap();
    block_on(stt(&server.url(), json!({})).recognize(stereo.as_ref(), &RecognizeOptions::default())).unwrap();
    let wav = form(&server.requests()[0]).remove(0).2;
    let samples: Vec<i16> = hound::WavReader::new(&wav[..]).unwrap().samples().map(|sample| sample.unwrap()).collect();
    assert_eq!(samples, [200, -200]);
}

#[test]
fn whisper_tells_words_times_language_and_confidence() {
    let answer = json!({
        "task": "transcribe", "language": "english", "duration": 1.0, "text": "Hello there.",
        "words": [{"word": "Hello", "start": 0.1, "end": 0.4}, {"word": "there", "start": 0.5, "end": 0.9}],
        "segments": [{"id": 0, "text": " Hello there.", "start": 0.0, "end": 1.0, "avg_logprob": -0.1, "tokens": [1, 2]}],
        "usage": {"type": "duration", "seconds": 2},
    });
    let options = RecognizeOptions::default().with_start_time_offset(Duration::from_secs(60));
    let reply = Reply::json(200, answer.to_string()).header("x-request-id", "req-1");
    let (event, requests) = recognize(reply, json!({"model": "whisper-1"}), &options);
    let event = event.unwrap();
    let wanted = [
        ("model", "whisper-1"),
        ("language", "en"),
        ("response_format", "verbose_json"),
        ("timestamp_granularities[]", "word"),
        ("timestamp_granularities[]", "segment"),
    ];
    assert_eq!(fields(&requests[0]), pairs(&wanted));
    let data = &event.alternatives[0];
    assert_eq!(
        (data.text.as_str(), data.language.as_str(), event.request_id.as_str()),
        ("Hello there.", "en", "req-1")
    );
    let at = |millis| Duration::from_secs(60) + Duration::from_millis(millis);
    assert_eq!((data.start_time, data.end_time), (at(100), at(900)));
    let words: Vec<_> = data.words.iter().map(|word| (word.text.as_str(), word.start_time, word.end_time)).collect();
    assert_eq!(words, [("Hello", Some(at(100)), Some(at(400))), ("there", Some(at(500)), Some(at(900)))]);
    assert!((data.confidence - 0.905).abs() < 0.001, "{}", data.confidence);
    let usage = event.recognition_usage.unwrap();
    assert_eq!((usage.audio_duration, usage.input_tokens), (Duration::from_secs(2), 0));
}

#[test]
fn segments_have_times_where_words_have_none() {
    let answer = json!({
        "text": "One. Two.", "language": "de", "words": null, "usage": null,
        "segments": [{"text": " One.", "start": 0.0, "end": 0.5}, {"text": " Two.", "start": 0.5, "end": 1.0, "avg_logprob": null}],
    });
    let event = heard(Reply::json(200, answer.to_string()), json!({"model": "openai/whisper-tiny.en"}));
    let data = &event.alternatives[0];
    assert_eq!(data.words.iter().map(|piece| piece.text.as_str()).collect::<Vec<_>>(), ["One.", "Two."]);
    assert_eq!((data.end_time, data.confidence, data.language.as_str()), (Duration::from_secs(1), 0.0, "de"));
    // Seconds of audio where the provider counts nothing.
    assert_eq!(event.recognition_usage.unwrap().audio_duration, Duration::from_secs(1));
}

#[test]
fn usage_in_tokens_is_told() {
    let answer = json!({"text": "x", "usage": {"type": "tokens", "input_tokens": 14, "output_tokens": 45, "total_tokens": 59,
                        "input_token_details": {"audio_tokens": 14}}});
    let usage = heard(Reply::json(200, answer.to_string()), json!({})).recognition_usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.audio_duration), (14, 45, Duration::from_secs(1)));
}

#[test]
fn every_option_goes_out_and_lists_only_to_the_models_that_take_them() {
    let sent = |more: Value, options: RecognizeOptions| fields(&recognize(text("x"), more, &options).1[0]);
    let none = RecognizeOptions::default;
    let more =
        json!({"model": "gpt-4o-transcribe", "prompt": "names: Ada", "temperature": 0.5, "detect_language": true});
    let wanted =
        [("model", "gpt-4o-transcribe"), ("prompt", "names: Ada"), ("temperature", "0.5"), ("response_format", "json")];
    assert_eq!(sent(more, none().with_keyterms(["ignored"])), pairs(&wanted));
    let more = json!({"model": "gpt-transcribe", "languages": ["en", "de-AT", "de-DE"], "keywords": ["Ada"]});
    let wanted = [
        ("model", "gpt-transcribe"),
        ("languages[]", "en"),
        ("languages[]", "de"),
        ("keywords[]", "Ada"),
        ("keywords[]", "Grace"),
        ("response_format", "json"),
    ];
    assert_eq!(sent(more, none().with_keyterms(["Ada", "Grace"])), pairs(&wanted));
    let more = json!({"model": "whisper-1", "timestamp_granularities": ["segment"], "response_format": "verbose_json"});
    assert!(sent(more, none()).ends_with(&pairs(&[("timestamp_granularities[]", "segment")])));
    let more = json!({"model": "whisper-1", "response_format": "json"});
    assert!(sent(more, none()).ends_with(&pairs(&[("response_format", "json")])));
}

#[test]
fn a_language_given_for_one_call_does_not_stick() {
    let server = Server::always(text("x"));
    let stt = stt(&server.url(), json!({"language": "english"}));
    let german = RecognizeOptions::default().with_language("de-AT");
    for options in [RecognizeOptions::default(), german, RecognizeOptions::default()] {
        let event = block_on(stt.recognize(second().as_ref(), &options)).unwrap();
        let wanted = options.language.map_or("en".to_owned(), |language| language.to_string());
        assert_eq!(event.alternatives[0].language.as_str(), wanted);
    }
    let languages: Vec<String> = server.requests().iter().map(|request| fields(request)[1].1.clone()).collect();
    assert_eq!(languages, ["en", "de", "en"]);
}

#[test]
fn no_audio_is_no_request() {
    let server = Server::start([]);
    let nothing = AudioFrame::new(Vec::new(), 16_000, 1).unwrap();
    let event =
        block_on(stt(&server.url(), json!({})).recognize(nothing.as_ref(), &RecognizeOptions::default())).unwrap();
    assert_eq!((event.text(), event.alternatives.len(), server.requests().len()), ("", 1, 0));
}

#[test]
fn failures_are_told_and_tried_again_when_that_may_help() {
    let server = Server::start([
        Reply::json(500, "{}").header("retry-after", "0"),
        text("lost").cut(),
        Reply::new(200).bytes("not json"),
        text("at last"),
    ]);
    let stt = stt(&server.url(), json!({"max_retry": 3}));
    let connect = lk_plugin::ConnectOptions::default().with_retry_interval(Duration::from_millis(10));
    let options = RecognizeOptions::default().with_connect(connect);
    assert_eq!(block_on(stt.recognize(second().as_ref(), &options)).unwrap().text(), "at last");
    let forms: Vec<_> = server.requests().iter().map(fields).collect();
    assert!(forms.len() == 4 && forms.iter().all(|form| *form == forms[0]), "{forms:?}");

    let refused =
        failure(Reply::json(400, r#"{"error": {"message": "too short"}}"#).header("x-request-id", "r"), json!({}));
    assert_eq!((refused.status(), refused.request_id(), refused.is_retryable()), (Some(400), Some("r"), false));
    let in_disguise = failure(Reply::json(200, r#"{"error": {"message": "no such voice"}}"#), json!({}));
    assert!(in_disguise.to_string().contains("no such voice"), "{in_disguise}");
    let nonsense = failure(Reply::new(200).bytes("<html>"), json!({}));
    assert_eq!((nonsense.kind(), nonsense.body()), (ErrorKind::Api, Some("<html>")));
    let late = failure(Reply::json(200, r#"{"text": "#).hold(), json!({"stall_timeout": 0.1}));
    assert_eq!(late.kind(), ErrorKind::ApiTimeout);
}

#[test]
fn dropping_the_call_leaves_nothing_behind() {
    let server = Server::start([Reply::json(200, r#"{"text": "#).hold()]);
    let stt = stt(&server.url(), json!({}));
    let (frame, options) = (second(), RecognizeOptions::default());
    let mut call = stt.recognize(frame.as_ref(), &options);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    while server.requests().is_empty() {
        assert!(call.as_mut().poll(&mut context).is_pending());
        thread::sleep(Duration::from_millis(1));
    }
    drop(call);
    assert!(server.wait_for_closed(1));
}

#[test]
fn capabilities_follow_the_model_and_the_config() {
    let of = |more: Value| {
        let mut config = json!({"api_key": KEY, "base_url": "http://localhost:1"});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        create(&config).unwrap().capabilities()
    };
    let plain = of(json!({}));
    assert!(!plain.streaming && !plain.interim_results && plain.offline_recognize && !plain.keyterms);
    assert_eq!(plain.aligned_transcript, AlignedTranscript::None);
    assert_eq!(of(json!({"model": "whisper-1"})).aligned_transcript, AlignedTranscript::Word);
    let segments = of(json!({"model": "whisper-1", "timestamp_granularities": ["segment"]}));
    assert_eq!(segments.aligned_transcript, AlignedTranscript::Chunk);
    let sse = of(json!({"use_sse": true}));
    assert!(sse.streaming && sse.interim_results && sse.manual_flush && sse.offline_recognize);
    let live = of(json!({"model": "gpt-live-transcribe"}));
    assert!(live.streaming && live.interim_results && live.manual_flush && live.keyterms && !live.offline_recognize);
    let realtime = of(json!({"model": "gpt-4o-transcribe", "use_realtime": true}));
    assert!(realtime.streaming && realtime.offline_recognize && !realtime.keyterms);
}

#[test]
fn what_a_model_cannot_do_is_refused() {
    let refused = |more: Value| {
        let mut config = json!({"api_key": KEY, "base_url": "http://localhost:1"});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        create(&config).err().unwrap().to_string()
    };
    for (more, wanted) in [
        (json!({"keywords": ["a"]}), "takes no `keywords`"),
        (json!({"model": "whisper-1", "languages": ["en"]}), "takes no `languages`"),
        (json!({"model": "gpt-live-transcribe", "use_realtime": false}), "only realtime"),
        (json!({"model": "gpt-realtime-whisper", "turn_detection": {}}), "turn_detection.mode"),
        (json!({"use_sse": true, "use_realtime": true}), "exclude each other"),
        (json!({"preset": "deepseek"}), "no transcription model"),
        (json!({"temperature": 2}), "temperature"),
    ] {
        let error = refused(more);
        assert!(error.contains(wanted), "{error}");
    }
    let plain = stt("http://localhost:1", json!({}));
    assert_eq!(plain.stream(&RecognizeOptions::default()).err().unwrap().kind(), ErrorKind::Unsupported);
    let live = stt("http://localhost:1", json!({"model": "gpt-live-transcribe"}));
    let error = block_on(live.recognize(second().as_ref(), &RecognizeOptions::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn the_key_is_never_shown() {
    let echo = json!({"error": {"message": format!("your key {KEY} is wrong")}}).to_string();
    let realtime = json!({"use_realtime": true});
    let server = Server::start([Reply::json(401, echo.clone()).header("x-request-id", KEY)]);
    let refused = block_on(stream(&server.url(), realtime.clone()).feed(frames(16_000, 0, 5)).collect()).unwrap_err();
    let sessions = Sessions::start(|_, mut session| {
        session.say(
            &json!({"type": "error", "error": {"type": "invalid_request_error", "message": format!("not {KEY}")}}),
        );
        session.wait_for_end();
    });
    let reported = block_on(stream(&sessions.url(), realtime).feed(frames(16_000, 0, 5)).collect()).unwrap_err();
    for error in [
        failure(Reply::json(401, echo.clone()).header("x-request-id", KEY), json!({})),
        failure(Reply::json(200, echo.clone()), json!({})),
        failure(Reply::new(200).bytes(format!("no JSON but {KEY}")), json!({})),
        refused,
        reported,
    ] {
        let shown = format!("{error} {error:?} {:?} {:?}", error.chain(), error.body());
        assert!(!shown.contains(KEY) && shown.contains("***"), "{shown}");
    }
}

#[test]
fn it_keeps_the_contract() {
    let server = Server::always(text("He was not an ill disposed young man."));
    let written = Server::always(Reply::sse([delta("He was"), done("He was not.")]));
    let sessions = Sessions::start(|_, mut session| {
        session.wait_for_samples(2_400);
        session.say(&started("a", 0));
        while session.wait_for("input_audio_buffer.commit").is_some() {
            session.say(&committed("a"));
            session.say(&completed("a", "He was not."));
        }
    });
    for more in [
        json!({"base_url": server.url()}),
        json!({"base_url": written.url(), "use_sse": true}),
        json!({"base_url": sessions.url(), "model": "gpt-live-transcribe"}),
    ] {
        let mut config = json!({"api_key": KEY, "max_retry": 0});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        lk_plugin::conformance::assert_conforms("stt/openai", &Config::from_json(&config.to_string()).unwrap());
    }
}

// Segments: transcripts that come as they are written.

fn stream(url: &str, more: Value) -> RecognizeStream {
    stt(url, more).stream(&RecognizeOptions::default()).unwrap()
}

/// Pushes these segments, with a flush after each, while the events are read.
fn flushed(stream: RecognizeStream, segments: Vec<Vec<AudioFrame>>) -> Result<Vec<SpeechEvent>> {
    let RecognizeStream { mut input, events, .. } = stream;
    let pushing = thread::spawn(move || {
        block_on(async {
            for segment in segments {
                for frame in segment {
                    input.push_frame(frame).await?;
                }
                input.flush().await?;
            }
            Ok::<(), Error>(())
        })
    });
    let events = block_on(events.collect());
    // When the stream fails first, pushing does too.
    let _: Result<()> = pushing.join().unwrap();
    events
}

fn told(events: &[SpeechEvent]) -> Vec<(&str, &str)> {
    events.iter().map(|event| (event.event_type.as_str(), event.text())).collect()
}

fn delta(text: &str) -> String {
    json!({"type": "transcript.text.delta", "delta": text}).to_string()
}

fn done(text: &str) -> String {
    let usage = json!({"type": "tokens", "input_tokens": 5, "output_tokens": 2});
    json!({"type": "transcript.text.done", "text": text, "usage": usage}).to_string()
}

#[test]
fn each_segment_is_a_request_whose_transcript_comes_as_it_is_written() {
    let pause = Duration::from_millis(50);
    let first =
        Reply::sse([delta("Hello")]).pause(pause).event(&delta(" there")).pause(pause).event(&done("Hello there."));
    let server = Server::start([first.header("x-request-id", "req-1"), Reply::sse([done("Bye.")])]);
    let segments = vec![frames(16_000, 0, 10), frames(16_000, 3_200, 5)];
    let events = flushed(stream(&server.url(), json!({"use_sse": true})), segments).unwrap();
    let wanted = [
        ("interim_transcript", "Hello"),
        ("interim_transcript", "Hello there"),
        ("final_transcript", "Hello there."),
        ("recognition_usage", ""),
        ("final_transcript", "Bye."),
        ("recognition_usage", ""),
    ];
    assert_eq!(told(&events), wanted);
    assert_eq!(events[2].request_id, "req-1");
    assert_eq!(events[4].alternatives[0].start_time, Duration::from_millis(200));
    let usage = events[3].recognition_usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.audio_duration), (5, 2, Duration::from_millis(200)));
    let requests = server.requests();
    assert!(fields(&requests[0]).ends_with(&pairs(&[("response_format", "json"), ("stream", "true")])));
    let wav = form(&requests[1]).remove(0).2;
    let samples: Vec<i16> = hound::WavReader::new(&wav[..]).unwrap().samples().map(|sample| sample.unwrap()).collect();
    assert_eq!(samples, ramp(3_200..4_800));
}

#[test]
fn servers_that_do_not_know_streaming_or_its_end_still_serve() {
    let server = Server::start([text("whole"), Reply::sse([delta("no"), delta(" end"), "[DONE]".to_owned()])]);
    let segments = vec![frames(16_000, 0, 5), frames(16_000, 0, 5)];
    let events = flushed(stream(&server.url(), json!({"use_sse": true})), segments).unwrap();
    let finals: Vec<_> = told(&events).into_iter().filter(|(kind, _)| *kind == "final_transcript").collect();
    assert_eq!(finals, [("final_transcript", "whole"), ("final_transcript", "no end")]);
}

#[test]
fn a_transcript_that_breaks_off_is_an_error_and_tried_again_only_if_nothing_was_told() {
    let run = |replies: Vec<Reply>| {
        let server = Server::start(replies);
        let config = json!({"use_sse": true, "max_retry": 1});
        let events = block_on(stream(&server.url(), config).feed(frames(16_000, 0, 5)).collect());
        (events, server.requests().len())
    };
    let (events, requests) = run(vec![Reply::sse([": nothing"]).cut(), Reply::sse([done("Again.")])]);
    assert_eq!((told(&events.unwrap())[0], requests), (("final_transcript", "Again."), 2));
    for broken in [
        Reply::sse([delta("half")]).pause(Duration::from_millis(100)),
        Reply::sse([delta("half")]).pause(Duration::from_millis(100)).cut(),
        Reply::sse([delta("half")])
            .pause(Duration::from_millis(100))
            .event(r#"{"type": "error", "error": {"message": "x"}}"#),
    ] {
        let (events, requests) = run(vec![broken, Reply::sse([done("never")])]);
        let error = events.unwrap_err();
        assert!(error.kind().is_api() && !error.is_retryable(), "{error}");
        assert_eq!(requests, 1);
    }
}

// Realtime sessions.

type Log = Arc<Mutex<Vec<Vec<i16>>>>;

fn started(item: &str, ms: u64) -> Value {
    json!({"type": "input_audio_buffer.speech_started", "item_id": item, "audio_start_ms": ms})
}

fn stopped(item: &str, ms: u64) -> Value {
    json!({"type": "input_audio_buffer.speech_stopped", "item_id": item, "audio_end_ms": ms})
}

fn committed(item: &str) -> Value {
    json!({"type": "input_audio_buffer.committed", "item_id": item, "previous_item_id": null})
}

fn word(item: &str, text: &str) -> Value {
    json!({"type": "conversation.item.input_audio_transcription.delta", "item_id": item, "delta": text})
}

fn completed(item: &str, text: &str) -> Value {
    let usage = json!({"type": "tokens", "input_tokens": 7, "output_tokens": 3, "total_tokens": 10});
    json!({"type": "conversation.item.input_audio_transcription.completed", "item_id": item, "transcript": text,
           "usage": usage})
}

#[test]
fn a_session_tells_who_speaks_what_and_when() {
    let updates = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&updates);
    let server = Sessions::start(move |_, mut session| {
        log.lock().unwrap().push(session.wait_for("session.update").unwrap());
        session.wait_for_samples(24_000);
        for message in [
            json!({"type": "session.updated"}),
            started("item_1", 100),
            word("item_1", "Hel"),
            stopped("item_1", 900),
            committed("item_1"),
            completed("item_1", "Hello."),
        ] {
            session.say(&message);
        }
        session.wait_for("input_audio_buffer.commit");
        session.say(&json!({"type": "error", "error": {"type": "invalid_request_error", "code": "input_audio_buffer_commit_empty"}}));
        session.wait_for_end();
    });
    let stt = stt(
        &server.url(),
        json!({"model": "gpt-4o-transcribe", "use_realtime": true, "prompt": "p",
                                         "noise_reduction_type": "near_field"}),
    );
    let options = RecognizeOptions::default().with_language("fr-CA").with_start_time_offset(Duration::from_secs(10));
    let events = block_on(stt.stream(&options).unwrap().feed(frames(16_000, 0, 60)).collect()).unwrap();
    let wanted = [
        ("start_of_speech", ""),
        ("interim_transcript", "Hel"),
        ("end_of_speech", ""),
        ("final_transcript", "Hello."),
        ("recognition_usage", ""),
    ];
    assert_eq!(told(&events), wanted);
    let data = &events[3].alternatives[0];
    let at = |millis| Duration::from_secs(10) + Duration::from_millis(millis);
    assert_eq!((data.start_time, data.end_time, data.language.as_str()), (at(100), at(900), "fr-CA"));
    assert_eq!(events[3].request_id, "item_1");
    assert!(events[0].speech_start_time.is_some() && events[2].speech_end_time.is_some());
    let usage = events[4].recognition_usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.audio_duration), (7, 3, Duration::from_millis(800)));
    let head = &server.heads()[0];
    assert_eq!(head.path, "/v1/realtime?intent=transcription&model=gpt-4o-transcribe");
    let header = |name: &str| head.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    assert_eq!(header("authorization"), Some(format!("Bearer {KEY}")));
    let input = json!({
        "format": {"type": "audio/pcm", "rate": 24_000},
        "transcription": {"model": "gpt-4o-transcribe", "language": "fr", "prompt": "p"},
        "turn_detection": {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 600, "silence_duration_ms": 350},
        "noise_reduction": {"type": "near_field"},
    });
    let wanted = json!({"type": "session.update", "session": {"type": "transcription", "audio": {"input": input}}});
    assert_eq!(updates.lock().unwrap()[..], [wanted]);

    // The language of that call is not the next one's.
    let next = stt.stream(&RecognizeOptions::default()).unwrap();
    block_on(next.feed(frames(16_000, 0, 60)).collect()).unwrap();
    let language = &updates.lock().unwrap()[1]["session"]["audio"]["input"]["transcription"]["language"];
    assert_eq!(*language, json!("en"));
}

#[test]
fn a_flush_ends_a_segment_for_the_models_that_cannot_tell() {
    let updates = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&updates);
    let server = Sessions::start(move |_, mut session| {
        log.lock().unwrap().push(session.wait_for("session.update").unwrap());
        let mut samples = Vec::new();
        for (item, text) in [("a", "One."), ("b", "")] {
            session.wait_for("input_audio_buffer.commit");
            samples.push(session.samples().len());
            session.say(&committed(item));
            session.say(&completed(item, text));
        }
        assert_eq!(samples, [4_800, 7_200]);
        session.wait_for_end();
    });
    let more = json!({"model": "gpt-live-transcribe", "languages": ["en", "de"], "keywords": ["Ada"]});
    // The last is shorter than a server takes.
    let segments = vec![frames(24_000, 0, 10), frames(24_000, 4_800, 5), frames(24_000, 7_200, 2)];
    let events = flushed(stream(&server.url(), more), segments).unwrap();
    let wanted =
        [("final_transcript", "One."), ("recognition_usage", ""), ("final_transcript", ""), ("recognition_usage", "")];
    assert_eq!(told(&events), wanted);
    assert_eq!(events[2].alternatives[0].start_time, Duration::from_millis(200));
    let input = updates.lock().unwrap()[0]["session"]["audio"]["input"].clone();
    assert_eq!(input["turn_detection"], Value::Null);
    assert_eq!(
        input["transcription"],
        json!({"model": "gpt-live-transcribe", "languages": ["en", "de"], "keywords": ["Ada"]})
    );
}

#[test]
fn audio_is_resampled_and_sent_in_pieces_of_50_ms() {
    let log: Log = Log::default();
    let sizes = Arc::clone(&log);
    let server = Sessions::start(move |_, mut session| {
        session.wait_for("input_audio_buffer.commit");
        sizes.lock().unwrap().push(session.samples().to_vec());
        session.say(&completed("x", "done"));
        session.wait_for_end();
    });
    let tone = |n: usize| (8_000.0 * (n as f64 * 440.0 * std::f64::consts::TAU / 48_000.0).sin()) as i16;
    let stereo: Vec<AudioFrame> = (0..50)
        .map(|frame| {
            let samples = (frame * 960..(frame + 1) * 960).flat_map(|n| [tone(n), tone(n)]).collect();
            AudioFrame::new(samples, 48_000, 2).unwrap()
        })
        .collect();
    block_on(stream(&server.url(), json!({"use_realtime": true})).feed(stereo).collect()).unwrap();
    let sent = log.lock().unwrap().remove(0);
    assert_eq!(sent.len(), 24_000);
    let rises = sent.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
    assert!((438..=442).contains(&rises), "{rises} Hz");
}

#[test]
fn interim_transcripts_are_cumulative_and_not_too_many() {
    let server = Sessions::start(|_, mut session| {
        session.wait_for_samples(4_800);
        session.say(&started("i", 0));
        for n in 0..40 {
            session.say(&word("i", &format!(" {n}")));
            thread::sleep(Duration::from_millis(30));
        }
        session.say(&stopped("i", 200));
        session.say(&committed("i"));
        session.say(&completed("i", "all"));
        session.wait_for("input_audio_buffer.commit");
        session.say(&completed("late", ""));
        session.wait_for_end();
    });
    let begun = Instant::now();
    let events = stream(&server.url(), json!({"use_realtime": true})).feed(frames(24_000, 0, 50));
    let events = block_on(events.collect()).unwrap();
    let interim: Vec<&str> =
        told(&events).iter().filter(|(kind, _)| *kind == "interim_transcript").map(|(_, text)| *text).collect();
    assert!(interim.len() >= 2, "{interim:?}");
    assert!(interim.len() <= 1 + (begun.elapsed().as_millis() / 500) as usize, "{interim:?}");
    assert!(
        interim.windows(2).all(|pair| pair[1].starts_with(pair[0]) && pair[1].len() > pair[0].len()),
        "{interim:?}"
    );
}

#[test]
fn a_lost_connection_loses_nothing_and_repeats_nothing() {
    let log = Log::default();
    let samples = Arc::clone(&log);
    let server = Sessions::start(move |index, mut session| match index {
        0 => {
            session.wait_for_samples(24_000);
            for message in [started("a", 0), stopped("a", 500), committed("a"), completed("a", "First.")] {
                session.say(&message);
            }
            // In the middle of the second.
            session.say(&started("b", 600));
            session.say(&word("b", "Sec"));
            session.wait_for_samples(26_000);
        }
        // Breaks before anything is transcribed.
        1 => {
            session.wait_for_samples(2_400);
            samples.lock().unwrap().push(session.samples().to_vec());
        }
        _ => {
            session.wait_for_samples(24_000);
            session.say(&started("c", 0));
            session.wait_for("input_audio_buffer.commit");
            samples.lock().unwrap().push(session.samples().to_vec());
            session.say(&committed("c"));
            session.say(&completed("c", "Second."));
            session.wait_for_end();
        }
    });
    let config = json!({"use_realtime": true, "max_retry": 3});
    let events = block_on(stream(&server.url(), config).feed(frames(24_000, 0, 100)).collect()).unwrap();
    let without_interim: Vec<_> = told(&events).into_iter().filter(|(kind, _)| *kind != "interim_transcript").collect();
    let wanted = [
        ("start_of_speech", ""),
        ("end_of_speech", ""),
        ("final_transcript", "First."),
        ("recognition_usage", ""),
        // Once, although two sessions heard it begin.
        ("start_of_speech", ""),
        ("end_of_speech", ""),
        ("final_transcript", "Second."),
        ("recognition_usage", ""),
    ];
    assert_eq!(without_interim, wanted);
    let second = events.iter().rfind(|event| event.event_type == SpeechEventType::FinalTranscript).unwrap();
    // All from where the first was done: 500 ms, or where the second was known to begin.
    assert_eq!(second.alternatives[0].start_time, Duration::from_millis(500));
    let log = log.lock().unwrap();
    assert_eq!(log[0][..2_400], ramp(12_000..14_400));
    assert_eq!(log[1], ramp(12_000..48_000));
}

#[test]
fn an_old_session_makes_way_for_another_without_loss() {
    let log = Log::default();
    let samples = Arc::clone(&log);
    let server = Sessions::start(move |index, mut session| {
        if index == 0 {
            session.wait_for("input_audio_buffer.commit");
            samples.lock().unwrap().push(session.samples().to_vec());
            session.say(&committed("a"));
            session.say(&completed("a", "First."));
            session.wait_for_end();
        } else {
            session.wait_for("input_audio_buffer.commit");
            samples.lock().unwrap().push(session.samples().to_vec());
            session.say(&committed("b"));
            session.say(&completed("b", "Second."));
            session.wait_for_end();
        }
    });
    let config = json!({"use_realtime": true, "turn_detection": {"mode": "none"}, "max_session_duration": 1});
    let RecognizeStream { mut input, events, .. } = stream(&server.url(), config);
    let pushing = thread::spawn(move || {
        block_on(async {
            for frame in frames(24_000, 0, 10) {
                input.push_frame(frame).await.unwrap();
            }
            input.flush().await.unwrap();
            for frame in frames(24_000, 4_800, 5) {
                input.push_frame(frame).await.unwrap();
            }
            // Until the session is too old.
            thread::sleep(Duration::from_millis(1_500));
            for frame in frames(24_000, 7_200, 5) {
                input.push_frame(frame).await.unwrap();
            }
        });
    });
    let events = block_on(events.collect()).unwrap();
    pushing.join().unwrap();
    let finals: Vec<&str> = events
        .iter()
        .filter(|event| event.event_type == SpeechEventType::FinalTranscript)
        .map(SpeechEvent::text)
        .collect();
    assert_eq!(finals, ["First.", "Second."]);
    let log = log.lock().unwrap();
    assert_eq!((log.len(), &log[0], &log[1]), (2, &ramp(0..4_800), &ramp(4_800..9_600)));
    assert!(server.wait_for_left(2));
}

#[test]
fn what_the_server_hears_nobody_in_is_not_made_up_at_the_end() {
    let server = Sessions::start(|_, mut session| {
        session.wait_for_samples(24_000);
        for message in [started("a", 0), stopped("a", 500), committed("a"), completed("a", "Hi.")] {
            session.say(&message);
        }
        session.wait_for("input_audio_buffer.commit");
        session.say(&committed("rest"));
        session.say(&completed("rest", "Thank you for watching."));
        session.wait_for_end();
    });
    let events = stream(&server.url(), json!({"use_realtime": true})).feed(frames(24_000, 0, 100));
    let events = block_on(events.collect()).unwrap();
    assert!(events.iter().all(|event| event.text() != "Thank you for watching."), "{:?}", told(&events));
    assert!(events.iter().any(|event| event.text() == "Hi."));
}

#[test]
fn a_server_that_confirms_without_names_is_understood() {
    let server = Sessions::start(|_, mut session| {
        session.wait_for("input_audio_buffer.commit");
        session.say(&json!({"type": "input_audio_buffer.committed"}));
        session.say(&word("item_9", "He"));
        session.say(&json!({"type": "conversation.item.input_audio_transcription.completed", "item_id": "item_9",
                            "transcript": "Hey.", "usage": {"type": "duration", "seconds": 5}, "languages": ["fr"]}));
        session.wait_for_end();
    });
    let events =
        stream(&server.url(), json!({"use_realtime": true, "detect_language": true})).feed(frames(24_000, 0, 50));
    let events = block_on(events.collect()).unwrap();
    let wanted = [("interim_transcript", "He"), ("final_transcript", "Hey."), ("recognition_usage", "")];
    assert_eq!(told(&events), wanted);
    assert_eq!(events[1].alternatives[0].language.as_str(), "fr");
    assert_eq!(events[2].recognition_usage.unwrap().audio_duration, Duration::from_secs(5));
}

#[test]
fn failures_of_a_session_are_told() {
    let run = |messages: Vec<String>, more: Value| {
        let server = Sessions::start(move |_, mut session| {
            session.wait_for_samples(2_400);
            messages.iter().for_each(|message| session.say_text(message));
            session.wait_for_end();
        });
        let mut config = json!({"use_realtime": true, "max_retry": 1});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let error = block_on(stream(&server.url(), config).feed(frames(24_000, 0, 50)).collect()).unwrap_err();
        (error, server.heads().len())
    };
    let invalid = json!({"type": "error", "error": {"type": "invalid_request_error", "message": "no such model"}});
    let (error, sessions) = run(vec![invalid.to_string()], json!({}));
    assert!(error.to_string().contains("no such model") && !error.is_retryable(), "{error}");
    assert_eq!(sessions, 1);
    let failed = json!({"type": "conversation.item.input_audio_transcription.failed", "item_id": "a",
                        "error": {"type": "server_error", "message": "out of ears"}});
    let (error, sessions) = run(vec![failed.to_string()], json!({}));
    assert!(error.to_string().contains("out of ears"), "{error}");
    assert_eq!(sessions, 2);
    let (error, sessions) = run(vec!["{nonsense".to_owned()], json!({}));
    assert_eq!((error.kind(), sessions), (ErrorKind::Api, 2), "{error}");
    // It says nothing at all.
    let (error, _) = run(Vec::new(), json!({"stall_timeout": 0.2, "max_retry": 0}));
    assert_eq!(error.kind(), ErrorKind::ApiTimeout, "{error}");
    let gone = Sessions::start(|_, mut session| session.close());
    let error = block_on(
        stream(&gone.url(), json!({"use_realtime": true, "max_retry": 1})).feed(frames(24_000, 0, 50)).collect(),
    );
    assert_eq!((error.unwrap_err().kind(), gone.heads().len()), (ErrorKind::ApiConnection, 2));
}

#[test]
fn a_server_without_realtime_is_told_as_such() {
    let run = |reply: Reply| {
        let server = Server::start([reply]);
        let stream = stream(&server.url(), json!({"use_realtime": true, "max_retry": 2}));
        let error = block_on(stream.feed(frames(24_000, 0, 5)).collect()).unwrap_err();
        assert_eq!(server.requests().len(), 1, "{error}");
        error
    };
    assert_eq!(run(Reply::json(404, "{}")).status(), Some(404));
    assert!(run(Reply::json(200, "{}")).to_string().contains("no websocket"));
    let other = Reply::raw().bytes(
        "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: x\r\n\r\n",
    );
    assert!(run(other.hold()).to_string().contains("no websocket"));
}

#[test]
fn dropping_the_events_leaves_the_session() {
    let server = Sessions::start(|_, mut session| {
        session.wait_for_samples(2_400);
        session.say(&started("a", 0));
        session.wait_for_end();
    });
    let mut events = stream(&server.url(), json!({"use_realtime": true})).feed(frames(24_000, 0, 50));
    let first = block_on(events.next()).unwrap().unwrap();
    assert_eq!(first.event_type, SpeechEventType::StartOfSpeech);
    drop(events);
    assert!(server.wait_for_left(1));
}
