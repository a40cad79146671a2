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

mod realtime;
mod recordings;
mod segments;

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
