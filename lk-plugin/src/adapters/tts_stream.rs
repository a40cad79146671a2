//! Speech while the text is written, a sentence at a time.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_channel::mpsc;
use futures_core::Stream;
use futures_util::future::try_join;

use super::sentences::Sentences;
use crate::audio::{AudioFrame, duration_to_samples};
use crate::error::{Error, ErrorKind, Result};
use crate::kinds::{
    ChunkedStream, SynthesizeInput, SynthesizeOptions, SynthesizeStream, SynthesizedAudio, TimedString, Tts,
    TtsCapabilities,
};
use crate::stream::{EventSender, InputHalf, InputReceiver};

/// How many sentences wait to be spoken; when there are more, the stream takes no text until one is done.
const WAITING_PIECES: usize = 8;

/// How much of a sentence is held back until it is known whether another follows: what ends a segment must be its last audio.
const HELD_BACK: Duration = Duration::from_millis(10);

/// How text is cut into sentences; the names are LiveKit's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TtsStreamOptions {
    /// The fewest characters that are spoken at once, where a segment has so many: shorter sentences go with the next one. 20
    /// unless told.
    pub min_sentence_len: usize,
    /// How many characters must be there before the first end of a sentence is looked for. 10 unless told.
    pub stream_context_len: usize,
}

impl Default for TtsStreamOptions {
    fn default() -> Self {
        Self { min_sentence_len: 20, stream_context_len: 10 }
    }
}

impl TtsStreamOptions {
    /// Sets the fewest characters that are spoken at once.
    #[must_use]
    pub fn with_min_sentence_len(mut self, characters: usize) -> Self {
        self.min_sentence_len = characters;
        self
    }

    /// Sets how many characters must be there before the first end of a sentence is looked for.
    #[must_use]
    pub fn with_stream_context_len(mut self, characters: usize) -> Self {
        self.stream_context_len = characters;
        self
    }
}

/// Live speech made of a plugin that speaks whole texts.
///
/// Text is cut into sentences by Unicode's rules (UAX #29), which know every script; "Mr." and its like do not end one. While a
/// sentence is heard, the next one is already asked for, and no more than that. Audio comes in the order of the text. The
/// first frame of a sentence has its text as `delta_text` and, with the time at which it begins in its segment, in
/// `timed_transcripts`, unless the plugin itself tells better.
///
/// A flush ends a segment; the last of its frames alone is final. The last 10 ms of a sentence come when the next sentence
/// does, or the end. Each sentence is a request of its own, with the provider's id of it. Blank text is not spoken.
/// [`synthesize`](Tts::synthesize) is the plugin's own.
///
/// ```
/// use std::sync::Arc;
/// use lk_plugin::adapters::{TtsStreamAdapter, TtsStreamOptions};
/// use lk_plugin::{AudioFrame, Result, SynthesizeOptions, Tts};
///
/// async fn spoken(tts: Arc<dyn Tts>, tokens: Vec<String>) -> Result<AudioFrame> {
///     let live = TtsStreamAdapter::new(tts).with_options(TtsStreamOptions::default().with_min_sentence_len(10));
///     live.stream(&SynthesizeOptions::default())?.feed(tokens).collect_frame().await
/// }
/// ```
pub struct TtsStreamAdapter {
    tts: Arc<dyn Tts>,
    options: TtsStreamOptions,
}

impl TtsStreamAdapter {
    /// Live speech by `tts`.
    #[must_use]
    pub fn new(tts: Arc<dyn Tts>) -> Self {
        Self { tts, options: TtsStreamOptions::default() }
    }

    /// Sets how text is cut into sentences.
    #[must_use]
    pub fn with_options(mut self, options: TtsStreamOptions) -> Self {
        self.options = options;
        self
    }
}

impl Tts for TtsStreamAdapter {
    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities::default().with_streaming(true).with_aligned_transcript(true)
    }

    fn sample_rate(&self) -> u32 {
        self.tts.sample_rate()
    }

    fn channels(&self) -> u16 {
        self.tts.channels()
    }

    fn model(&self) -> &str {
        self.tts.model()
    }

    fn provider(&self) -> &str {
        self.tts.provider()
    }

    fn synthesize(&self, text: &str, options: &SynthesizeOptions) -> Result<ChunkedStream> {
        self.tts.synthesize(text, options)
    }

    fn stream(&self, options: &SynthesizeOptions) -> Result<SynthesizeStream> {
        let TtsStreamOptions { min_sentence_len, stream_context_len } = self.options;
        let sentences = Sentences::new(min_sentence_len, stream_context_len);
        let (tts, options) = (Arc::clone(&self.tts), options.clone());
        Ok(SynthesizeStream::from_fn(move |input, audio| async move {
            let (pieces, waiting) = mpsc::channel(WAITING_PIECES - 1);
            let ahead = Ahead { tts: Arc::clone(&tts), options, waiting, ended: false, next: None };
            let format = (tts.sample_rate(), tts.channels());
            try_join(cut(sentences, input, InputHalf::new(Box::new(pieces))), speak(ahead, format, audio))
                .await
                .map(|_| ())
        }))
    }

    fn prewarm(&self) {
        self.tts.prewarm();
    }
}

/// What the text consists of.
enum Piece {
    Sentence(String),
    EndOfSegment,
}

async fn cut(
    mut sentences: Sentences,
    mut input: InputReceiver<SynthesizeInput>,
    mut pieces: InputHalf<Piece>,
) -> Result<()> {
    loop {
        match input.next().await {
            Some(SynthesizeInput::Text(text)) => {
                sentences.push(&text);
                while let Some(sentence) = sentences.next() {
                    pieces.push(Piece::Sentence(sentence)).await?;
                }
            }
            flush_or_end => {
                pieces.push(Piece::Sentence(sentences.rest())).await?;
                pieces.push(Piece::EndOfSegment).await?;
                if flush_or_end.is_none() {
                    return Ok(());
                }
            }
        }
    }
}

/// What comes next: a sentence whose speech was asked for, or the end of the segment.
enum Next {
    Sentence(Sentence),
    EndOfSegment,
}

/// A sentence that is being spoken.
struct Sentence {
    text: String,
    audio: ChunkedStream,
    // What came while the sentence before was still heard: at most one event.
    first: Option<Option<Result<SynthesizedAudio>>>,
}

impl Sentence {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<SynthesizedAudio>>> {
        match self.first.take() {
            Some(event) => Poll::Ready(event),
            None => Pin::new(&mut self.audio).poll_next(context),
        }
    }
}

/// Looks one piece ahead.
struct Ahead {
    tts: Arc<dyn Tts>,
    options: SynthesizeOptions,
    waiting: mpsc::Receiver<Piece>,
    ended: bool,
    next: Option<Next>,
}

impl Ahead {
    /// Asks for the next sentence's speech, and waits for its beginning.
    fn advance(&mut self, context: &mut Context<'_>) {
        while self.next.is_none() && !self.ended {
            match Pin::new(&mut self.waiting).poll_next(context) {
                Poll::Pending => return,
                Poll::Ready(None) => self.ended = true,
                Poll::Ready(Some(Piece::EndOfSegment)) => self.next = Some(Next::EndOfSegment),
                Poll::Ready(Some(Piece::Sentence(text))) if text.trim().is_empty() => {}
                Poll::Ready(Some(Piece::Sentence(text))) => {
                    // A failure is told when its turn comes: there may be a sentence still to be heard.
                    let audio = self.tts.synthesize(text.trim(), &self.options).unwrap_or_else(ChunkedStream::failed);
                    self.next = Some(Next::Sentence(Sentence { text, audio, first: None }));
                }
            }
        }
        if let Some(Next::Sentence(sentence)) = &mut self.next
            && sentence.first.is_none()
            && let Poll::Ready(event) = Pin::new(&mut sentence.audio).poll_next(context)
        {
            sentence.first = Some(event);
        }
    }

    /// What comes next; `None` after the last segment.
    async fn take(&mut self) -> Option<Next> {
        poll_fn(|context| {
            self.advance(context);
            match self.next.take() {
                None if !self.ended => Poll::Pending,
                next => Poll::Ready(next),
            }
        })
        .await
    }
}

async fn speak(mut ahead: Ahead, format: (u32, u16), audio: EventSender<SynthesizedAudio>) -> Result<()> {
    let mut segment = Segment::new(format, audio);
    while let Some(next) = ahead.take().await {
        match next {
            Next::EndOfSegment => segment.end().await?,
            Next::Sentence(mut sentence) => {
                segment.begin(&sentence.text);
                let mut heard = |context: &mut Context<'_>| {
                    let event = sentence.poll_next(context);
                    if event.is_pending() {
                        ahead.advance(context);
                    }
                    event
                };
                while let Some(piece) = poll_fn(&mut heard).await {
                    segment.push(piece?).await?;
                }
            }
        }
    }
    Ok(())
}

/// What is sent of a segment.
struct Segment {
    format: (u32, u16),
    audio: EventSender<SynthesizedAudio>,
    number: u64,
    // The end of what was last spoken.
    held: Option<SynthesizedAudio>,
    // How much was spoken in all, and before this sentence.
    spoken: Duration,
    begin: Duration,
    // Text that no audio came for yet.
    text: String,
}

impl Segment {
    fn new(format: (u32, u16), audio: EventSender<SynthesizedAudio>) -> Self {
        Self {
            format,
            audio,
            number: 1,
            held: None,
            spoken: Duration::ZERO,
            begin: Duration::ZERO,
            text: String::new(),
        }
    }

    fn begin(&mut self, text: &str) {
        self.text.push_str(text);
        self.begin = self.spoken;
    }

    async fn push(&mut self, mut piece: SynthesizedAudio) -> Result<()> {
        if piece.frame.samples().is_empty() {
            return Ok(());
        }
        if let Some(held) = self.held.take() {
            self.audio.send(held).await?;
        }
        piece.segment_id = format!("segment-{}", self.number);
        self.tell_text(&mut piece);
        self.spoken += piece.frame.duration();
        if std::mem::take(&mut piece.is_final) {
            let (head, tail) = split(piece)?;
            self.held = Some(tail);
            let Some(head) = head else { return Ok(()) };
            piece = head;
        }
        self.audio.send(piece).await
    }

    /// Which text it is; what the plugin itself tells, is from the start of its sentence.
    fn tell_text(&mut self, piece: &mut SynthesizedAudio) {
        let text = std::mem::take(&mut self.text);
        for timed in &mut piece.timed_transcripts {
            for time in [&mut timed.start_time, &mut timed.end_time].into_iter().flatten() {
                *time += self.begin;
            }
        }
        if text.is_empty() {
            return;
        }
        if piece.timed_transcripts.is_empty() {
            let mut timed = TimedString::new(text.as_str());
            timed.start_time = Some(self.begin);
            piece.timed_transcripts.push(timed);
        }
        if piece.delta_text.is_empty() {
            piece.delta_text = text;
        }
    }

    async fn end(&mut self) -> Result<()> {
        let text = std::mem::take(&mut self.text);
        let spoken = std::mem::take(&mut self.spoken);
        let last = match self.held.take() {
            Some(held) => held,
            None if spoken.is_zero() && !text.contains(char::is_alphanumeric) => return Ok(()),
            None if spoken.is_zero() => {
                return Err(Error::new(ErrorKind::Api, "the text was spoken without any audio"));
            }
            // The plugin ended without a final frame, so all of it is out: a little silence ends the segment.
            None => SynthesizedAudio::new(self.silence()?, "").with_segment_id(format!("segment-{}", self.number)),
        };
        self.number += 1;
        self.audio.send(last.with_final(true)).await
    }

    fn silence(&self) -> Result<AudioFrame> {
        let (rate, channels) = self.format;
        AudioFrame::new(vec![0; tail_samples(rate, channels)], rate, channels)
    }
}

fn tail_samples(rate: u32, channels: u16) -> usize {
    duration_to_samples(HELD_BACK, rate) as usize * usize::from(channels)
}

/// All but the end, if there is anything else, and the end.
fn split(mut piece: SynthesizedAudio) -> Result<(Option<SynthesizedAudio>, SynthesizedAudio)> {
    let (rate, channels) = (piece.frame.sample_rate(), piece.frame.channels());
    let end = piece.frame.samples().len().saturating_sub(tail_samples(rate, channels));
    if end == 0 {
        return Ok((None, piece));
    }
    let tail = AudioFrame::new(piece.frame.samples()[end..].to_vec(), rate, channels)?;
    let tail = SynthesizedAudio::new(tail, piece.request_id.as_str()).with_segment_id(piece.segment_id.as_str());
    let mut head = piece.frame.into_samples();
    head.truncate(end);
    piece.frame = AudioFrame::new(head, rate, channels)?;
    Ok((Some(piece), tail))
}
