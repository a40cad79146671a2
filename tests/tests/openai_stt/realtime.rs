//! Live streams by realtime sessions.

use super::*;

type Log = Arc<Mutex<Vec<Vec<i16>>>>;

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
fn a_speech_that_began_ends_even_if_no_server_says_so() {
    let server = Sessions::start(|index, mut session| {
        session.wait_for_samples(2_400);
        if index == 0 {
            session.say(&started("a", 0));
            // All of it is read: a connection closed over unread data takes back what was said.
            session.wait_for("input_audio_buffer.commit");
            return;
        }
        session.wait_for("input_audio_buffer.commit");
        session.say(&json!({"type": "error", "error": {"code": "input_audio_buffer_commit_empty"}}));
        session.wait_for_end();
    });
    let events = stream(&server.url(), json!({"use_realtime": true, "max_retry": 1})).feed(frames(24_000, 0, 50));
    assert_eq!(told(&block_on(events.collect()).unwrap()), [("start_of_speech", ""), ("end_of_speech", "")]);
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
