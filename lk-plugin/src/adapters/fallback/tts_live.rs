//! Live speech that goes on with the next voice.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::tts::{Format, Text, probe};
use super::{Failure, Member, Members, Turns};
use crate::adapters::rate::RateConverter;
use crate::adapters::timer::{Patience, sleep};
use crate::error::{Error, ErrorKind, Result};
use crate::kinds::{ChunkedStream, SynthesizeInput, SynthesizeOptions, SynthesizedAudio, Tts};
use crate::stream::{EventSender, InputReceiver, InputSink};

/// How much text may wait that no voice has spoken yet, in bytes: then the stream takes no more until one does.
const MOST_WAITING: usize = 256 * 1024;

/// The stream: its input, what of it was not spoken yet, and what was heard.
pub(super) struct Live {
    members: Arc<Members<dyn Tts>>,
    format: Format,
    options: SynthesizeOptions,
    input: InputReceiver<SynthesizeInput>,
    ended: bool,
    audio: EventSender<SynthesizedAudio>,
    unspoken: Unspoken,
    segments: u64,
    // Part of the segment is out.
    delivered: bool,
    // The voice of now has spoken a whole segment.
    has_segment: bool,
}

/// The text from the segment on that is being spoken, with its flushes.
#[derive(Default)]
struct Unspoken {
    items: VecDeque<SynthesizeInput>,
    bytes: usize,
}

impl Unspoken {
    fn push(&mut self, item: SynthesizeInput) {
        if let SynthesizeInput::Text(text) = &item {
            self.bytes += text.len();
        }
        self.items.push_back(item);
    }

    /// Whether a segment that has something to say was flushed: then a voice owes its audio.
    fn is_owed(&self, ended: bool) -> bool {
        let mut visible = false;
        for item in &self.items {
            match item {
                SynthesizeInput::Text(text) => visible |= !text.trim().is_empty(),
                SynthesizeInput::Flush if visible => return true,
                SynthesizeInput::Flush => {}
            }
        }
        ended && visible
    }

    /// The first segment was spoken to its end. How many items that were.
    fn spoken(&mut self) -> usize {
        let (mut visible, mut count) = (false, 0);
        while let Some(item) = self.items.pop_front() {
            count += 1;
            match item {
                SynthesizeInput::Text(text) => {
                    self.bytes -= text.len();
                    visible |= !text.trim().is_empty();
                }
                SynthesizeInput::Flush if visible => break,
                SynthesizeInput::Flush => {}
            }
        }
        count
    }

    /// The text of the first segment as far as it is here.
    fn first(&self) -> String {
        let mut first = String::new();
        for item in &self.items {
            match item {
                SynthesizeInput::Text(text) => first.push_str(text),
                SynthesizeInput::Flush if first.trim().is_empty() => {}
                SynthesizeInput::Flush => break,
            }
        }
        first
    }
}

/// A voice's stream that is fed what was not spoken.
struct Feed {
    // `None` once the input has ended.
    sink: Option<Box<dyn InputSink<SynthesizeInput>>>,
    audio: ChunkedStream,
    converter: RateConverter,
    // How many of the unspoken items it was given.
    given: usize,
}

impl Feed {
    fn open(member: &Member<dyn Tts>, options: &SynthesizeOptions, format: Format) -> Result<Self> {
        let converter = format.converter(&*member.plugin)?;
        let stream = member.plugin.stream(options)?;
        Ok(Self { sink: Some(stream.input.into_sink()), audio: stream.audio, converter, given: 0 })
    }

    /// Gives what it takes now. Pending while it takes no more; ready when it has all.
    fn poll_give(&mut self, unspoken: &Unspoken, ended: bool, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Some(sink) = &mut self.sink else { return Poll::Ready(Ok(())) };
        while let Some(item) = unspoken.items.get(self.given) {
            match sink.poll_ready(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) => sink.start_send(item.clone())?,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            }
            self.given += 1;
        }
        if ended {
            self.sink = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl Live {
    pub(super) fn new(
        members: Arc<Members<dyn Tts>>,
        format: Format,
        options: SynthesizeOptions,
        input: InputReceiver<SynthesizeInput>,
        audio: EventSender<SynthesizedAudio>,
    ) -> Self {
        let unspoken = Unspoken::default();
        let (ended, segments, delivered, has_segment) = (false, 0, false, false);
        Self { members, format, options, input, ended, audio, unspoken, segments, delivered, has_segment }
    }

    pub(super) async fn run(mut self) -> Result<()> {
        let members = Arc::clone(&self.members);
        let mut turns = Turns::new(&members);
        while let Some(member) = turns.next() {
            self.has_segment = false;
            let Err(failure) = self.attempt(&member).await else {
                turns.succeeded(&member);
                return Ok(());
            };
            if self.has_segment {
                turns.start_over(&member);
            }
            let delivered = std::mem::take(&mut self.delivered);
            let pause = turns.failed(&member, failure, delivered, || self.probe(&member))?;
            sleep(pause.unwrap_or_default()).await;
        }
        Err(turns.into_error())
    }

    /// Speaks with a voice until the end of the input or its failure.
    async fn attempt(&mut self, member: &Arc<Member<dyn Tts>>) -> Result<(), Failure> {
        let mut feed = Feed::open(member, &self.options, self.format)?;
        let mut patience = Patience::new(self.members.options.attempt_timeout);
        let mut segment_id = None;
        loop {
            let piece = poll_fn(|context| self.poll_piece(&mut feed, &mut patience, context)).await;
            let Some(piece) = piece else {
                // It may end only when its input has, and all was spoken.
                if feed.sink.is_none() && !self.unspoken.is_owed(true) && !self.delivered {
                    return Ok(());
                }
                let error = Error::new(ErrorKind::Api, "the speech ended before the text was spoken");
                return Err(error.into());
            };
            patience.restart();
            let Some(mut piece) = feed.converter.convert(piece?)? else { continue };
            if !std::mem::replace(&mut self.delivered, true) {
                self.segments += 1;
                // Those that were passed over are asked for what is now spoken.
                let members = Arc::clone(&self.members);
                members.passed_over().filter(|other| !Arc::ptr_eq(other, member)).for_each(|other| self.probe(other));
            }
            let id = segment_id.get_or_insert_with(|| format!("segment-{}", self.segments));
            piece.segment_id.clone_from(id);
            let is_final = piece.is_final;
            self.audio.send(piece).await.map_err(Failure::Gone)?;
            if is_final {
                let spoken = self.unspoken.spoken();
                feed.given = feed.given.saturating_sub(spoken);
                (self.delivered, self.has_segment, segment_id) = (false, true, None);
            }
        }
    }

    fn poll_piece(
        &mut self,
        feed: &mut Feed,
        patience: &mut Patience,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<SynthesizedAudio>>> {
        while !self.ended && self.unspoken.bytes < MOST_WAITING && self.unspoken.items.len() < MOST_WAITING {
            match Pin::new(&mut self.input).poll_next(context) {
                Poll::Pending => break,
                Poll::Ready(None) => self.ended = true,
                Poll::Ready(Some(item)) => self.unspoken.push(item),
            }
        }
        let given = feed.poll_give(&self.unspoken, self.ended, context);
        let polled = Pin::new(&mut feed.audio).poll_next(context);
        if polled.is_ready() {
            return polled;
        }
        match given {
            // What the audio has to say about that is more than that it takes no more.
            Poll::Ready(Err(error)) if error.kind() != ErrorKind::Closed => Poll::Ready(Some(Err(error))),
            // A voice may wait for the end of a sentence, but not after a flush.
            Poll::Ready(Ok(())) if !self.unspoken.is_owed(self.ended) && feed.sink.is_some() => {
                patience.restart();
                Poll::Pending
            }
            _ if patience.is_over(context) => Poll::Ready(Some(Err(self.members.options.timed_out()))),
            _ => Poll::Pending,
        }
    }

    fn probe(&self, member: &Arc<Member<dyn Tts>>) {
        let asked = Text { text: self.unspoken.first(), options: self.options.clone() };
        probe(&self.members, member, &Arc::new(asked));
    }
}
