//! Server-sent events out of an answer: borders of pieces anywhere, lengths within a limit, deadlines kept.

use std::num::NonZeroUsize;

use bytes::Bytes;
use lk_plugin::{Error, ErrorKind};
use sse_core::{MessageEvent, SseDecoder, SseEvent};
use tokio::time::Instant;

use super::client::Answer;
use super::failure::Failure;

/// The events of an answer. Text that is not UTF-8 is read as the format demands: with U+FFFD in its place.
pub(crate) struct SseReader {
    answer: Answer,
    decoder: SseDecoder,
    piece: Bytes,
    ended: bool,
    limit: NonZeroUsize,
    // Since when bytes have come without making up a line.
    line_since: Option<Instant>,
}

impl SseReader {
    /// Events of at most `limit` bytes.
    pub(crate) fn new(answer: Answer, limit: NonZeroUsize) -> Self {
        let decoder = SseDecoder::with_limit(limit);
        Self { answer, decoder, piece: Bytes::new(), ended: false, limit, line_since: None }
    }

    pub(crate) fn answer(&self) -> &Answer {
        &self.answer
    }

    /// The next event; `None` at the end of the answer.
    ///
    /// # Errors
    ///
    /// As [`buffered`](Self::buffered) and [`fill`](Self::fill).
    pub(crate) async fn next(&mut self) -> Result<Option<MessageEvent>, Failure> {
        loop {
            if let Some(event) = self.buffered()? {
                return Ok(Some(event));
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    /// The next event of what has arrived, without waiting.
    ///
    /// # Errors
    ///
    /// An event longer than the limit.
    pub(crate) fn buffered(&mut self) -> Result<Option<MessageEvent>, Failure> {
        loop {
            match self.decoder.next(&mut self.piece) {
                Some(Ok(SseEvent::Message(event))) => return Ok(Some(event)),
                Some(Ok(SseEvent::Retry(_))) => {}
                Some(Err(_)) => {
                    let message = format!("the server sent an event longer than {} bytes", self.limit);
                    return Err(self.answer.told(Error::new(ErrorKind::Api, message).with_retryable(false)));
                }
                None => return Ok(None),
            }
        }
    }

    /// Waits for more bytes; `false` at the end of the answer. A server that sends lines is alive, whatever is in them;
    /// one that drips bytes without ever ending a line is not.
    ///
    /// # Errors
    ///
    /// An answer that stands still or breaks off.
    pub(crate) async fn fill(&mut self) -> Result<bool, Failure> {
        if self.ended {
            return Ok(false);
        }
        let stall = self.answer.patience().stall;
        let limit = self.line_since.map_or(stall, |since| stall.saturating_sub(since.elapsed()));
        let chunk = self.answer.chunk_within(limit).await?;
        self.take(chunk);
        Ok(true)
    }

    /// Takes bytes that are here already; `false` when there are none, or after the end.
    ///
    /// # Errors
    ///
    /// An answer that breaks off.
    pub(crate) fn fill_at_hand(&mut self) -> Result<bool, Failure> {
        if self.ended {
            return Ok(false);
        }
        match self.answer.chunk_at_hand() {
            Some(chunk) => {
                let chunk = chunk?;
                self.take(chunk);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn take(&mut self, chunk: Option<Bytes>) {
        match chunk {
            Some(chunk) => {
                if chunk.iter().rev().any(|byte| matches!(byte, b'\n' | b'\r')) {
                    self.line_since = None;
                } else if self.line_since.is_none() {
                    self.line_since = Some(Instant::now());
                }
                self.piece = chunk;
            }
            None => {
                self.ended = true;
                // Some servers leave out the empty line after their last event.
                self.piece = Bytes::from_static(b"\n\n");
            }
        }
    }
}
