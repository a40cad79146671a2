//! Server-sent events out of an answer: borders of pieces anywhere, lengths within a limit, deadlines kept.

use std::num::NonZeroUsize;
use std::time::Duration;

use bytes::{Buf as _, Bytes};
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
    // How many bytes of the piece were given out already.
    used: usize,
    ended: bool,
    limit: NonZeroUsize,
    // Whether the decoder is between two events.
    between: bool,
    // Whether the decoder has seen the beginning of the answer, where a byte order mark is none of it.
    begun: bool,
    // Since when bytes have come without making up a line.
    line_since: Option<Instant>,
}

impl SseReader {
    /// Events of at most `limit` bytes.
    pub(crate) fn new(answer: Answer, limit: NonZeroUsize) -> Self {
        let decoder = SseDecoder::with_limit(limit);
        let (piece, between, begun) = (Bytes::new(), true, false);
        Self { answer, decoder, piece, used: 0, ended: false, limit, between, begun, line_since: None }
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

    /// The data of the next event, if it is here as a whole and the event is as plain as most are: one line of data. It
    /// is not copied then. What is anything else is left for [`buffered`](Self::buffered).
    pub(crate) fn plain(&mut self) -> Option<&[u8]> {
        const DATA: &[u8] = b"data: ";
        self.pass_used();
        let line = self.piece.strip_prefix(DATA).filter(|_| self.between && self.begun)?;
        let end = memchr::memchr2(b'\n', b'\r', line).filter(|end| *end <= self.limit.get())?;
        if line.get(end..end + 2)? != b"\n\n" {
            return None;
        }
        self.used = DATA.len() + end + 2;
        Some(&line[..end])
    }

    fn pass_used(&mut self) {
        self.piece.advance(std::mem::take(&mut self.used));
    }

    /// The next event of what has arrived, without waiting.
    ///
    /// # Errors
    ///
    /// An event longer than the limit.
    pub(crate) fn buffered(&mut self) -> Result<Option<MessageEvent>, Failure> {
        self.pass_used();
        self.between &= self.piece.is_empty();
        self.begun |= !self.piece.is_empty();
        loop {
            match self.decoder.next(&mut self.piece) {
                Some(Ok(SseEvent::Message(event))) => {
                    self.between = true;
                    return Ok(Some(event));
                }
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
        let passed = self.line_since.map_or(Duration::ZERO, |since| since.elapsed());
        let chunk = self.answer.chunk_after(passed).await?;
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

    /// Takes a piece, or the end; what came before has been read.
    pub(crate) fn take(&mut self, chunk: Option<Bytes>) {
        self.used = 0;
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
