//! One turn of the speaker, from the first word to its transcript.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_core::Stream;
use lk_plugin::{
    AudioFrame, AudioInput, BoxFuture, Error, ErrorKind, RecognizeOptions, RecognizeStream, Result, SpeechEvent,
    SpeechEventType, SpeechEvents, Stt, boxed,
};

/// The most audio that waits for a live transcription that takes none.
const MAX_BACKLOG: Duration = Duration::from_secs(60);

/// A turn of the speaker.
pub(super) struct Utterance {
    pub(super) turn: u64,
    /// Whether the speaker went on before the reply could begin: there will be none.
    pub(super) superseded: bool,
    /// Set when the speaker falls silent.
    pub(super) end: Option<End>,
    done: Option<Instant>,
    transcription: Transcription,
}

/// How a turn of the speaker ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    /// When the speaker fell silent, on the clock of the input.
    pub(super) silent_since: Duration,
    /// When that was certain.
    pub(super) certain: Instant,
}

enum Transcription {
    /// It begins when the utterance is over.
    Later,
    Live(Live),
    Whole(BoxFuture<'static, Result<SpeechEvent>>),
    Done(Result<String>),
}

struct Live {
    // `None` once all of the utterance is in.
    input: Option<AudioInput>,
    ended: bool,
    backlog: VecDeque<AudioFrame>,
    waiting: Duration,
    events: SpeechEvents,
    text: String,
}

/// What polling an utterance brought.
pub(super) enum Heard {
    Interim(String),
    /// The transcription is over.
    Over,
}

impl Utterance {
    /// Begins with a live transcription, if there is to be one.
    pub(super) fn begin(turn: u64, live: Option<(&dyn Stt, &RecognizeOptions)>) -> Self {
        let transcription = match live.map(|(stt, options)| stt.stream(options)) {
            None => Transcription::Later,
            Some(Err(error)) => Transcription::Done(Err(error)),
            Some(Ok(RecognizeStream { input, events, .. })) => Transcription::Live(Live {
                input: Some(input),
                ended: false,
                backlog: VecDeque::new(),
                waiting: Duration::ZERO,
                events,
                text: String::new(),
            }),
        };
        Self { turn, superseded: false, end: None, done: None, transcription }
    }

    /// Whether audio is wanted while it is spoken.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.transcription, Transcription::Live(_))
    }

    /// More of a live transcription's audio.
    pub(super) fn push(&mut self, frame: AudioFrame) {
        if let Transcription::Live(live) = &mut self.transcription {
            live.waiting += frame.duration();
            live.backlog.push_back(frame);
            if live.waiting > MAX_BACKLOG {
                let problem = "the live transcription takes no audio any more; a minute of it waits";
                self.transcription = Transcription::Done(Err(Error::new(ErrorKind::ApiTimeout, problem)));
            }
        }
    }

    /// The speaker fell silent; `audio` is the whole utterance, for a plugin that wants it so.
    pub(super) fn end(
        &mut self,
        end: End,
        audio: impl FnOnce() -> Result<AudioFrame>,
        stt: &Arc<dyn Stt>,
        options: RecognizeOptions,
    ) {
        self.end = Some(end);
        match &mut self.transcription {
            Transcription::Live(live) => live.ended = true,
            Transcription::Later => {
                let stt = Arc::clone(stt);
                self.transcription = match audio() {
                    Ok(audio) => {
                        Transcription::Whole(boxed(async move { stt.recognize(audio.as_ref(), &options).await }))
                    }
                    Err(error) => Transcription::Done(Err(error)),
                };
            }
            Transcription::Whole(_) | Transcription::Done(_) => {}
        }
    }

    /// Whether a plugin is waited for, so that time passes.
    pub(super) fn is_waiting(&self) -> bool {
        match &self.transcription {
            Transcription::Later | Transcription::Done(_) => false,
            Transcription::Whole(_) => true,
            Transcription::Live(live) => live.ended || !live.backlog.is_empty(),
        }
    }

    /// Gives up the transcription.
    pub(super) fn fail(&mut self, error: Error) {
        self.transcription = Transcription::Done(Err(error));
    }

    /// What the plugin brought since.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Heard> {
        let done = match &mut self.transcription {
            Transcription::Later | Transcription::Done(_) => return Poll::Pending,
            Transcription::Whole(event) => match event.as_mut().poll(context) {
                Poll::Ready(event) => event.map(|event| event.text().trim().to_owned()),
                Poll::Pending => return Poll::Pending,
            },
            Transcription::Live(live) => match live.poll(context) {
                Poll::Ready(Ok(Some(interim))) => return Poll::Ready(Heard::Interim(interim)),
                Poll::Ready(Ok(None)) => Ok(std::mem::take(&mut live.text)),
                Poll::Ready(Err(error)) => Err(error),
                Poll::Pending => return Poll::Pending,
            },
        };
        self.transcription = Transcription::Done(done);
        self.done = Some(Instant::now());
        Poll::Ready(Heard::Over)
    }

    /// Whether there is a transcript of the whole utterance, or none to be had.
    pub(super) fn is_done(&self) -> bool {
        self.end.is_some() && matches!(self.transcription, Transcription::Done(_))
    }

    /// How long the transcript took from the end of the utterance on.
    pub(super) fn delay(&self) -> Duration {
        let took = |(done, end): (Instant, End)| done.saturating_duration_since(end.certain);
        self.done.zip(self.end).map_or(Duration::ZERO, took)
    }

    /// The transcript, once it is there.
    pub(super) fn into_transcript(self) -> Result<String> {
        match self.transcription {
            Transcription::Done(transcript) => transcript,
            _ => Err(Error::new(ErrorKind::Internal, "a transcript that is not there was asked for")),
        }
    }
}

impl Live {
    /// An interim transcript, or `None` when all was transcribed.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<String>>> {
        loop {
            self.feed()?;
            match Pin::new(&mut self.events).poll_next(context) {
                Poll::Pending => {
                    // What was polled may have made room, and then nothing else would wake us.
                    let waiting = self.backlog.len();
                    self.feed()?;
                    if self.backlog.len() == waiting {
                        return Poll::Pending;
                    }
                }
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Ready(Some(event)) => {
                    let event = event?;
                    let text = event.text().trim();
                    match event.event_type {
                        SpeechEventType::FinalTranscript if !text.is_empty() => {
                            if !self.text.is_empty() {
                                self.text.push(' ');
                            }
                            self.text.push_str(text);
                        }
                        SpeechEventType::InterimTranscript | SpeechEventType::PreflightTranscript
                            if !text.is_empty() =>
                        {
                            let separator = if self.text.is_empty() { "" } else { " " };
                            return Poll::Ready(Ok(Some(format!("{}{separator}{text}", self.text))));
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// Hands over what the plugin takes.
    fn feed(&mut self) -> Result<()> {
        while let (Some(input), Some(frame)) = (&mut self.input, self.backlog.pop_front()) {
            let duration = frame.duration();
            match input.try_push_frame(frame) {
                Ok(None) => self.waiting = self.waiting.saturating_sub(duration),
                Ok(Some(frame)) => {
                    self.backlog.push_front(frame);
                    return Ok(());
                }
                // Why the plugin takes no more, its events tell.
                Err(error) if error.kind() == ErrorKind::Closed => {
                    self.input = None;
                    self.backlog.clear();
                    self.waiting = Duration::ZERO;
                }
                Err(error) => return Err(error),
            }
        }
        if self.input.is_none() {
            self.backlog.clear();
        }
        if self.ended && self.backlog.is_empty() {
            self.input = None;
        }
        Ok(())
    }
}
