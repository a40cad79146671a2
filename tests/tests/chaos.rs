//! Two hundred conversations at once, through the openai plugins, with a server that answers late, wrongly, in part or not
//! at all: each turn ends in a reply or a typed error, what is heard is what was served, and nothing is left behind.
//!
//! The chaos is the same in each run: what becomes of a request depends on its number in its turn and on nothing else.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use integration_tests::server::{Reply, Request, Server};
use lk_go::voice::{Session, SessionOptions, Stage, VoiceEventType, VoicePlugins};
use lk_plugin::adapters::{FallbackOptions, LlmFallback, SttFallback, TtsFallback};
use lk_plugin::monitor::Monitor;
use lk_plugin::{AudioFrameRef, Config, ConnectOptions, Error, Kind, Llm, PluginKind, Registry, Result, Stt, Tts, Vad};
use lk_plugins as _;
use serde_json::{Value, json};

/// Turns at once.
const TURNS: u64 = 200;

/// How long a server may be silent before a plugin gives it up.
const PATIENCE: Duration = Duration::from_millis(400);

/// No turn may take so long: two attempts of each of three stages, and its speech.
const LIMIT: Duration = Duration::from_secs(25);

const RATE: u32 = 24_000;

#[test]
fn two_hundred_turns_survive_a_server_that_does_not_behave() {
    let served = Arc::new(AtomicU64::new(0));
    let server = {
        let (served, attempts) = (Arc::clone(&served), Mutex::new(HashMap::new()));
        Server::answering(move |request| answer(request, &served, &attempts))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Threads, pollers and tables that the first use makes and that stay.
    let _: Turn = runtime.block_on(turn(plugins(&server.url(), true)));
    let settled = || {
        assert!(server.wait_for_no_connections(), "a connection stays open");
        (descriptors(), lk_plugin::runtime::handle().unwrap().metrics().num_alive_tasks())
    };
    let before = settled();

    let begun = Instant::now();
    let turns: Vec<Turn> = runtime.block_on(async {
        let url = server.url();
        // On tasks, so that it is seen that a session may be sent to another thread.
        let tasks: Vec<_> = (0..TURNS).map(|number| tokio::spawn(turn(plugins(&url, number % 4 == 3)))).collect();
        let mut turns = Vec::new();
        for task in tasks {
            // An elapsed limit is a turn that hangs.
            turns.push(tokio::time::timeout(LIMIT, task).await.unwrap().unwrap());
        }
        turns
    });
    let took = begun.elapsed();

    let mut failed = HashMap::new();
    for turn in &turns {
        match &turn.outcome {
            Outcome::Answered => turn.check_speech(true),
            Outcome::Failed(stage, error) => {
                assert!(!error.to_string().is_empty() && !error.to_string().contains(KEY), "{error}");
                assert!(error.kind().is_api(), "{stage}: {error:?}");
                *failed.entry(stage.as_str()).or_insert(0) += 1;
                turn.check_speech(false);
            }
        }
    }
    let answered = turns.iter().filter(|turn| matches!(turn.outcome, Outcome::Answered)).count();
    let requests = served.load(Ordering::Relaxed);
    assert!(answered >= 20, "{answered} answered, failed: {failed:?}, of {requests} requests");
    assert_eq!(failed.len(), 3, "each stage fails now and then: {failed:?}");
    assert!(took < LIMIT, "{took:?}");

    // Sockets close, and hints end, a little later than what used them; also those of the first turn, which then count before.
    let is_clean = |after: (usize, usize)| after.0 <= before.0 && after.1 <= before.1;
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_clean(settled()) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    let after = settled();
    assert!(is_clean(after), "descriptors and tasks: {after:?} afterwards, {before:?} before");
}

const KEY: &str = "sk-never-to-be-seen-1791";

/// The plugins of one turn; some go on with a fake when the server fails.
fn plugins(url: &str, fall_back: bool) -> VoicePlugins {
    let vad = create::<dyn Vad>("fake", json!({"speech": [0.1, 0.4]}));
    let openai = json!({"base_url": url, "api_key": KEY, "connect_timeout": 5.0});
    let mut speech = openai.clone();
    speech["response_format"] = "wav".into();
    let (stt, llm) = (create::<dyn Stt>("openai", openai.clone()), create::<dyn Llm>("openai", openai));
    let tts = create::<dyn Tts>("openai", speech);
    if !fall_back {
        return VoicePlugins::new(vad, stt, llm, tts);
    }
    let options = |kind| FallbackOptions::of(kind).with_attempt_timeout(PATIENCE).with_retries(0, Duration::ZERO);
    let monitor = Monitor::default();
    let name = |name: &str| name.to_owned();
    let stt = SttFallback::with_options(
        [(name("openai"), stt), (name("fake"), create::<dyn Stt>("fake", json!({})))],
        Some(Arc::clone(&vad)),
        options(Kind::Stt),
        &monitor,
    );
    let llm = LlmFallback::with_options(
        [(name("openai"), llm), (name("fake"), create::<dyn Llm>("fake", json!({})))],
        options(Kind::Llm),
        &monitor,
    );
    let tts = TtsFallback::with_options(
        [(name("openai"), tts), (name("fake"), create::<dyn Tts>("fake", json!({})))],
        options(Kind::Tts),
        &monitor,
    );
    VoicePlugins::new(vad, Arc::new(stt.unwrap()), Arc::new(llm.unwrap()), Arc::new(tts.unwrap()))
}

fn create<K: PluginKind + ?Sized>(name: &str, config: Value) -> Arc<K> {
    Arc::from(Registry::global().create::<K>(name, &Config::from_json(&config.to_string()).unwrap()).unwrap())
}

/// How a turn went.
struct Turn {
    outcome: Outcome,
    transcript: String,
    reply: String,
    // All that was heard, without the silence.
    speech: Vec<i16>,
}

enum Outcome {
    Answered,
    Failed(Stage, Error),
}

/// One conversation of one turn, from its first frame until nothing is left.
async fn turn(plugins: VoicePlugins) -> Turn {
    let connect = ConnectOptions::default()
        .with_timeout(PATIENCE)
        .with_max_retry(1)
        .with_retry_interval(Duration::from_millis(50));
    let options = SessionOptions::default().with_live(false, false).with_connect(connect);
    let mut session = Session::new(plugins, options).unwrap();
    let mut turn = Turn {
        // What is replaced by the event that must come.
        outcome: Outcome::Failed(Stage::Stt, Error::new(lk_plugin::ErrorKind::Internal, "the turn did not end")),
        transcript: String::new(),
        reply: String::new(),
        speech: Vec::new(),
    };
    let mut ends = 0;
    let mut take = |session: &mut Session| {
        turn.speech.extend(session.speech().unwrap().samples().iter().filter(|sample| **sample != 0));
        for event in session.take_events() {
            match event.event_type {
                VoiceEventType::Transcript { text, .. } => turn.transcript = text,
                VoiceEventType::Reply { text } => turn.reply = text,
                VoiceEventType::ReplyEnded(_) => {
                    turn.outcome = Outcome::Answered;
                    ends += 1;
                }
                VoiceEventType::Failed(failure) => {
                    turn.outcome = Outcome::Failed(failure.stage, failure.error);
                    ends += 1;
                }
                _ => {}
            }
        }
    };
    let frame = [7_i16; 320];
    let heard: Result<()> = async {
        for _ in 0..25 {
            session.hear(AudioFrameRef::new(&frame, 16_000, 1)?).await?;
            take(&mut session);
        }
        session.end_input().await?;
        take(&mut session);
        while session.run_out().await {
            take(&mut session);
        }
        take(&mut session);
        Ok(())
    }
    .await;
    heard.unwrap();
    assert_eq!(ends, 1, "a turn ends once");
    turn
}

impl Turn {
    /// What was heard is what was served for this turn's sentences: no sample lost, doubled, changed, or of another turn.
    fn check_speech(&self, whole: bool) {
        // A fake that stepped in has words of its own, and hums, which is a multiple of its amplitude.
        let Some(number) = self.transcript.strip_prefix("turn ").and_then(|number| number.parse::<u64>().ok()) else {
            return;
        };
        if self.speech.iter().any(|sample| *sample % 2 == 0) {
            return;
        }
        let served = sentences(number).iter().flat_map(|sentence| speech_of(sentence)).collect::<Vec<i16>>();
        let by_fake = format!("you said: {}", self.transcript);
        let expected = [(reply_to(number), served), (by_fake.clone(), speech_of(&by_fake))];
        if whole {
            let expected = expected.iter().find(|(reply, _)| *reply == self.reply).map(|(_, speech)| sum(speech));
            assert_eq!(Some(sum(&self.speech)), expected, "turn {number}, which got the answer `{}`", self.reply);
        } else {
            let is_beginning = expected.iter().any(|(_, speech)| speech.starts_with(&self.speech));
            assert!(is_beginning, "turn {number}: what was heard is not the beginning of what was served");
        }
    }
}

/// Length and checksum.
fn sum(samples: &[i16]) -> (usize, u64) {
    let fold = |sum: u64, sample: &i16| sum.wrapping_mul(1_099_511_628_211) ^ u64::from(sample.unsigned_abs());
    (samples.len(), samples.iter().fold(14_695_981_039_346_656_037, fold))
}

fn sentences(number: u64) -> [String; 2] {
    [format!("This is what turn {number} shall hear."), format!("And then there is more for turn {number}.")]
}

fn reply_to(number: u64) -> String {
    sentences(number).join(" ")
}

/// A fifth of a second or so, other for each text, and without a zero; all samples are odd.
fn speech_of(text: &str) -> Vec<i16> {
    let mut random = Rng::with_seed(text.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31) + u64::from(byte)));
    let length = random.usize(3_000..6_000);
    (0..length).map(|_| random.i16(1..5_000) * 2 + 1).collect()
}

/// What becomes of a request.
fn answer(request: &Request, served: &AtomicU64, attempts: &Mutex<HashMap<String, u64>>) -> Reply {
    let number = served.fetch_add(1, Ordering::Relaxed);
    let body = String::from_utf8_lossy(&request.body);
    let (what, pieces, content_type) = if request.path.ends_with("/audio/transcriptions") {
        let transcript = json!({"text": format!("turn {number}")}).to_string();
        (format!("stt {number}"), vec![transcript.into_bytes()], "application/json")
    } else if request.path.ends_with("/chat/completions") {
        let asked: Value = serde_json::from_str(&body).unwrap();
        let question = asked["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap().to_owned();
        let number = question.strip_prefix("turn ").and_then(|number| number.parse().ok()).unwrap_or(0);
        (format!("llm {question}"), answer_events(number), "text/event-stream")
    } else if request.path.ends_with("/audio/speech") {
        let asked: Value = serde_json::from_str(&body).unwrap();
        let text = asked["input"].as_str().unwrap();
        let wav = wav(&speech_of(text));
        (format!("tts {text}"), wav.chunks(1_000).map(<[u8]>::to_vec).collect(), "audio/wav")
    } else {
        // A hint that calls come soon.
        return Reply::json(200, r#"{"data": []}"#);
    };
    let attempt = {
        let mut attempts = attempts.lock().unwrap();
        let attempt = attempts.entry(what.clone()).or_insert(0);
        *attempt += 1;
        *attempt
    };
    let seed = what.bytes().fold(attempt, |seed, byte| seed.wrapping_mul(1_000_003) + u64::from(byte));
    misbehave(&mut Rng::with_seed(seed), &pieces, content_type)
}

/// One in two is good, if late and in odd pieces.
fn misbehave(random: &mut Rng, pieces: &[Vec<u8>], content_type: &str) -> Reply {
    let late = Duration::from_millis(random.u64(0..40));
    let good = Reply::new(200).header("content-type", content_type).pause(late);
    let part = pieces.iter().take(random.usize(0..pieces.len()));
    let fate = random.u32(0..10);
    match fate {
        0 => Reply::json(503, r#"{"error": {"message": "overloaded"}}"#),
        1 => Reply::json(429, r#"{"error": {"message": "slow down"}}"#).header("retry-after", "0"),
        // Silent before the head, within the body; broken off before the head, within the body.
        2 => Reply::raw().hold(),
        3 => part.fold(good, |reply, piece| reply.bytes(piece.clone())).hold(),
        4 => Reply::raw().cut(),
        5 => part.fold(good, |reply, piece| reply.bytes(piece.clone())).cut(),
        _ => {
            // Cut at any byte, and at times with a pause between.
            let mut bytes = pieces.concat();
            let mut reply = good;
            while !bytes.is_empty() {
                let rest = bytes.split_off(random.usize(1..=bytes.len().min(4_000)));
                reply = reply.bytes(bytes);
                if random.u32(0..8) == 0 {
                    reply = reply.pause(Duration::from_millis(random.u64(0..20)));
                }
                bytes = rest;
            }
            reply
        }
    }
}

/// The answer in tokens, with all that may legally stand between them.
fn answer_events(number: u64) -> Vec<Vec<u8>> {
    let mut random = Rng::with_seed(number);
    let event = |value: Value| format!("data: {value}\n\n").into_bytes();
    let chunk = |delta: Value, finish: Value| json!({"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
    let usage =
        json!({"id": "c", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}});
    let mut events = vec![event(chunk(json!({"role": "assistant", "content": ""}), Value::Null))];
    for word in reply_to(number).split_inclusive(' ') {
        match random.u32(0..5) {
            0 => events.push(b": ping\n\n".to_vec()),
            1 => events.push(event(chunk(json!({}), Value::Null))),
            2 => events.push(event(chunk(json!({"role": null, "content": null}), Value::Null))),
            3 => events.push(event(json!({"id": "c", "choices": []}))),
            _ => {}
        }
        events.push(event(chunk(json!({"content": word}), Value::Null)));
    }
    // The usage comes before or after the end.
    let mut last = vec![event(chunk(json!({}), "stop".into())), event(usage)];
    if random.bool() {
        last.reverse();
    }
    events.extend(last);
    events.push(b"data: [DONE]\n\n".to_vec());
    events
}

fn wav(samples: &[i16]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let spec =
        hound::WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut wav = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for sample in samples {
        wav.write_sample(*sample).unwrap();
    }
    wav.finalize().unwrap();
    bytes.into_inner()
}

/// How many files and sockets this process has open.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
