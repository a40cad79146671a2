//! What happened, for people: what was said as it is said, then latencies, a picture, and totals.

use std::time::Duration;

use lk_plugin::monitor::MonitorEvent;

use super::config::Labels;
use crate::timeline::{self, Segment};
use crate::voice::{VoiceEvent, VoiceEventType};
use crate::{output, terminal};

/// The width of the picture where there is no terminal.
const WIDTH: u16 = 80;

/// The widest picture: beyond it lines are hard to compare.
const MAX_WIDTH: u16 = 120;

/// What happened so far.
pub(super) struct Report {
    /// How long the recording is.
    pub(super) input: Duration,
    /// How long the answers are, with the silence between.
    pub(super) length: Duration,
    /// How long all of it took.
    pub(super) took: Duration,
    labels: Labels,
    turns: Vec<Turn>,
    tokens: (u64, u64),
    characters: u64,
    transcribed: Duration,
    gaps: Duration,
}

/// One turn, in numbers.
#[derive(Debug, Default)]
struct Turn {
    spoken: Option<Duration>,
    silent: Option<Duration>,
    // The silence that it took to be sure of the end.
    silence: Option<Duration>,
    transcript: Option<Duration>,
    first_token: Option<Duration>,
    first_audio: Option<Duration>,
    total: Option<Duration>,
    reply: Option<Segment>,
    outcome: Option<Outcome>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    Answered,
    Interrupted,
    NothingUnderstood,
    Failed,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Interrupted => "interrupted",
            Self::NothingUnderstood => "nothing understood",
            Self::Failed => "failed",
        }
    }
}

/// What is said in the event, as a line; empty when it is something else.
pub(super) fn said(event: &VoiceEvent) -> String {
    let line = |who: &str, text: &str| {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{:>9.3} s  {who:<5}  {text}\n", event.at.as_secs_f64())
    };
    match &event.event_type {
        VoiceEventType::Transcript { text, .. } => line("user", text),
        VoiceEventType::ReplyEnded(ended) if !ended.interrupted => line("agent", &ended.heard),
        VoiceEventType::ReplyEnded(ended) if ended.heard.is_empty() => {
            line("agent", "[cut off before a word was heard]")
        }
        VoiceEventType::ReplyEnded(ended) => {
            line("agent", &format!("{} {} [cut off]", ended.heard, terminal::ellipsis()))
        }
        VoiceEventType::NothingUnderstood { .. } => line("user", "[nothing understood]"),
        VoiceEventType::Failed(failure) if !failure.heard.is_empty() => {
            line("agent", &format!("{} {} [failed]", failure.heard, terminal::ellipsis()))
        }
        _ => String::new(),
    }
}

impl Report {
    pub(super) fn new(labels: Labels) -> Self {
        Self {
            input: Duration::ZERO,
            length: Duration::ZERO,
            took: Duration::ZERO,
            labels,
            turns: Vec::new(),
            tokens: (0, 0),
            characters: 0,
            transcribed: Duration::ZERO,
            gaps: Duration::ZERO,
        }
    }

    /// Takes in what happened.
    pub(super) fn take(&mut self, event: &VoiceEvent) {
        // Turns are numbered from 1, and begin in that order.
        let Some(index) = usize::try_from(event.turn).ok().and_then(|turn| turn.checked_sub(1)) else { return };
        if index >= self.turns.len() {
            self.turns.resize_with(index + 1, Turn::default);
        }
        let turn = &mut self.turns[index];
        match &event.event_type {
            VoiceEventType::SpeechStarted { started } => turn.spoken = Some(*started),
            VoiceEventType::SpeechEnded { ended } => {
                turn.silent = Some(*ended);
                turn.silence = Some(event.at.saturating_sub(*ended));
            }
            VoiceEventType::Transcript { delay, .. } => turn.transcript = Some(*delay),
            VoiceEventType::NothingUnderstood { delay } => {
                turn.transcript = Some(*delay);
                turn.outcome = Some(Outcome::NothingUnderstood);
            }
            VoiceEventType::FirstToken { delay } => turn.first_token = Some(*delay),
            VoiceEventType::FirstAudio { delay, total } => {
                (turn.first_audio, turn.total) = (Some(*delay), Some(*total));
                turn.reply = Some(Segment { start: event.at, end: event.at });
            }
            VoiceEventType::ReplyEnded(ended) => {
                turn.outcome = Some(if ended.interrupted { Outcome::Interrupted } else { Outcome::Answered });
                turn.end_reply(event.at);
                self.gaps += ended.gaps;
            }
            VoiceEventType::Failed(_) => {
                turn.outcome = Some(Outcome::Failed);
                turn.end_reply(event.at);
            }
            VoiceEventType::InterimTranscript { .. } | VoiceEventType::Reply { .. } => {}
        }
    }

    /// Takes in what a plugin did.
    pub(super) fn count(&mut self, event: &MonitorEvent) {
        // The members of a fallback report too, and are part of what it reports.
        let is_ours = |kind: &str, label: &str| label == self.labels.of(kind);
        match event {
            MonitorEvent::Llm(metrics) if is_ours("llm", &metrics.label) => {
                self.tokens.0 += metrics.prompt_tokens;
                self.tokens.1 += metrics.completion_tokens;
            }
            MonitorEvent::Tts(metrics) if is_ours("tts", &metrics.label) => self.characters += metrics.characters_count,
            MonitorEvent::Stt(metrics) if is_ours("stt", &metrics.label) && metrics.error.is_none() => {
                self.transcribed += metrics.audio_duration;
            }
            _ => {}
        }
    }

    pub(super) fn turns(&self) -> usize {
        self.turns.len()
    }

    pub(super) fn answered(&self) -> usize {
        self.with(Outcome::Answered)
    }

    pub(super) fn interrupted(&self) -> usize {
        self.with(Outcome::Interrupted)
    }

    pub(super) fn failed(&self) -> usize {
        self.with(Outcome::Failed)
    }

    fn with(&self, outcome: Outcome) -> usize {
        self.turns.iter().filter(|turn| turn.outcome == Some(outcome)).count()
    }

    /// The latencies of all turns, the picture and the totals.
    pub(super) fn text(&self) -> String {
        let mut parts = Vec::new();
        if !self.turns.is_empty() {
            parts.push(self.table());
        }
        let speech: Vec<Segment> = self.turns.iter().filter_map(|turn| turn.speech(self.length)).collect();
        let replies: Vec<Segment> = self.turns.iter().filter_map(|turn| turn.reply).collect();
        let width = output::width().unwrap_or(WIDTH).min(MAX_WIDTH);
        let tracks = [("user", &*speech), ("agent", &*replies)];
        parts.push(timeline::draw_tracks(&tracks, self.length, usize::from(width), terminal::is_unicode()));
        parts.push(self.totals());
        parts.retain(|part| !part.is_empty());
        // What was said stands before.
        let gap = if self.turns.is_empty() { "" } else { "\n" };
        gap.to_owned() + &parts.join("\n")
    }

    fn table(&self) -> String {
        let seconds =
            |time: Option<Duration>| time.map_or_else(|| "-".to_owned(), |time| format!("{:.3}", time.as_secs_f64()));
        let rows = self.turns.iter().zip(1..).map(|(turn, number): (_, u64)| {
            [
                number.to_string(),
                seconds(turn.silence),
                seconds(turn.transcript),
                seconds(turn.first_token),
                seconds(turn.first_audio),
                seconds(turn.total),
                turn.outcome.map_or("cut short", Outcome::as_str).to_owned(),
            ]
        });
        let header = ["TURN", "SILENCE (s)", "TRANSCRIPT (s)", "TOKEN (s)", "AUDIO (s)", "TOTAL (s)", "OUTCOME"];
        output::table(header, rows, &[0, 1, 2, 3, 4, 5])
    }

    fn totals(&self) -> String {
        let count = |outcome| self.with(outcome);
        let (answered, interrupted) = (count(Outcome::Answered), count(Outcome::Interrupted));
        let (silent, failed) = (count(Outcome::NothingUnderstood), count(Outcome::Failed));
        let more = |count: usize, what: &str| if count == 0 { String::new() } else { format!(", {count} {what}") };
        format!(
            "plugins          {}\n\
             recording        {:.3} s\n\
             answers          {:.3} s\n\
             turns            {}: {answered} answered, {interrupted} interrupted{}{}\n\
             transcribed      {:.3} s of speech\n\
             tokens           {} read, {} written\n\
             characters       {} spoken\n{}\
             processing time  {:.3} s\n",
            self.labels.iter().collect::<Vec<_>>().join(", "),
            self.input.as_secs_f64(),
            self.length.as_secs_f64(),
            self.turns.len(),
            more(silent, "not understood"),
            more(failed, "failed"),
            self.transcribed.as_secs_f64(),
            self.tokens.0,
            self.tokens.1,
            self.characters,
            self.late(),
            self.took.as_secs_f64(),
        )
    }

    /// Whether speech came too late to be heard without a gap.
    fn late(&self) -> String {
        if self.gaps.is_zero() {
            return String::new();
        }
        format!("gaps             {:.3} s within the answers, where speech came too late\n", self.gaps.as_secs_f64())
    }
}

impl Turn {
    fn end_reply(&mut self, at: Duration) {
        if let Some(reply) = &mut self.reply {
            reply.end = at;
        }
    }

    fn speech(&self, length: Duration) -> Option<Segment> {
        let start = self.spoken?;
        Some(Segment { start, end: self.silent.unwrap_or(length).max(start) })
    }
}
