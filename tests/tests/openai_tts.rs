//! `tts/openai` against a scripted server: every container, whole, in pieces, early, cut and mislabelled.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use integration_tests::server::{Reply, Server};
use lk_plugin::{ChunkedStream, Config, Error, ErrorKind, Registry, Result, SynthesizeOptions, SynthesizedAudio, Tts};
use lk_plugins as _;
use pollster::block_on;
use serde_json::{Value, json};

const KEY: &str = "sk-never-to-be-seen";

/// What ends a list of events.
const DONE: &str =
    r#"{"type": "speech.audio.done", "usage": {"input_tokens": 3, "output_tokens": 9, "total_tokens": 12}}"#;

fn tts(server: &Server, more: Value) -> Box<dyn Tts> {
    let mut config = json!({"api_key": KEY, "base_url": server.url(), "max_retry": 0});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Registry::global().create::<dyn Tts>("openai", &Config::from_json(&config.to_string()).unwrap()).unwrap()
}

fn say(tts: &dyn Tts) -> ChunkedStream {
    tts.synthesize("hello", &SynthesizeOptions::default()).unwrap()
}

fn hear(reply: Reply, more: Value) -> Result<Vec<SynthesizedAudio>> {
    let server = Server::start([reply]);
    block_on(say(&*tts(&server, more)).collect())
}

fn failure(reply: Reply, more: Value) -> Error {
    hear(reply, more).unwrap_err()
}

fn samples(audio: &[SynthesizedAudio]) -> Vec<i16> {
    audio.iter().flat_map(|piece| piece.frame.samples().to_vec()).collect()
}

/// Every promise about frames.
fn check_frames(audio: &[SynthesizedAudio], rate: u32) {
    for (index, piece) in audio.iter().enumerate() {
        assert_eq!((piece.frame.sample_rate(), piece.frame.channels()), (rate, 1));
        let length = piece.frame.duration();
        assert!(
            (Duration::from_millis(20)..=Duration::from_millis(200)).contains(&length),
            "frame {index}: {length:?}"
        );
        assert_eq!(piece.is_final, index + 1 == audio.len(), "frame {index} of {}", audio.len());
        assert_eq!(piece.request_id, audio[0].request_id);
    }
}

/// A second, more or less, of 440 Hz. (AAC alone does not tell which of its samples are padding.)
fn check_tone(audio: &[SynthesizedAudio], what: &str) {
    check_frames(audio, 24_000);
    let samples = samples(audio);
    assert!((23_500..=25_700).contains(&samples.len()), "{what}: {} samples", samples.len());
    let middle = &samples[6_000..18_000];
    let rises = middle.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
    assert!((218..=222).contains(&rises), "{what}: {} Hz", rises * 2);
    let loudest = middle.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
    assert!((2_500..6_000).contains(&loudest), "{what}: as loud as {loudest}");
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/audio").join(name)).unwrap()
}

fn tone(rate: u32) -> Vec<i16> {
    let step = 440.0 * std::f64::consts::TAU / f64::from(rate);
    (0..rate).map(|n| (4_096.0 * (f64::from(n) * step).sin()) as i16).collect()
}

fn bytes_of(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

fn wav(rate: u32, channels: u16) -> Vec<u8> {
    let format =
        hound::WavSpec { channels, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, format).unwrap();
    for sample in tone(rate) {
        (0..channels).for_each(|_| writer.write_sample(sample).unwrap());
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn audio(content_type: &str, body: impl Into<Vec<u8>>) -> Reply {
    Reply::new(200).header("content-type", content_type).header("x-request-id", "req-7").bytes(body)
}

fn in_pieces(content_type: &str, body: &[u8], piece: usize) -> Reply {
    let reply = Reply::new(200).header("content-type", content_type);
    body.chunks(piece).fold(reply, Reply::bytes)
}

/// Each container, with the type that it is sent as.
fn containers() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    vec![
        ("mp3", "audio/mpeg", fixture("tone-24k.mp3")),
        ("mp3 without a header", "audio/mpeg", fixture("tone-24k-bare.mp3")),
        ("mp3 in stereo at 44.1 kHz", "audio/mp3", fixture("tone-44k-stereo.mp3")),
        ("opus", "audio/ogg; codecs=opus", fixture("tone.opus")),
        ("opus by name", "audio/opus", fixture("tone.opus")),
        ("vorbis", "audio/ogg", fixture("tone-24k.ogg")),
        ("flac at 16 kHz", "audio/flac", fixture("tone-16k.flac")),
        ("aac", "audio/aac", fixture("tone-24k.aac")),
        ("wav", "audio/wav", wav(24_000, 1)),
        ("wav in stereo at 22.05 kHz", "audio/x-wav", wav(22_050, 2)),
        ("pcm", "audio/pcm", bytes_of(&tone(24_000))),
        ("pcm at 22.05 kHz", "audio/pcm;rate=22050", bytes_of(&tone(22_050))),
    ]
}

#[test]
fn every_container_is_decoded_whole_and_in_odd_pieces() {
    for (what, content_type, body) in containers() {
        let whole = hear(audio(content_type, body.clone()), json!({})).unwrap();
        check_tone(&whole, what);
        assert_eq!(whole[0].request_id, "req-7");
        for piece in [1_001, 97] {
            let pieces = hear(in_pieces(content_type, &body, piece), json!({})).unwrap();
            assert_eq!(samples(&pieces), samples(&whole), "{what} in pieces of {piece}");
            check_frames(&pieces, 24_000);
        }
    }
}

#[test]
fn raw_samples_may_be_cut_anywhere() {
    let wanted: Vec<i16> = (0..3_000).map(|n| (n * 7) as i16).collect();
    for piece in [1, 3, 5, 999] {
        let heard = hear(in_pieces("audio/pcm", &bytes_of(&wanted), piece), json!({})).unwrap();
        assert_eq!(samples(&heard), wanted, "pieces of {piece}");
    }
}

#[test]
fn the_rate_of_raw_samples_is_what_the_answer_tells_else_the_config() {
    let at = |rate: u32| bytes_of(&tone(rate));
    check_tone(
        &hear(audio("audio/pcm; rate=48000", at(48_000)), json!({"pcm_sample_rate": 8_000})).unwrap(),
        "parameter",
    );
    check_tone(&hear(audio("audio/pcm", at(8_000)), json!({"pcm_sample_rate": 8_000})).unwrap(), "config");
    let named = audio("audio/pcm_s16le", at(22_050)).header("x-sample-rate", "22050").header("x-channels", "1");
    check_tone(&hear(named, json!({})).unwrap(), "header");
    let big_endian: Vec<u8> = tone(24_000).iter().flat_map(|sample| sample.to_be_bytes()).collect();
    check_tone(&hear(audio("audio/L16; rate=24000", big_endian), json!({})).unwrap(), "L16");
    let stereo: Vec<i16> = tone(24_000).iter().flat_map(|&sample| [sample, sample]).collect();
    check_tone(&hear(audio("audio/pcm;channels=2", bytes_of(&stereo)), json!({})).unwrap(), "stereo");
    // Without a type, what was asked for.
    let untyped = Reply::new(200).bytes(at(24_000));
    check_tone(&hear(untyped, json!({"response_format": "pcm"})).unwrap(), "no type");
    assert_eq!(failure(audio("audio/pcm_f32le", at(24_000)), json!({})).kind(), ErrorKind::Unsupported);
}

#[test]
fn frames_have_the_rate_of_the_config() {
    for (what, content_type, body) in containers() {
        let heard = hear(audio(content_type, body), json!({"sample_rate": 16_000})).unwrap();
        check_frames(&heard, 16_000);
        let length = samples(&heard).len();
        assert!((15_600..=17_200).contains(&length), "{what}: {length}");
    }
}

#[test]
fn what_the_first_bytes_show_goes_before_the_content_type() {
    for declared in ["audio/wav", "audio/pcm", "audio/ogg", "application/octet-stream"] {
        for name in ["tone-24k.mp3", "tone-24k-bare.mp3", "tone.opus", "tone-16k.flac"] {
            check_tone(&hear(audio(declared, fixture(name)), json!({})).unwrap(), &format!("{name} as {declared}"));
        }
        check_tone(&hear(audio(declared, wav(22_050, 1)), json!({})).unwrap(), &format!("wav as {declared}"));
    }
    check_tone(&hear(audio("audio/mpeg", fixture("tone-24k.aac")), json!({})).unwrap(), "aac as mp3");
}

#[test]
fn wav_lengths_that_nobody_knew_and_sentences_joined() {
    for length in [0_u32, u32::MAX, 0x7FFF_FFFF - 36] {
        let mut body = wav(24_000, 1);
        body[4..8].copy_from_slice(&length.to_le_bytes());
        body[40..44].copy_from_slice(&length.to_le_bytes());
        check_tone(&hear(audio("audio/wav", body), json!({})).unwrap(), &format!("a length of {length}"));
    }
    for (content_type, one) in
        [("audio/wav", wav(24_000, 1)), ("audio/mpeg", fixture("tone-24k.mp3")), ("audio/ogg", fixture("tone.opus"))]
    {
        let heard = hear(audio(content_type, [&one[..], &one[..]].concat()), json!({})).unwrap();
        check_frames(&heard, 24_000);
        let length = samples(&heard).len();
        assert!((47_000..=51_000).contains(&length), "{content_type}: {length}");
    }
}

#[test]
fn the_first_frame_is_out_before_the_body_ends_and_a_drop_leaves_nothing() {
    for (what, content_type, body) in containers() {
        // Its headers are nearly all of it.
        if what == "vorbis" {
            continue;
        }
        let some = body.len() * 7 / 10;
        let server = Server::start([audio(content_type, &body[..some]).hold()]);
        let mut stream = say(&*tts(&server, json!({})));
        let first = block_on(stream.next()).unwrap().unwrap();
        assert!(!first.is_final && first.frame.duration() >= Duration::from_millis(20), "{what}");
        drop(stream);
        assert!(server.wait_for_closed(1), "{what}: the connection stays open");
    }
    assert!(no_decoders_left(), "a decoder's thread lives on");
}

/// Whether at some time soon no decoder runs. (Other tests have theirs, which end too.)
fn no_decoders_left() -> bool {
    let decoders = || {
        let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0 };
        let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        tasks
            .filter_map(|task| task.ok())
            .filter(|task| task.path().exists())
            .map(name)
            .filter(|name| name.starts_with("lk-openai-audio"))
            .count()
    };
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        if decoders() == 0 {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

#[test]
fn events_bring_audio_in_either_spelling() {
    for field in ["audio", "delta"] {
        for (format, body) in
            [("mp3", fixture("tone-24k.mp3")), ("pcm", bytes_of(&tone(24_000))), ("wav", wav(24_000, 1))]
        {
            let mut reply =
                Reply::new(200).header("content-type", "text/event-stream; charset=utf-8").bytes(": ping\n\n");
            for piece in body.chunks(777) {
                reply = reply
                    .event(&json!({"type": "speech.audio.delta", field: BASE64_STANDARD.encode(piece)}).to_string());
            }
            let heard = hear(reply.event(DONE), json!({"response_format": format})).unwrap();
            check_tone(&heard, &format!("{format} in `{field}`"));
        }
    }
}

#[test]
fn the_first_frame_of_events_is_early_too() {
    let body = fixture("tone-24k.mp3");
    let event = json!({"type": "speech.audio.delta", "audio": BASE64_STANDARD.encode(&body[..2_000])}).to_string();
    let server = Server::start([Reply::sse([event]).hold()]);
    let mut stream = say(&*tts(&server, json!({})));
    assert!(!block_on(stream.next()).unwrap().unwrap().is_final);
    drop(stream);
    assert!(server.wait_for_closed(1));
}

#[test]
fn events_that_break_off_or_report_an_error_are_errors() {
    let audio =
        json!({"type": "speech.audio.delta", "audio": BASE64_STANDARD.encode(bytes_of(&tone(24_000)))}).to_string();
    let pcm = json!({"response_format": "pcm"});
    let ended = failure(Reply::sse([audio.as_str()]), pcm.clone());
    assert!(ended.to_string().contains("broke off"), "{ended}");
    assert!(!ended.is_retryable(), "part of it was delivered");
    let error = r#"{"type": "error", "error": {"message": "out of voices", "code": "server_error"}}"#;
    let reported = failure(Reply::sse([audio.as_str(), error]), pcm.clone());
    assert!(reported.to_string().contains("out of voices") && !reported.is_retryable(), "{reported}");
    let at_once = failure(Reply::sse([error]), pcm.clone());
    assert!(at_once.to_string().contains("out of voices") && at_once.is_retryable(), "{at_once}");
    for nonsense in ["{", r#"{"type": "speech.audio.delta", "audio": "%%%"}"#] {
        let error = failure(Reply::sse([nonsense]), pcm.clone());
        assert_eq!(error.kind(), ErrorKind::Api, "{error}");
    }
    let silent = failure(Reply::sse([DONE]), pcm);
    assert!(silent.to_string().contains("no audio") && silent.is_retryable(), "{silent}");
}

#[test]
fn a_cut_body_is_an_error_and_never_a_short_speech() {
    for (what, content_type, body) in containers() {
        let part = (body.len() * 6 / 10) | 1;
        // By the rules of HTTP: chunks that break off, and fewer bytes than announced.
        let chunks = failure(audio(content_type, &body[..part]).cut(), json!({}));
        assert!(chunks.kind().is_api(), "{what}: {chunks}");
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n", body.len());
        let short = failure(Reply::raw().bytes(head).bytes(&body[..part]).cut(), json!({}));
        assert!(short.kind().is_api(), "{what}: {short}");
        // A body that seems whole, but whose audio is not. (A bare MP3 does not say how long it is.)
        if what != "mp3 without a header" {
            let cut = failure(audio(content_type, &body[..part]), json!({}));
            assert_eq!(cut.kind(), ErrorKind::Api, "{what}: {cut}");
            assert!(cut.to_string().contains("did not arrive"), "{what}: {cut}");
        }
    }
}

#[test]
fn what_is_delivered_is_not_asked_for_again() {
    let server = Server::start([audio("audio/pcm", bytes_of(&tone(24_000))).cut(), audio("audio/pcm", vec![0; 9_600])]);
    let mut stream = say(&*tts(&server, json!({"max_retry": 3})));
    let mut frames = 0;
    let error = loop {
        match block_on(stream.next()).unwrap() {
            Ok(piece) => {
                assert!(!piece.is_final);
                frames += 1;
            }
            Err(error) => break error,
        }
    };
    assert!(frames > 0 && !error.is_retryable(), "{frames} frames, then {error}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn what_is_not_delivered_is_asked_for_again() {
    let whole = audio("audio/mpeg", fixture("tone-24k.mp3"));
    for bad in [
        Reply::json(500, "{}").header("retry-after", "0"),
        Reply::json(429, "{}").header("retry-after", "0"),
        audio("audio/mpeg", &fixture("tone-24k.mp3")[..300]).cut(),
        audio("audio/mpeg", Vec::new()),
        audio("audio/pcm", vec![0; 100]).cut(),
    ] {
        let server = Server::start([bad, whole.clone()]);
        let heard = block_on(say(&*tts(&server, json!({"max_retry": 1}))).collect()).unwrap();
        check_tone(&heard, "the second attempt");
        assert_eq!(server.requests().len(), 2);
    }
    let refused = Server::start([Reply::json(401, r#"{"error": {"message": "wrong key"}}"#)]);
    let error = block_on(say(&*tts(&refused, json!({"max_retry": 3}))).collect()).unwrap_err();
    assert_eq!((error.status(), refused.requests().len()), (Some(401), 1));
}

#[test]
fn no_audio_is_an_error_that_another_attempt_may_mend() {
    for (content_type, body) in
        [("audio/mpeg", Vec::new()), ("audio/pcm", Vec::new()), ("audio/wav", wav(24_000, 1)[..44].to_vec())]
    {
        let mut body = body;
        if let Some(length) = body.get_mut(40..44) {
            length.copy_from_slice(&[0; 4]);
        }
        let error = failure(audio(content_type, body), json!({}));
        assert!(error.to_string().contains("no audio") && error.is_retryable(), "{content_type}: {error}");
        assert_eq!(error.request_id(), Some("req-7"));
    }
}

#[test]
fn errors_that_come_as_audio_are_errors() {
    let body = r#"{"error": {"message": "quota exceeded", "code": 429}}"#;
    for content_type in ["application/json", "audio/mpeg", "audio/pcm", "audio/wav"] {
        let error = failure(audio(content_type, body), json!({}));
        assert!(error.to_string().contains("quota exceeded"), "{content_type}: {error}");
        assert_eq!((error.status(), error.request_id()), (Some(429), Some("req-7")), "{content_type}");
    }
    let page = failure(audio("text/html", "<html>gateway</html>"), json!({}));
    assert!(page.to_string().contains("text in place of audio") && page.body().unwrap().contains("gateway"), "{page}");
    for (content_type, body) in
        [("audio/webm", &b"\x1A\x45\xDF\xA3 and more of it"[..]), ("audio/mpeg", b"\0\0\0\x20ftypM4A \0\0\0\0")]
    {
        let error = failure(audio(content_type, body), json!({}));
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
    let noise: Vec<u8> = (0..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 | 1).collect();
    for content_type in ["audio/mpeg", "audio/ogg", "audio/flac", "audio/aac", "audio/wav"] {
        let error = failure(audio(content_type, noise.clone()), json!({}));
        assert!(error.kind().is_api(), "{content_type}: {error}");
    }
}

#[test]
fn blank_text_ends_cleanly_without_a_request() {
    let server = Server::start([]);
    let tts = tts(&server, json!({}));
    for text in ["", "  \n", "\u{200B}\u{FEFF}"] {
        let heard = block_on(tts.synthesize(text, &SynthesizeOptions::default()).unwrap().collect()).unwrap();
        assert!(heard.is_empty());
    }
    assert!(server.requests().is_empty());
}

#[test]
fn requests_say_what_the_config_says() {
    let body = |more: Value| {
        let server = Server::start([audio("audio/pcm", vec![0; 9_600])]);
        block_on(say(&*tts(&server, more)).collect()).unwrap();
        let request = server.requests().remove(0);
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/audio/speech"));
        assert_eq!(request.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
        serde_json::from_slice::<Value>(&request.body).unwrap()
    };
    assert_eq!(
        body(json!({})),
        json!({"model": "gpt-4o-mini-tts", "input": "hello", "voice": "ash", "response_format": "mp3", "speed": 1.0,
               "stream_format": "sse"})
    );
    for model in ["tts-1", "tts-1-hd"] {
        assert_eq!(body(json!({"model": model}))["stream_format"], "audio");
    }
    let all = json!({"model": "kokoro", "voice": "af_sky", "response_format": "opus", "speed": 1.5,
                     "instructions": "whisper", "stream_format": "audio"});
    let mut wanted = all.clone();
    wanted["input"] = json!("hello");
    assert_eq!(body(all), wanted);
}

#[test]
fn the_config_is_checked() {
    let create = |config: Value| {
        Registry::global().create::<dyn Tts>("openai", &Config::from_json(&config.to_string()).unwrap())
    };
    let key = json!({"api_key": KEY, "base_url": "http://localhost:1"});
    for (more, wanted) in [
        (json!({"stream_format": "sse", "model": "tts-1"}), "stream_format"),
        (json!({"model": " "}), "`model` is empty"),
        (json!({"preset": "groq"}), "no speech model"),
        (json!({"speed": 9}), "speed"),
        (json!({"response_format": "mp4"}), "choose from"),
    ] {
        let mut config = key.clone();
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let error = create(config).err().unwrap().to_string();
        assert!(error.contains(wanted), "{error}");
    }
    let tts = create(json!({"api_key": KEY, "base_url": "http://localhost:1", "sample_rate": 16_000})).unwrap();
    assert_eq!((tts.sample_rate(), tts.channels(), tts.model()), (16_000, 1, "gpt-4o-mini-tts"));
    assert!(!tts.capabilities().streaming && !tts.capabilities().aligned_transcript);
}

#[test]
fn the_key_is_never_shown() {
    let echo = format!("your key {KEY} is wrong");
    for reply in [
        Reply::json(401, json!({"error": {"message": echo}}).to_string()).header("x-request-id", KEY),
        audio("application/json", json!({"error": {"message": echo}}).to_string()).header("x-request-id", KEY),
        audio("text/plain", echo.clone()),
        Reply::sse([json!({"type": "error", "error": {"message": echo}}).to_string()]),
    ] {
        let error = failure(reply, json!({}));
        let shown = format!("{error} {error:?} {:?} {:?}", error.chain(), error.body());
        assert!(!shown.contains(KEY), "{shown}");
        assert!(shown.contains("***"), "{shown}");
    }
    let spoken = hear(Reply::new(200).header("x-request-id", KEY).bytes(wav(24_000, 1)), json!({})).unwrap();
    assert_eq!(spoken[0].request_id, "***");
}

#[test]
fn it_speaks_http2_over_tls() {
    let server = Server::http2([audio("audio/mpeg", fixture("tone-24k.mp3"))]);
    let heard = block_on(say(&*tts(&server, json!({"ca_file": server.ca_file()}))).collect()).unwrap();
    check_tone(&heard, "HTTP/2");
    assert_eq!(server.requests()[0].http_version, 2);
}

#[test]
fn a_body_that_stands_still_is_given_up() {
    let server = Server::start([audio("audio/mpeg", &fixture("tone-24k.mp3")[..100]).hold()]);
    let error = block_on(say(&*tts(&server, json!({"stall_timeout": 0.1}))).collect()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ApiTimeout, "{error}");
    assert!(server.wait_for_closed(1));
}

#[test]
fn it_keeps_the_contract() {
    let server = Server::always(audio("audio/mpeg", fixture("tone-24k.mp3")));
    let config = json!({"api_key": KEY, "base_url": server.url(), "max_retry": 0});
    lk_plugin::conformance::assert_conforms("tts/openai", &Config::from_json(&config.to_string()).unwrap());
}
