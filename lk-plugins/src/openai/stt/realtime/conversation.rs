//! What a session has told so far: who speaks, which segments are being transcribed, what may be let go.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use lk_plugin::{Error, ErrorKind, Result, SpeechData, SpeechEvent, SpeechEventType, samples_to_duration};
use tokio::time::Instant;

use super::super::Call;
use super::super::transcript::Usage;
use super::ledger::{PER_MILLISECOND, SAMPLE_RATE};
use super::protocol::{Message, SHORTEST_SEGMENT_MS};

/// The least time between two interim transcripts.
const INTERIM_INTERVAL: Duration = Duration::from_millis(500);

/// Silence that is kept for the case that the server is about to hear speech in it: 5 s.
const KEPT_SILENCE: u64 = 5_000 * PER_MILLISECOND;

/// A server that opens more segments than this never closes them.
const MAX_ITEMS: usize = 256;

/// The longest transcript of one segment, in bytes.
const MAX_TEXT: usize = 1024 * 1024;

/// What is known of the whole stream and outlives a session.
pub(super) struct Told {
    call: Call,
    // Between the start and the end of speech, as far as our events go.
    speaking: bool,
    last_interim: Option<Instant>,
    // Everything before this is transcribed.
    transcribed: u64,
}

impl Told {
    pub(super) fn new(call: Call) -> Self {
        Self { call, speaking: false, last_interim: None, transcribed: 0 }
    }

    pub(super) fn call(&self) -> &Call {
        &self.call
    }
}

/// One session's view.
pub(super) struct Conversation<'t> {
    told: &'t mut Told,
    // The position of the session's first sample.
    start: u64,
    // Whether the server finds the ends of utterances.
    detects_turns: bool,
    // Where the last segment ended, as far as the server told.
    boundary: u64,
    // Ends that we asked for and that the server has not confirmed.
    commits: VecDeque<u64>,
    items: VecDeque<Item>,
    // The segment whose interim transcript is to be told, and when.
    untold: Option<(String, Instant)>,
    // Whether the server has ever heard anybody: then it would hear the next one too.
    heard_speech: bool,
    // A segment in which nobody spoke.
    ignored: Option<String>,
    // Since when a transcript is due.
    waiting: Option<Instant>,
    // Whether anything was transcribed to its end.
    pub(super) finals: bool,
}

struct Item {
    id: String,
    start: u64,
    // Known when the server has the whole segment.
    end: Option<u64>,
    // Whether we ended it.
    ours: bool,
    // Whether the server heard it begin and did not hear it end.
    speaking: bool,
    text: String,
}

impl<'t> Conversation<'t> {
    pub(super) fn new(told: &'t mut Told, start: u64, detects_turns: bool) -> Self {
        Self {
            told,
            start,
            detects_turns,
            boundary: start,
            commits: VecDeque::new(),
            items: VecDeque::new(),
            untold: None,
            heard_speech: false,
            ignored: None,
            waiting: None,
            finals: false,
        }
    }

    /// Whether there is enough before `mark` for a segment of its own.
    pub(super) fn is_worth_a_commit(&self, mark: u64) -> bool {
        let last = self.commits.back().copied().unwrap_or(self.boundary);
        mark.saturating_sub(last) >= SHORTEST_SEGMENT_MS * PER_MILLISECOND
    }

    /// The segment that ends at `mark` was asked for.
    pub(super) fn committed(&mut self, mark: u64, now: Instant) {
        self.commits.push_back(mark);
        self.waiting.get_or_insert(now);
    }

    /// No more audio will come: what is open is due now.
    pub(super) fn all_sent(&mut self, now: Instant) {
        if !self.is_settled() {
            self.waiting.get_or_insert(now);
        }
    }

    /// The end of a speech that the server never told: a session after the one that heard it begin may hear nothing of it.
    pub(super) fn silence_at_last(&mut self, pushed: u64) -> Option<SpeechEvent> {
        let mut events = Vec::new();
        self.stop_speaking("", pushed, pushed, &mut events);
        events.pop()
    }

    /// Whether all that was asked for has come.
    pub(super) fn is_settled(&self) -> bool {
        self.commits.is_empty() && self.items.is_empty()
    }

    /// Whether the session can be left without asking for anything twice.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_settled() && !self.told.speaking
    }

    /// Since when a transcript is due.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        self.waiting
    }

    /// Everything before this position is transcribed, or was silence for long.
    pub(super) fn releasable(&self, sent: u64) -> u64 {
        let silence = if self.detects_turns && self.commits.is_empty() { sent.saturating_sub(KEPT_SILENCE) } else { 0 };
        let open = self.items.iter().map(|item| item.start).min();
        match open {
            Some(start) => start.min(self.told.transcribed.max(silence)),
            None => self.told.transcribed.max(silence),
        }
    }

    /// What a message of the server means; `ended` says that no more audio will come, `sent` how much went out, `pushed`
    /// how much there is.
    ///
    /// # Errors
    ///
    /// When the server breaks the rules. (Errors that it reports are for the caller to see first.)
    pub(super) fn apply(
        &mut self,
        message: Message,
        now: Instant,
        (ended, sent, pushed): (bool, u64, u64),
    ) -> Result<Vec<SpeechEvent>> {
        let mut events = Vec::new();
        let id = message.item_id.clone().unwrap_or_default();
        if self.ignored.as_deref().is_some_and(|ignored| ignored == id) {
            return Ok(events);
        }
        match message.kind.as_str() {
            "input_audio_buffer.speech_started" => {
                let start = self.position(message.audio_start_ms, sent);
                self.heard_speech = true;
                let item = self.item(&id, start)?;
                (item.start, item.speaking) = (start, true);
                if !std::mem::replace(&mut self.told.speaking, true) {
                    let mut event = SpeechEvent::new(SpeechEventType::StartOfSpeech).with_request_id(id);
                    event.speech_start_time = wall_clock(start, pushed);
                    events.push(event);
                }
            }
            "input_audio_buffer.speech_stopped" => {
                let end = self.position(message.audio_end_ms, sent);
                if let Some(item) = self.items.iter_mut().find(|item| item.id == id) {
                    (item.end, item.speaking) = (Some(end), false);
                }
                self.boundary = self.boundary.max(end);
                self.stop_speaking(&id, end, pushed, &mut events);
            }
            // Not every server says which segment it means; then its transcript is the confirmation.
            "input_audio_buffer.committed" if id.is_empty() => {}
            "input_audio_buffer.committed" => self.confirm(id, now, ended, sent)?,
            "conversation.item.input_audio_transcription.delta" => {
                let boundary = self.boundary;
                let item = self.item(&id, boundary)?;
                item.text.push_str(message.delta.as_deref().unwrap_or_default());
                if item.text.len() > MAX_TEXT {
                    let error = format!("a transcript is longer than {MAX_TEXT} bytes");
                    return Err(Error::new(ErrorKind::Api, error).with_retryable(false));
                }
                let due = self.told.last_interim.map_or(now, |last| now.max(last + INTERIM_INTERVAL));
                self.untold = Some((id, due));
                self.waiting = self.waiting.map(|_| now);
                events.extend(self.interim(now));
            }
            "conversation.item.input_audio_transcription.completed" => {
                self.complete(&id, &message, now, (sent, pushed), &mut events)?;
            }
            "error" if message.is_empty_commit() => {
                // What the server's own detection took first, or too little for anything.
                if let Some(mark) = self.commits.pop_front() {
                    self.boundary = self.boundary.max(mark);
                    self.finish(mark, now);
                }
            }
            // There are more kinds, and there may be more yet.
            _ => {}
        }
        Ok(events)
    }

    /// The interim transcript that is to be told now, if any.
    pub(super) fn interim(&mut self, now: Instant) -> Option<SpeechEvent> {
        let (id, _) = self.untold.take_if(|(_, due)| *due <= now)?;
        let item = self.items.iter().find(|item| item.id == id)?;
        self.told.last_interim = Some(now);
        let mut data = SpeechData::new(self.told.call.language(None).as_str(), item.text.trim());
        data.start_time = self.time(item.start);
        Some(SpeechEvent::interim_transcript(data).with_request_id(id))
    }

    /// When the next interim transcript is to be told.
    pub(super) fn interim_due(&self) -> Option<Instant> {
        self.untold.as_ref().map(|(_, due)| *due)
    }

    fn confirm(&mut self, id: String, now: Instant, ended: bool, sent: u64) -> Result<()> {
        let known = self.items.iter_mut().find(|item| item.id == id);
        match known {
            // The server's own detection.
            Some(Item { end: Some(_), .. }) => {}
            Some(item) => {
                let end = self.commits.pop_front().unwrap_or(sent);
                (item.end, item.ours) = (Some(end), true);
                self.boundary = self.boundary.max(end);
            }
            None => {
                let end = self.commits.pop_front().unwrap_or(sent);
                let start = self.boundary;
                self.boundary = self.boundary.max(end);
                if ended && self.heard_speech {
                    // The rest after the last speech, in which the server heard none. A model would make something up.
                    self.ignored = Some(id);
                    self.told.transcribed = self.told.transcribed.max(end);
                    self.waiting = self.waiting.filter(|_| !self.is_settled());
                    return Ok(());
                }
                let item = self.item(&id, start)?;
                (item.end, item.ours) = (Some(end), true);
            }
        }
        self.waiting.get_or_insert(now);
        Ok(())
    }

    fn complete(
        &mut self,
        id: &str,
        message: &Message,
        now: Instant,
        (sent, pushed): (u64, u64),
        events: &mut Vec<SpeechEvent>,
    ) -> Result<()> {
        let boundary = self.boundary;
        self.item(id, boundary)?;
        let Some(index) = self.items.iter().position(|item| item.id == id) else { return Ok(()) };
        let Some(mut item) = self.items.remove(index) else { return Ok(()) };
        self.untold.take_if(|(untold, _)| untold == id);
        // Not every server confirms before it transcribes.
        let end = item.end.or_else(|| self.commits.pop_front()).unwrap_or(sent);
        self.boundary = self.boundary.max(end);
        if item.speaking {
            self.stop_speaking(id, end, pushed, events);
        }
        if let Some(transcript) = &message.transcript {
            item.text.clone_from(transcript);
        }
        let text = item.text.trim();
        if !text.is_empty() || item.ours {
            let data = SpeechData::new(self.told.call.language(message.language()).as_str(), text)
                .with_times(self.time(item.start), self.time(end));
            events.push(SpeechEvent::final_transcript(data).with_request_id(id));
        }
        let audio = samples_to_duration(end.saturating_sub(item.start), SAMPLE_RATE);
        events.push(SpeechEvent::usage(Usage::of(message.usage.as_ref(), audio)).with_request_id(id));
        self.finals = true;
        self.finish(end, now);
        Ok(())
    }

    /// Everything up to `end` is done, but for what is still open before it.
    fn finish(&mut self, end: u64, now: Instant) {
        self.told.transcribed = self.told.transcribed.max(end);
        let is_due = !self.commits.is_empty() || self.items.iter().any(|item| item.end.is_some());
        self.waiting = is_due.then_some(now);
    }

    fn stop_speaking(&mut self, id: &str, end: u64, pushed: u64, events: &mut Vec<SpeechEvent>) {
        if std::mem::replace(&mut self.told.speaking, false) {
            let mut event = SpeechEvent::new(SpeechEventType::EndOfSpeech).with_request_id(id);
            event.speech_end_time = wall_clock(end, pushed);
            events.push(event);
        }
    }

    /// The segment of this id; a new one begins at `start`.
    fn item(&mut self, id: &str, start: u64) -> Result<&mut Item> {
        if let Some(index) = self.items.iter().position(|item| item.id == id) {
            return Ok(&mut self.items[index]);
        }
        if self.items.len() >= MAX_ITEMS {
            let error = format!("the server began {MAX_ITEMS} segments and ended none");
            return Err(Error::new(ErrorKind::Api, error));
        }
        self.items.push_back(Item { id: id.to_owned(), start, end: None, ours: false, speaking: false, text: String::new() });
        let last = self.items.len() - 1;
        Ok(&mut self.items[last])
    }

    /// Where in the stream the session's `milliseconds` are; now, when it does not tell.
    fn position(&self, milliseconds: Option<u64>, sent: u64) -> u64 {
        let told = milliseconds.map(|time| self.start.saturating_add(time.saturating_mul(PER_MILLISECOND)));
        told.unwrap_or(sent).clamp(self.start, sent.max(self.start))
    }

    fn time(&self, position: u64) -> Duration {
        self.told.call.options.start_time_offset.saturating_add(samples_to_duration(position, SAMPLE_RATE))
    }
}

/// When a position was spoken, if what was pushed last is spoken now.
fn wall_clock(position: u64, pushed: u64) -> Option<SystemTime> {
    SystemTime::now().checked_sub(samples_to_duration(pushed.saturating_sub(position), SAMPLE_RATE))
}
