//! One text spoken: the request, the answer in whatever shape it comes, and when to try again.

use std::num::NonZeroUsize;
use std::pin::pin;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::{Bytes, BytesMut};
use lk_plugin::{ConnectOptions, Error, ErrorKind, EventSender, Result, SynthesizedAudio};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc;

use super::StreamFormat;
use super::conform::Conform;
use super::format::{Container, Declared, RawPcm, Sniffed, SpeechFormat, sniff};
use super::frames::Speaker;
use super::packed::{self, Heard, Piece};
use super::raw::RawReader;
use super::wav::WavReader;
use crate::openai::client::{Answer, Client};
use crate::openai::failure::{self, Failure};
use crate::openai::patience::{Attempts, Patience};
use crate::openai::sse::SseReader;

/// What every request of an instance says.
#[derive(Debug)]
pub(super) struct Voice {
    pub(super) model: String,
    pub(super) voice: String,
    pub(super) speed: f64,
    pub(super) instructions: Option<String>,
    pub(super) response_format: SpeechFormat,
    pub(super) stream_format: Option<StreamFormat>,
    pub(super) sample_rate: u32,
    pub(super) pcm_sample_rate: u32,
}

/// How many pieces of a body wait to be decoded.
const QUEUE_CAPACITY: usize = 4;

/// As much as is decoded at once on the executor: a third of a second of raw audio, well below a millisecond of work.
const SLICE: usize = 16 * 1024;

/// An event of speech holds at most this much: minutes of it.
const MAX_EVENT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(16 * 1024 * 1024);

/// How much of an error is read that came where audio should be.
const MAX_TEXT: usize = 64 * 1024;

/// Speaks `text` into `events`.
pub(super) async fn speak(
    client: &Client,
    voice: &Voice,
    text: &str,
    connect: &ConnectOptions,
    events: EventSender<SynthesizedAudio>,
) -> Result<()> {
    // Nothing to say; and servers refuse it.
    if !is_visible(text) {
        return Ok(());
    }
    let patience = client.patience(connect);
    let mut attempts = Attempts::new(&patience);
    let mut speaker = Speaker::new(events, voice.sample_rate);
    loop {
        match attempt(client, voice, text, &patience, &mut speaker).await {
            Ok(()) => return speaker.finish().await,
            // Nobody listens: there is nobody to tell either.
            Err(failure) if failure.error.kind() == ErrorKind::Closed => return Err(failure.error),
            Err(failure) if speaker.delivered() => return Err(failure.after_delivery().error),
            Err(failure) => attempts.after(failure).await?,
        }
    }
}

/// Whether there is anything to say: some characters take no room and make no sound.
fn is_visible(text: &str) -> bool {
    let invisible = |letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || matches!(letter, '\u{AD}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
    };
    !text.chars().all(invisible)
}

/// One attempt: everything but the last 20 ms, which the caller sends as the end.
async fn attempt(
    client: &Client,
    voice: &Voice,
    text: &str,
    patience: &Patience,
    speaker: &mut Speaker,
) -> Result<(), Failure> {
    let body = serde_json::to_vec(&Request::new(voice, text))
        .map_err(|error| Error::new(ErrorKind::Internal, "the request could not be written").with_source(error))?;
    let request = client.request(Method::POST, "audio/speech", &voice.model);
    let request = request.header(CONTENT_TYPE, "application/json").body(body);
    let mut answer = client.send(request, patience).await?;
    let request_id = answer.request_id().map(|id| answer.endpoint().redactor().clean(&id).into_owned());
    speaker.start(request_id.as_deref().unwrap_or_default());
    let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    // Some servers tell the format of raw samples beside the `Content-Type`.
    let number = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()?.trim().parse::<u32>().ok());
    let pcm = RawPcm {
        sample_rate: number("x-sample-rate").unwrap_or(voice.pcm_sample_rate),
        channels: number("x-channels").and_then(|channels| u16::try_from(channels).ok()).unwrap_or(1),
        big_endian: false,
    };
    let told = |error: Error| match &request_id {
        Some(id) => Failure::from(error.with_request_id(id.as_str())),
        None => Failure::from(error),
    };
    let (mut body, declared) = match Declared::read(content_type, voice.response_format, pcm) {
        Declared::Text => {
            let start = answer.body(MAX_TEXT).await?;
            return Err(told(not_audio(&start, &answer)));
        }
        Declared::Unsupported => return Err(told(unsupported(content_type.unwrap_or_default()))),
        Declared::Audio(container) => (Body::Plain(Box::new(answer)), container),
        Declared::Events => {
            // Within events, the audio is what was asked for.
            let Declared::Audio(container) = Declared::read(None, voice.response_format, pcm) else {
                return Err(Error::new(ErrorKind::Internal, "a requested format is no audio").into());
            };
            (Body::Events(Box::new(Events { reader: SseReader::new(answer, MAX_EVENT), done: false })), container)
        }
    };
    let mut start = BytesMut::new();
    let container = loop {
        let piece = body.next().await?;
        start.extend_from_slice(piece.as_deref().unwrap_or_default());
        if start.is_empty() && piece.is_none() {
            return Err(told(no_audio()));
        }
        match sniff(&start, piece.is_none(), declared) {
            Sniffed::More => {}
            Sniffed::Audio(container) => break container,
            Sniffed::Text => return Err(told(body.rest_as_error(start).await)),
            Sniffed::Unsupported => return Err(told(unsupported("another container"))),
            Sniffed::Unknown => return Err(told(unknown(declared))),
        }
    };
    match container {
        Container::Pcm(raw) => inline(Inline::Raw(RawReader::new(raw)), start.freeze(), &mut body, voice, speaker).await,
        Container::Wav => inline(Inline::Wav(Box::new(WavReader::new())), start.freeze(), &mut body, voice, speaker).await,
        packed => on_thread(packed, start.freeze(), &mut body, voice, speaker).await,
    }
    .map_err(|failure| if failure.error.request_id().is_none() { told(failure.error) } else { failure })?;
    if speaker.is_silent() {
        return Err(told(no_audio()));
    }
    Ok(())
}

/// Decodes what costs next to nothing where it arrives, a slice at a time.
async fn inline(
    mut reader: Inline,
    start: Bytes,
    body: &mut Body,
    voice: &Voice,
    speaker: &mut Speaker,
) -> Result<(), Failure> {
    let mut conform = Conform::new(voice.sample_rate);
    let mut piece = Some(start);
    while let Some(bytes) = piece {
        for slice in bytes.chunks(SLICE) {
            reader.push(slice, &mut conform)?;
            speaker.push(&conform.take()).await?;
            tokio::task::yield_now().await;
        }
        piece = body.next().await?;
    }
    reader.finish()?;
    conform.finish()?;
    Ok(speaker.push(&conform.take()).await?)
}

enum Inline {
    Raw(RawReader),
    Wav(Box<WavReader>),
}

impl Inline {
    fn push(&mut self, bytes: &[u8], voice: &mut Conform) -> Result<()> {
        match self {
            Self::Raw(reader) => reader.push(bytes, voice),
            Self::Wav(reader) => reader.push(bytes, voice),
        }
    }

    fn finish(&self) -> Result<()> {
        match self {
            Self::Raw(reader) => reader.finish(),
            Self::Wav(reader) => reader.finish(),
        }
    }
}

/// Decodes on a thread, which is fed and emptied at the same time.
async fn on_thread(
    container: Container,
    start: Bytes,
    body: &mut Body,
    voice: &Voice,
    speaker: &mut Speaker,
) -> Result<(), Failure> {
    let (pieces, receiver) = mpsc::channel(QUEUE_CAPACITY);
    let mut heard = packed::decode(container, start, receiver, voice.sample_rate)?;
    // Ends early when the thread does, whose reason is then the one to tell.
    let feeding = async move {
        while let Some(bytes) = body.next().await? {
            if pieces.send(Piece::Bytes(bytes)).await.is_err() {
                return Ok(());
            }
        }
        let _ = pieces.send(Piece::End).await;
        Ok::<(), Failure>(())
    };
    let hearing = async move {
        loop {
            match heard.recv().await {
                Some(Heard::Samples(samples)) => speaker.push(&samples).await?,
                Some(Heard::End) => return Ok(()),
                Some(Heard::Failed(error)) => return Err(error),
                None => return Err(Error::new(ErrorKind::Api, "the decoder broke down; the speech is malformed")),
            }
        }
    };
    let (mut feeding, mut hearing, mut fed) = (pin!(feeding), pin!(hearing), None);
    loop {
        tokio::select! {
            outcome = &mut feeding, if fed.is_none() => fed = Some(outcome),
            outcome = &mut hearing => {
                // A body that broke off is the reason for whatever the decoder thinks of it.
                return match fed {
                    Some(Err(failure)) => Err(failure),
                    _ => Ok(outcome?),
                };
            }
        }
    }
}

/// The audio of an answer, out of whatever it is wrapped in.
enum Body {
    Plain(Box<Answer>),
    Events(Box<Events>),
}

struct Events {
    reader: SseReader,
    // The event that ends the speech came.
    done: bool,
}

impl Body {
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        match self {
            Self::Plain(answer) => answer.chunk().await,
            Self::Events(events) => events.next().await,
        }
    }

    /// The error that stands where audio should be.
    async fn rest_as_error(self, mut start: BytesMut) -> Error {
        let Self::Plain(mut answer) = self else {
            return Error::new(ErrorKind::Api, "the server sent text in place of audio");
        };
        while start.len() < MAX_TEXT
            && let Ok(Some(bytes)) = answer.chunk().await
        {
            start.extend_from_slice(&bytes);
        }
        not_audio(&start, &answer)
    }
}

impl Events {
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        while !self.done {
            let Some(event) = self.reader.next().await? else {
                let message = "the speech broke off: the answer ended before its `speech.audio.done`";
                return Err(self.reader.answer().told(Error::new(ErrorKind::ApiConnection, message)));
            };
            if event.data.trim() == "[DONE]" {
                self.done = true;
                break;
            }
            let parsed: Event<'_> = serde_json::from_str(&event.data).map_err(|error| {
                let error = Error::new(ErrorKind::Api, "the server sent an event that is no JSON").with_source(error);
                self.reader.answer().told(error)
            })?;
            let kind = parsed.kind.as_deref().unwrap_or(&event.event);
            if kind == "error" || parsed.error.is_some() {
                let value = serde_json::from_str(&event.data).unwrap_or_default();
                let failure = failure::from_event(&value, self.reader.answer().endpoint());
                return Err(self.reader.answer().told(failure.error));
            }
            match (kind, parsed.audio.or(parsed.delta)) {
                ("speech.audio.done", _) => self.done = true,
                ("speech.audio.delta", Some(audio)) => {
                    let audio = BASE64_STANDARD.decode(audio.as_bytes()).map_err(|error| {
                        let error = Error::new(ErrorKind::Api, "the server sent audio that is no base64").with_source(error);
                        self.reader.answer().told(error)
                    })?;
                    return Ok(Some(audio.into()));
                }
                // There may be more kinds one day.
                _ => {}
            }
        }
        Ok(None)
    }
}

/// An event of speech; OpenAI's has the audio in `audio`, others in `delta`.
#[derive(Deserialize)]
struct Event<'e> {
    #[serde(rename = "type", borrow)]
    kind: Option<std::borrow::Cow<'e, str>>,
    #[serde(borrow)]
    audio: Option<std::borrow::Cow<'e, str>>,
    #[serde(borrow)]
    delta: Option<std::borrow::Cow<'e, str>>,
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Serialize)]
struct Request<'r> {
    model: &'r str,
    input: &'r str,
    voice: &'r str,
    response_format: &'static str,
    speed: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_format: Option<&'static str>,
}

impl<'r> Request<'r> {
    fn new(voice: &'r Voice, text: &'r str) -> Self {
        Self {
            model: &voice.model,
            input: text,
            voice: &voice.voice,
            response_format: voice.response_format.as_str(),
            speed: voice.speed,
            instructions: voice.instructions.as_deref(),
            stream_format: voice.stream_format.map(|format| match format {
                StreamFormat::Audio => "audio",
                StreamFormat::Sse => "sse",
            }),
        }
    }
}

/// Text where audio should be: some servers send their errors with status 200.
fn not_audio(body: &[u8], answer: &Answer) -> Error {
    if let Ok(value) = serde_json::from_slice::<Value>(body)
        && value.get("error").or_else(|| value.get("detail")).or_else(|| value.get("message")).is_some()
    {
        return failure::from_event(&value, answer.endpoint()).error;
    }
    let body = String::from_utf8_lossy(body);
    Error::new(ErrorKind::Api, format!("`{}` sent text in place of audio", answer.endpoint().host()))
        .with_body(answer.endpoint().redactor().clean(&body).into_owned())
}

fn no_audio() -> Error {
    Error::new(ErrorKind::Api, "the server answered, but with no audio")
}

fn unsupported(what: &str) -> Error {
    Error::unsupported(format!(
        "the speech is in a container that is not decoded here (`{what}`); set `response_format` to one of `aac`, `flac`, \
         `mp3`, `opus`, `pcm`, `wav`"
    ))
}

fn unknown(declared: Container) -> Error {
    Error::new(
        ErrorKind::Api,
        format!("the speech is declared as {}, but it is none; set another `response_format`", declared.name()),
    )
}
