//! `POST /audio/transcriptions`: a recording in, its transcript out, whole or as it is written.

use std::num::NonZeroUsize;
use std::time::Duration;

use bytes::Bytes;
use lk_plugin::{
    Error, ErrorKind, EventSender, RecognitionUsage, RecognizeOptions, Result, SpeechData, SpeechEvent,
};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::Value;

use super::config::{TimestampGranularity, TranscriptFormat};
use super::transcript::{Transcription, Usage};
use super::{Call, Listening};
use crate::openai::client::{Answer, Client};
use crate::openai::failure::{self, Failure};
use crate::openai::patience::{Attempts, Patience};
use crate::openai::sse::SseReader;

/// The longest answer that is read: hours of speech with a time for each word.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// The longest event of a transcript that is written as we read.
const MAX_EVENT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4 * 1024 * 1024);

/// What one request brought.
pub(super) struct Transcribed {
    pub(super) data: SpeechData,
    pub(super) usage: RecognitionUsage,
    pub(super) request_id: String,
}

/// A recording to transcribe, and where it belongs.
#[derive(Debug, Clone)]
pub(super) struct Recording {
    pub(super) wav: Bytes,
    pub(super) duration: Duration,
    /// When it begins, from the start of the conversation.
    pub(super) offset: Duration,
}

/// Transcribes a whole utterance.
pub(super) async fn recognize(client: &Client, call: &Call, wav: Vec<u8>, duration: Duration) -> Result<SpeechEvent> {
    let RecognizeOptions { start_time_offset: offset, connect, .. } = call.options;
    if duration.is_zero() {
        // Nobody said anything; and servers refuse it.
        let data = SpeechData::new(call.language(None).as_str(), "").with_times(offset, Duration::ZERO);
        return Ok(SpeechEvent::final_transcript(data));
    }
    let recording = Recording { wav: wav.into(), duration, offset };
    let patience = client.patience(&connect);
    let transcribed = transcribe(client, call, &recording, &patience, None).await?;
    let mut event = SpeechEvent::final_transcript(transcribed.data).with_request_id(transcribed.request_id);
    event.recognition_usage = Some(transcribed.usage);
    Ok(event)
}

/// Transcribes a recording, as often as it takes. With `interim`, the transcript is asked for and sent on as it is written.
pub(super) async fn transcribe(
    client: &Client,
    call: &Call,
    recording: &Recording,
    patience: &Patience,
    mut interim: Option<&mut EventSender<SpeechEvent>>,
) -> Result<Transcribed> {
    let mut attempts = Attempts::new(patience);
    let mut delivered = false;
    loop {
        match attempt(client, call, recording, patience, interim.as_deref_mut(), &mut delivered).await {
            Ok(transcribed) => return Ok(transcribed),
            Err(failure) if failure.error.kind() == ErrorKind::Closed => return Err(failure.error),
            Err(failure) if delivered => return Err(failure.after_delivery().error),
            Err(failure) => attempts.after(failure).await?,
        }
    }
}

async fn attempt(
    client: &Client,
    call: &Call,
    recording: &Recording,
    patience: &Patience,
    interim: Option<&mut EventSender<SpeechEvent>>,
    delivered: &mut bool,
) -> Result<Transcribed, Failure> {
    let form = form(call, recording, interim.is_some());
    let model = &call.listening.model;
    let request = client.request(Method::POST, "audio/transcriptions", model).multipart(form);
    let answer = client.send(request, patience).await?;
    let request_id = answer.request_id().map(|id| answer.endpoint().redactor().clean(&id).into_owned());
    let request_id = request_id.unwrap_or_default();
    // What comes decides, not what was asked for: not every server knows `stream`.
    if answer.content_type() != "text/event-stream" {
        return whole(call, recording, answer, request_id).await;
    }
    let text = String::new();
    let mut writing = Writing { call, recording, events: interim, request_id: &request_id, text, delivered };
    let (data, usage) = writing.read(answer).await?;
    Ok(Transcribed { data, usage, request_id })
}

async fn whole(
    call: &Call,
    recording: &Recording,
    mut answer: Answer,
    request_id: String,
) -> Result<Transcribed, Failure> {
    let body = answer.body(MAX_ANSWER).await?;
    match serde_json::from_slice::<Transcription>(&body) {
        Ok(transcription) if transcription.has_text() => {
            let usage = transcription.usage(recording.duration);
            Ok(Transcribed { data: transcription.into_data(call, recording.offset), usage, request_id })
        }
        Ok(_) => {
            let value: Value = serde_json::from_slice(&body).unwrap_or_default();
            Err(answer.told(failure::from_event(&value, answer.endpoint()).error))
        }
        Err(error) => {
            let text = String::from_utf8_lossy(&body);
            let message = format!("`{}` sent something that is no transcription", answer.endpoint().host());
            let error = Error::new(ErrorKind::Api, message)
                .with_source(error)
                .with_body(answer.endpoint().redactor().clean(&text).into_owned());
            Err(answer.told(error))
        }
    }
}

/// A transcript that is being written.
struct Writing<'w> {
    call: &'w Call,
    recording: &'w Recording,
    events: Option<&'w mut EventSender<SpeechEvent>>,
    request_id: &'w str,
    text: String,
    delivered: &'w mut bool,
}

impl Writing<'_> {
    async fn read(&mut self, answer: Answer) -> Result<(SpeechData, RecognitionUsage), Failure> {
        let mut reader = SseReader::new(answer, MAX_EVENT);
        loop {
            // What arrived together is told together.
            let mut grown = false;
            while let Some(event) = reader.buffered()? {
                match self.apply(&event.data, &reader)? {
                    Step::Grown => grown = true,
                    Step::Nothing => {}
                    Step::Done(done) => return Ok(*done),
                }
            }
            if grown {
                self.tell().await?;
            }
            if !reader.fill().await? {
                let message = "the transcript broke off: the answer ended before its `transcript.text.done`";
                return Err(reader.answer().told(Error::new(ErrorKind::ApiConnection, message)));
            }
        }
    }

    async fn tell(&mut self) -> Result<()> {
        let event = SpeechEvent::interim_transcript(self.data(self.text.trim(), None)).with_request_id(self.request_id);
        if let Some(events) = &mut self.events {
            events.send(event).await?;
            *self.delivered = true;
        }
        Ok(())
    }

    fn apply(&mut self, data: &str, reader: &SseReader) -> Result<Step, Failure> {
        if data.trim() == "[DONE]" {
            // Some servers end like this, without an event that has the whole.
            if self.text.is_empty() {
                let error = Error::new(ErrorKind::Api, "the server ended a transcript in which nothing was written");
                return Err(reader.answer().told(error));
            }
            return Ok(self.done(&self.text, None, None));
        }
        let event: Event = serde_json::from_str(data).map_err(|error| {
            let error = Error::new(ErrorKind::Api, "the server sent an event that is no JSON").with_source(error);
            reader.answer().told(error)
        })?;
        match (event.kind.as_deref(), event.delta, event.text) {
            (Some("transcript.text.delta"), Some(delta), _) => {
                self.text.push_str(&delta);
                if self.text.len() > MAX_ANSWER {
                    let error = Error::new(ErrorKind::Api, format!("the transcript is longer than {MAX_ANSWER} bytes"));
                    return Err(reader.answer().told(error.with_retryable(false)));
                }
                Ok(if delta.is_empty() { Step::Nothing } else { Step::Grown })
            }
            (Some("transcript.text.done"), _, text) => {
                let text = text.as_deref().unwrap_or(&self.text);
                Ok(self.done(text, event.language.as_deref(), event.usage.as_ref()))
            }
            (kind, ..) if kind == Some("error") || event.error.is_some() => {
                let value: Value = serde_json::from_str(data).unwrap_or_default();
                Err(reader.answer().told(failure::from_event(&value, reader.answer().endpoint()).error))
            }
            // There may be more kinds one day, and there are pieces with speakers already.
            _ => Ok(Step::Nothing),
        }
    }

    fn done(&self, text: &str, language: Option<&str>, usage: Option<&Usage>) -> Step {
        Step::Done(Box::new((self.data(text.trim(), language), Usage::of(usage, self.recording.duration))))
    }

    fn data(&self, text: &str, language: Option<&str>) -> SpeechData {
        SpeechData::new(self.call.language(language).as_str(), text).with_times(self.recording.offset, Duration::ZERO)
    }
}

enum Step {
    Nothing,
    Grown,
    Done(Box<(SpeechData, RecognitionUsage)>),
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: Option<String>,
    delta: Option<String>,
    text: Option<String>,
    language: Option<String>,
    usage: Option<Usage>,
    error: Option<serde::de::IgnoredAny>,
}

/// The parts of the request. Lists repeat their name, with brackets, as OpenAI's own clients do.
fn form(call: &Call, recording: &Recording, stream: bool) -> Form {
    let Listening { config, model, format, .. } = &*call.listening;
    let file = Part::stream(recording.wav.clone()).file_name("file.wav");
    // The type is a constant that parses.
    let file = file.mime_str("audio/wav").unwrap_or_else(|_| Part::stream(recording.wav.clone()));
    let mut form = Form::new().part("file", file).text("model", model.clone());
    let hints = call.hints();
    if super::config::takes_lists(model) {
        for language in hints {
            form = form.text("languages[]", language.to_owned());
        }
    } else if let [language] = hints[..] {
        form = form.text("language", language.to_owned());
    }
    for keyword in &call.keywords {
        form = form.text("keywords[]", keyword.clone());
    }
    if let Some(prompt) = &config.prompt {
        form = form.text("prompt", prompt.clone());
    }
    if let Some(temperature) = config.temperature {
        form = form.text("temperature", temperature.to_string());
    }
    if stream {
        return form.text("response_format", "json").text("stream", "true");
    }
    if *format == TranscriptFormat::Json {
        return form.text("response_format", "json");
    }
    form = form.text("response_format", "verbose_json");
    for granularity in &config.timestamp_granularities {
        form = form.text("timestamp_granularities[]", match granularity {
            TimestampGranularity::Word => "word",
            TimestampGranularity::Segment => "segment",
        });
    }
    form
}
