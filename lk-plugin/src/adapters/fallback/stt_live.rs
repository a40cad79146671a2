//! A live transcription that goes on with the next member.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_channel::oneshot;
use futures_core::Stream;

use super::{Failure, Member, Members, Turns};
use crate::adapters::timer::{Patience, sleep};
use crate::audio::samples_to_duration;
use crate::error::{Error, ErrorKind, Result};
use crate::kinds::{RecognizeInput, RecognizeOptions, SpeechEvent, SpeechEventType, SpeechEvents, Stt};
use crate::stream::{EventSender, InputReceiver, InputSink};

/// The stream: its input, what may be needed again of it, and what was told.
pub(super) struct Live {
    members: Arc<Members<dyn Stt>>,
    options: RecognizeOptions,
    input: InputReceiver<RecognizeInput>,
    ended: bool,
    events: EventSender<SpeechEvent>,
    heard: Heard,
    probes: Vec<Probe>,
    // A start was told and no end.
    speaking: bool,
    // The member of now has given a transcript.
    has_final: bool,
}

/// What came in since the last transcript.
#[derive(Default)]
struct Heard {
    items: VecDeque<RecognizeInput>,
    // Where the first of them stands in all that came, and when it begins.
    first: u64,
    start_time: Duration,
    duration: Duration,
}

impl Heard {
    fn push(&mut self, item: RecognizeInput, limit: Duration) {
        self.duration += length(&item);
        self.items.push_back(item);
        while self.duration > limit && self.items.len() > 1 {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some(item) = self.items.pop_front() {
            let length = length(&item);
            self.duration = self.duration.saturating_sub(length);
            self.start_time += length;
            self.first += 1;
        }
    }

    /// A transcript covers what came before `end`, and all that the member was given when it does not say.
    fn transcribed(&mut self, end: Option<Duration>, given: u64) {
        while let Some(item) = self.items.front() {
            let is_covered = self.first < given && end.is_none_or(|end| self.start_time + length(item) <= end);
            if !is_covered {
                return;
            }
            self.forget_first();
        }
    }

    /// The item at that place in all that came; of forgotten ones the first that is left.
    fn at(&self, place: u64) -> Option<&RecognizeInput> {
        self.items.get(usize::try_from(place.saturating_sub(self.first)).ok()?)
    }

    fn end(&self) -> u64 {
        self.first + self.items.len() as u64
    }
}

fn length(item: &RecognizeInput) -> Duration {
    match item {
        RecognizeInput::Frame(frame) => samples_to_duration(frame.samples_per_channel() as u64, frame.sample_rate()),
        RecognizeInput::Flush => Duration::ZERO,
    }
}

/// A member's stream that is fed what was heard.
struct Feed {
    // `None` once the input has ended.
    sink: Option<Box<dyn InputSink<RecognizeInput>>>,
    events: SpeechEvents,
    // The place of the next item to give.
    next: u64,
}

impl Feed {
    /// Opens a stream that begins where what was heard begins.
    fn open(member: &Member<dyn Stt>, options: &RecognizeOptions, heard: &Heard) -> Result<Self> {
        let offset = options.start_time_offset.saturating_add(heard.start_time);
        let stream = member.plugin.stream(&options.clone().with_start_time_offset(offset))?;
        Ok(Self { sink: Some(stream.input.into_sink()), events: stream.events, next: heard.first })
    }

    /// Gives what it takes now. Pending while it takes no more; ready when it has all.
    fn poll_give(&mut self, heard: &Heard, ended: bool, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Some(sink) = &mut self.sink else { return Poll::Ready(Ok(())) };
        self.next = self.next.max(heard.first);
        while let Some(item) = heard.at(self.next).filter(|_| self.next < heard.end()) {
            match sink.poll_ready(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) => sink.start_send(item.clone())?,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            }
            self.next += 1;
        }
        if ended {
            self.sink = None;
        }
        Poll::Ready(Ok(()))
    }
}

/// A member that failed and hears along.
struct Probe {
    member: Arc<Member<dyn Stt>>,
    feed: Feed,
    // Held as long as it runs: nobody else probes the member meanwhile.
    _claim: oneshot::Receiver<()>,
}

impl Probe {
    /// Whether it is over, and with success: at the first transcript with a word in it.
    fn poll(&mut self, heard: &Heard, ended: bool, context: &mut Context<'_>) -> Option<bool> {
        if let Poll::Ready(Err(_)) = self.feed.poll_give(heard, ended, context) {
            return Some(false);
        }
        loop {
            match Pin::new(&mut self.feed.events).poll_next(context) {
                Poll::Pending => return None,
                Poll::Ready(Some(Ok(event))) => {
                    if event.event_type == SpeechEventType::FinalTranscript && !event.text().trim().is_empty() {
                        return Some(true);
                    }
                }
                Poll::Ready(_) => return Some(false),
            }
        }
    }
}

impl Live {
    pub(super) fn new(
        members: Arc<Members<dyn Stt>>,
        options: RecognizeOptions,
        input: InputReceiver<RecognizeInput>,
        events: EventSender<SpeechEvent>,
    ) -> Self {
        let (heard, probes) = (Heard::default(), Vec::new());
        Self { members, options, input, ended: false, events, heard, probes, speaking: false, has_final: false }
    }

    pub(super) async fn run(mut self) -> Result<()> {
        let members = Arc::clone(&self.members);
        members.passed_over().for_each(|member| self.probe(member));
        let mut turns = Turns::new(&members);
        while let Some(member) = turns.next() {
            self.has_final = false;
            let Err(failure) = self.attempt(&member).await else {
                turns.succeeded(&member);
                return Ok(());
            };
            if self.has_final {
                turns.start_over(&member);
            }
            // Never too much: what follows goes on where the last transcript ended.
            let delivered = false;
            if let Some(pause) = turns.failed(&member, failure, delivered, || self.probe(&member))? {
                self.pause(pause).await;
            }
        }
        Err(turns.into_error())
    }

    /// Transcribes with a member until the end of the input or its failure.
    async fn attempt(&mut self, member: &Member<dyn Stt>) -> Result<(), Failure> {
        let mut feed = Feed::open(member, &self.options, &self.heard)?;
        let mut patience = Patience::new(self.members.options.attempt_timeout);
        loop {
            let event = poll_fn(|context| self.poll_event(&mut feed, &mut patience, context)).await;
            match event {
                Some(event) => {
                    patience.restart();
                    self.tell(event?, feed.next).await.map_err(Failure::Gone)?;
                }
                // It may end its events only when its input has ended.
                None if feed.sink.is_none() => return self.close().await.map_err(Failure::Gone),
                None => {
                    return Err(Error::new(ErrorKind::ApiConnection, "the transcription ended before the audio").into());
                }
            }
        }
    }

    fn poll_event(
        &mut self,
        feed: &mut Feed,
        patience: &mut Patience,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<SpeechEvent>>> {
        self.poll_input(context);
        let given = feed.poll_give(&self.heard, self.ended, context);
        let polled = Pin::new(&mut feed.events).poll_next(context);
        if polled.is_ready() {
            return polled;
        }
        match given {
            // What the events have to say about that is more than that it takes no more.
            Poll::Ready(Err(error)) if error.kind() != ErrorKind::Closed => Poll::Ready(Some(Err(error))),
            // Nothing is owed while the audio goes on.
            Poll::Ready(Ok(())) if feed.sink.is_some() => {
                patience.restart();
                Poll::Pending
            }
            _ if patience.is_over(context) => Poll::Ready(Some(Err(self.members.options.timed_out()))),
            _ => Poll::Pending,
        }
    }

    /// Takes what has come in, and lets the probes have it.
    fn poll_input(&mut self, context: &mut Context<'_>) {
        let limit = self.members.options.replay;
        // No more at once than its queue holds: then the members have their turn.
        for _ in 0..crate::stream::QUEUE_CAPACITY {
            if self.ended {
                break;
            }
            match Pin::new(&mut self.input).poll_next(context) {
                Poll::Pending => break,
                Poll::Ready(None) => self.ended = true,
                Poll::Ready(Some(item)) => self.heard.push(item, limit),
            }
        }
        let Self { members, heard, probes, ended, .. } = self;
        probes.retain_mut(|probe| match probe.poll(heard, *ended, context) {
            None => true,
            Some(recovered) => {
                if recovered {
                    probe.member.set_available(true, &members.monitor);
                }
                false
            }
        });
    }

    /// Waits, and hears on.
    async fn pause(&mut self, duration: Duration) {
        let mut pause = std::pin::pin!(sleep(duration));
        poll_fn(|context| {
            self.poll_input(context);
            pause.as_mut().poll(context)
        })
        .await;
    }

    /// Lets a member that failed hear along, if nobody else asks it.
    fn probe(&mut self, member: &Arc<Member<dyn Stt>>) {
        if member.is_available() {
            return;
        }
        let Some(claim) = member.claim_probe(self.members.options.probe_interval) else { return };
        if let Ok(feed) = Feed::open(member, &self.options, &self.heard) {
            self.probes.push(Probe { member: Arc::clone(member), feed, _claim: claim });
        }
    }

    async fn tell(&mut self, event: SpeechEvent, given: u64) -> Result<()> {
        match event.event_type {
            // The next member hears the start again of what is being said.
            SpeechEventType::StartOfSpeech if std::mem::replace(&mut self.speaking, true) => return Ok(()),
            SpeechEventType::EndOfSpeech if !std::mem::replace(&mut self.speaking, false) => return Ok(()),
            SpeechEventType::FinalTranscript => {
                let first = self.heard.first;
                let end = event.alternatives.first().map(|data| data.end_time).filter(|end| !end.is_zero());
                let end = end.map(|end| end.saturating_sub(self.options.start_time_offset));
                self.heard.transcribed(end, given);
                // Only what is behind us counts: who tells the same again makes no progress.
                self.has_final |= self.heard.first > first;
            }
            _ => {}
        }
        self.events.send(event).await
    }

    /// Whoever was told of a start is told of the end.
    async fn close(&mut self) -> Result<()> {
        if std::mem::take(&mut self.speaking) {
            self.events.send(SpeechEvent::new(SpeechEventType::EndOfSpeech)).await?;
        }
        Ok(())
    }
}
