//! One request a recording.

use super::*;

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
        failure(Reply::json(200, echo), json!({})),
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
