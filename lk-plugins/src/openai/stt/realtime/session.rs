//! One session: audio out, events in, until everything is transcribed, the session is old, or the connection breaks.

use std::time::Duration;

use lk_plugin::{Error, ErrorKind, EventSender, SpeechEvent};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::super::config::TurnDetectionMode;
use super::Microphone;
use super::conversation::{Conversation, Told};
use super::protocol::{self, Message};
use super::socket::{Received, Socket};
use crate::openai::client::Client;
use crate::openai::failure::{self, Failure};
use crate::openai::patience::Patience;

/// How long past its age a session may go on because somebody speaks.
const GRACE: Duration = Duration::from_secs(60);

/// Why a session ended well.
pub(super) enum Outcome {
    /// The input has ended and is transcribed.
    Finished,
    /// It is time for another one.
    TooOld,
}

/// A session.
pub(super) struct Session<'s> {
    // `None` once it is closed.
    socket: Option<Socket>,
    client: &'s Client,
    patience: &'s Patience,
    microphone: &'s mut Microphone,
    conversation: Conversation<'s>,
    // Everything before this was sent.
    sent: u64,
    // The last end of a segment that we looked at.
    marked: u64,
    too_old: Instant,
    // The last sign of life, and whether we asked for another one since.
    alive: Instant,
    asked: bool,
}

impl<'s> Session<'s> {
    /// A session that begins with what is kept.
    pub(super) fn new(
        socket: Socket,
        client: &'s Client,
        patience: &'s Patience,
        microphone: &'s mut Microphone,
        told: &'s mut Told,
    ) -> Self {
        let (now, start) = (Instant::now(), microphone.ledger.start());
        let too_old = now + told.call().listening.config.max_session_duration;
        let detects_turns = protocol::turns(told.call()).mode != TurnDetectionMode::None;
        Self {
            socket: Some(socket),
            client,
            patience,
            microphone,
            conversation: Conversation::new(told, start, detects_turns),
            sent: start,
            marked: start,
            too_old,
            alive: now,
            asked: false,
        }
    }

    /// Whether anything was transcribed.
    pub(super) fn has_worked(&self) -> bool {
        self.conversation.finals
    }

    /// Runs until its end.
    pub(super) async fn run(&mut self, events: &mut EventSender<SpeechEvent>) -> Result<Outcome, Failure> {
        let Some(mut socket) = self.socket.take() else {
            return Err(Error::new(ErrorKind::Internal, "a session runs once").into());
        };
        loop {
            self.send_what_is_due(&mut socket).await?;
            let now = Instant::now();
            if let Some(event) = self.conversation.interim(now) {
                events.send(event).await?;
            }
            if let Some(outcome) = self.outcome(now) {
                if matches!(outcome, Outcome::Finished)
                    && let Some(event) = self.conversation.silence_at_last(self.microphone.ledger.end())
                {
                    events.send(event).await?;
                }
                socket.close(self.patience).await;
                return Ok(outcome);
            }
            self.check_for_life(&mut socket, now).await?;
            let next_look = self.next_look(now);
            tokio::select! {
                received = socket.next() => {
                    (self.alive, self.asked) = (Instant::now(), false);
                    if let Received::Text(text) = received? {
                        for event in self.read(&text)? {
                            events.send(event).await?;
                        }
                        self.microphone.ledger.release(self.conversation.releasable(self.sent));
                    }
                }
                heard = self.microphone.listen() => heard?,
                () = sleep_until(next_look) => {}
            }
        }
    }

    /// Sends audio, and the ends of segments where they belong.
    async fn send_what_is_due(&mut self, socket: &mut Socket) -> Result<(), Failure> {
        loop {
            if self.sent > self.marked && self.microphone.ledger.is_mark(self.sent) {
                self.marked = self.sent;
                if self.conversation.is_worth_a_commit(self.sent) {
                    socket.send(protocol::COMMIT.to_owned(), self.patience).await?;
                    self.conversation.committed(self.sent, Instant::now());
                }
            }
            let Some(chunk) = self.microphone.ledger.chunk(self.sent) else { break };
            socket.send(protocol::append(&chunk), self.patience).await?;
            self.sent += chunk.len() as u64 / 2;
        }
        self.microphone.ledger.release(self.conversation.releasable(self.sent));
        Ok(())
    }

    fn outcome(&mut self, now: Instant) -> Option<Outcome> {
        if self.microphone.ledger.has_ended() && self.sent >= self.microphone.ledger.end() {
            if self.conversation.is_settled() {
                return Some(Outcome::Finished);
            }
            self.conversation.all_sent(now);
        }
        let old = now >= self.too_old && (self.conversation.is_quiet() || now >= self.too_old + GRACE);
        old.then_some(Outcome::TooOld)
    }

    /// A connection can die without a word, and a server can forget a segment.
    async fn check_for_life(&mut self, socket: &mut Socket, now: Instant) -> Result<(), Failure> {
        let limit = self.patience.stall;
        let late = |what: &str| {
            let host = self.client.endpoint().host();
            let limit = limit.as_secs_f64();
            Failure::from(Error::new(
                ErrorKind::ApiTimeout,
                format!("`{host}`: no {what} within {limit} s; give the option `stall_timeout` to wait longer"),
            ))
        };
        if self.conversation.waiting_since().is_some_and(|since| now >= since + limit) {
            return Err(late("transcript"));
        }
        if now >= self.alive + 2 * limit {
            return Err(late("sign of life"));
        }
        if now >= self.alive + limit && !self.asked {
            self.asked = true;
            socket.ping(self.patience).await?;
        }
        Ok(())
    }

    /// When there is something to do even if nothing happens.
    fn next_look(&self, now: Instant) -> Instant {
        let limit = self.patience.stall;
        let life = self.alive + if self.asked { 2 * limit } else { limit };
        let age = if now < self.too_old { self.too_old } else { self.too_old + GRACE };
        let due = [self.conversation.interim_due(), self.conversation.waiting_since().map(|since| since + limit)];
        due.into_iter().flatten().fold(life.min(age), Instant::min)
    }

    /// What a message of the server brings.
    fn read(&mut self, text: &str) -> Result<Vec<SpeechEvent>, Failure> {
        let endpoint = self.client.endpoint();
        let message: Message = serde_json::from_str(text).map_err(|error| {
            let message = format!("`{}` sent a message that cannot be read", endpoint.host());
            let text = endpoint.redactor().clean(text).into_owned();
            Error::new(ErrorKind::Api, message).with_source(error).with_body(text)
        })?;
        let failed = message.kind == "conversation.item.input_audio_transcription.failed";
        if failed || message.kind == "error" && !message.is_empty_commit() {
            let value: Value = serde_json::from_str(text).unwrap_or_default();
            return Err(failure::from_event(&value, endpoint));
        }
        let ledger = &self.microphone.ledger;
        let progress = (ledger.has_ended(), self.sent, ledger.end());
        Ok(self.conversation.apply(message, Instant::now(), progress)?)
    }
}
