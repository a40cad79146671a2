//! One call: attempts until one has delivered something, and the way from bytes to chunks.

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::time::Duration;

use bytes::Bytes;
use lk_plugin::{ChatChunk, ConnectOptions, Error, ErrorKind, Result};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use tokio::time::{Instant, timeout};

use super::assembler::{Assembler, Progress};
use crate::openai::client::{Answer, Client};
use crate::openai::failure::Failure;
use crate::openai::patience::{Attempts, Patience};
use crate::openai::pump::{Batches, give_way};
use crate::openai::sse::SseReader;

/// The longest event of a stream, in bytes.
const MAX_EVENT: NonZeroUsize = NonZeroUsize::new(1 << 20).unwrap();

/// The longest answer of a server that does not stream.
const MAX_WHOLE: usize = 8 << 20;

/// How long to wait for the usage and the end once the model is done: some servers never send them.
const AFTER_FINISH: Duration = Duration::from_secs(1);

/// How long to wait for the end of the body behind `[DONE]`.
const TO_THE_END: Duration = Duration::from_millis(20);

/// All that a call needs.
pub(super) struct Job {
    pub(super) client: Client,
    pub(super) model: String,
    pub(super) body: Bytes,
    pub(super) connect: ConnectOptions,
    pub(super) first_token: Duration,
    pub(super) strip_thinking: bool,
}

impl Job {
    pub(super) async fn run(self, mut chunks: Batches<ChatChunk>) -> Result<()> {
        let patience = self.client.patience(&self.connect);
        let mut attempts = Attempts::new(&patience);
        loop {
            let mut assembler = Assembler::new(self.client.endpoint().clone(), self.strip_thinking);
            let attempt = self.attempt(&patience, &mut assembler, &mut chunks).await;
            // Also before an error: what there was is the caller's.
            chunks.flush().await?;
            match attempt {
                Ok(()) => return Ok(()),
                Err(failure) if assembler.has_delivered() => return Err(failure.after_delivery().error),
                Err(failure) => attempts.after(failure).await?,
            }
        }
    }

    async fn attempt(
        &self,
        patience: &Patience,
        assembler: &mut Assembler,
        chunks: &mut Batches<ChatChunk>,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        let request = self
            .client
            .request(Method::POST, "chat/completions", &self.model)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream")
            .body(self.body.clone());
        let answer = self.client.send(request, patience).await?;
        let content_type = answer.content_type();
        if content_type.ends_with("json") {
            return whole(answer, assembler, chunks).await;
        }
        // Some servers call their events plain text, or nothing at all.
        if !matches!(content_type.as_str(), "text/event-stream" | "text/plain" | "application/octet-stream" | "") {
            let message = format!(
                "`{}` answered with `{content_type}`, not with events; is `base_url` right?",
                self.client.endpoint().host()
            );
            return Err(answer.told(Error::new(ErrorKind::Api, message).with_retryable(false)));
        }
        let mut events = SseReader::new(answer, MAX_EVENT);
        let read = self.events(&mut events, started, assembler, chunks).await;
        read.map_err(|failure| Failure { error: with_id(failure.error, events.answer()), ..failure })
    }

    async fn events(
        &self,
        events: &mut SseReader,
        started: Instant,
        assembler: &mut Assembler,
        chunks: &mut Batches<ChatChunk>,
    ) -> Result<(), Failure> {
        loop {
            while let Some(progress) = at_hand(events, assembler, chunks)? {
                if progress == Progress::Done {
                    assembler.finish(true, chunks)?;
                    chunks.flush().await?;
                    // HTTP/1 uses a connection again only when the body was read to its very end, which comes right behind.
                    let _: Result<_, _> = timeout(TO_THE_END, async { while let Ok(true) = events.fill().await {} }).await;
                    return Ok(());
                }
                if chunks.is_full() {
                    chunks.flush().await?;
                }
            }
            if !chunks.is_empty() {
                // In a burst there is more at hand, and it is cheaper to hand it over together.
                give_way().await;
                match events.fill_at_hand() {
                    Ok(true) => continue,
                    Ok(false) => chunks.flush().await?,
                    Err(_) if assembler.has_finished() => return assembler.finish(false, chunks),
                    Err(failure) => return Err(failure),
                }
            }
            let more = if assembler.has_finished() {
                // The answer is whole, so nothing that happens from here on can spoil it.
                matches!(timeout(AFTER_FINISH, events.fill()).await, Ok(Ok(true)))
            } else if assembler.has_begun() {
                events.fill().await?
            } else {
                let passed = started.elapsed();
                let patience = events.answer().patience().clone();
                patience.rest_of(self.first_token, passed, "token", "first_token_timeout", events.fill()).await??
            };
            if !more {
                return assembler.finish(false, chunks);
            }
        }
    }
}

/// Reads one event, if one is here; what it means.
pub(super) fn at_hand(
    events: &mut SseReader,
    assembler: &mut Assembler,
    chunks: &mut Batches<ChatChunk>,
) -> Result<Option<Progress>, Failure> {
    if let Some(data) = events.plain() {
        // Nearly always it is UTF-8, and to see that takes a tenth of what repairing takes that finds nothing.
        let text = str::from_utf8(data).map_or_else(|_| String::from_utf8_lossy(data), Cow::Borrowed);
        return assembler.event("", &text, chunks).map(Some);
    }
    let Some(event) = events.buffered()? else { return Ok(None) };
    assembler.event(&event.event, &event.data, chunks).map(Some)
}

/// An answer in one piece: the server did not stream, or it has an error to tell.
async fn whole(
    mut answer: Answer,
    assembler: &mut Assembler,
    chunks: &mut Batches<ChatChunk>,
) -> Result<(), Failure> {
    let body = answer.body(MAX_WHOLE).await?;
    let text = String::from_utf8_lossy(&body);
    let read = assembler.event("", &text, chunks).and_then(|_| assembler.finish(false, chunks));
    read.map_err(|failure| Failure { error: with_id(failure.error, &answer), ..failure })
}

/// Whatever went wrong with an answer, its request id helps the provider's support.
fn with_id(error: Error, answer: &Answer) -> Error {
    if error.request_id().is_some() || !error.kind().is_api() { error } else { answer.told(error).error }
}
