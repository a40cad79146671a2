//! One reply: the model's words, and the speech of them while they come.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_core::Stream;
use lk_plugin::{
    BoxFuture, ChatContext, ChatOptions, ChunkedStream, Error, ErrorKind, LlmStream, Result, SynthesizeOptions,
    SynthesizeStream, TextInput, Tts, boxed,
};

use super::event::Stage;
use super::options::{SessionOptions, VoicePlugins};
use super::playout::Playout;

/// How much speech is fetched before it is heard. Beyond it the plugin is not asked, and so waits.
const LOOK_AHEAD: Duration = Duration::from_secs(1);

/// How much text may wait to be spoken, in bytes. Beyond it the model waits.
const MAX_WAITING_TEXT: usize = 64 * 1024;

/// A reply while it is made and heard. Dropping it cancels all work on it.
pub(super) struct Reply {
    pub(super) turn: u64,
    /// When the speaker had fallen silent, on the clock of the input.
    pub(super) silent_since: Duration,
    pub(super) playout: Playout,
    /// The answer so far.
    pub(super) written: String,
    /// What went wrong; the speech that had come is still heard.
    pub(super) failure: Option<(Stage, Error)>,
    /// The silence since the first audio, in which there should have been speech.
    pub(super) gaps: Duration,
    /// Whether its first audio was told.
    pub(super) is_heard: bool,
    asked: Instant,
    first_token: Option<Instant>,
    llm: Option<LlmStream>,
    tool_calls: usize,
    // Text that the speech has not taken.
    unspoken: String,
    input: Option<TextInput>,
    pushing: Option<BoxFuture<'static, (TextInput, Result<()>)>>,
    audio: Option<ChunkedStream>,
}

/// What polling a reply brought.
pub(super) enum Progress {
    /// The model began, so long after it was asked.
    FirstToken(Duration),
    /// The model has written all it had to say.
    Written,
    /// Speech came, the first of it so long after the first word.
    Audio(Option<Duration>),
    /// Something that concerns nobody else.
    Step,
}

impl Reply {
    /// Asks the model, and opens the speech.
    pub(super) fn begin(
        turn: u64,
        silent_since: Duration,
        plugins: &VoicePlugins,
        context: &ChatContext,
        options: &SessionOptions,
    ) -> Result<Self, (Stage, Error)> {
        let asked = Instant::now();
        let chat = ChatOptions::default().with_connect(options.connect);
        let llm = plugins.llm.chat(context, &chat).map_err(|error| (Stage::Llm, error))?;
        let tts: &dyn Tts = &*plugins.tts;
        let SynthesizeStream { input, audio, .. } = tts
            .stream(&SynthesizeOptions::default().with_connect(options.connect))
            .map_err(|error| (Stage::Tts, error))?;
        Ok(Self {
            turn,
            silent_since,
            playout: Playout::new(tts.sample_rate(), tts.channels()),
            written: String::new(),
            failure: None,
            gaps: Duration::ZERO,
            is_heard: false,
            asked,
            first_token: None,
            llm: Some(llm),
            tool_calls: 0,
            unspoken: String::new(),
            input: Some(input),
            pushing: None,
            audio: Some(audio),
        })
    }

    /// Whether a plugin is waited for, so that time passes.
    pub(super) fn is_waiting(&self) -> bool {
        self.audio.is_some() && self.playout.waiting() < LOOK_AHEAD
    }

    /// Whether all of it was heard that ever will be.
    pub(super) fn is_over(&self) -> bool {
        self.audio.is_none() && self.llm.is_none() && self.playout.is_empty()
    }

    /// Whether all speech has come.
    pub(super) fn is_complete(&self) -> bool {
        self.audio.is_none() && self.failure.is_none()
    }

    /// What was heard of it.
    pub(super) fn heard(&self) -> String {
        self.playout.heard(&self.written, self.is_complete())
    }

    /// What the plugins brought since.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Progress> {
        match self.poll_stages(context) {
            Poll::Ready(Err(failure)) => {
                self.fail(failure);
                Poll::Ready(Progress::Step)
            }
            Poll::Ready(Ok(progress)) => Poll::Ready(progress),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Gives up on whoever keeps the reply waiting.
    pub(super) fn give_up(&mut self, error: Error) {
        let stage = if self.llm.is_some() { Stage::Llm } else { Stage::Tts };
        self.fail((stage, error));
    }

    fn fail(&mut self, failure: (Stage, Error)) {
        self.failure.get_or_insert(failure);
        (self.llm, self.input, self.pushing, self.audio) = (None, None, None, None);
    }

    fn poll_stages(&mut self, context: &mut Context<'_>) -> Poll<Result<Progress, (Stage, Error)>> {
        if let Poll::Ready(progress) = self.poll_words(context) {
            return Poll::Ready(progress.map_err(|error| (Stage::Llm, error)));
        }
        if let Poll::Ready(pushed) = self.poll_text(context) {
            return Poll::Ready(pushed.map(|()| Progress::Step).map_err(|error| (Stage::Tts, error)));
        }
        self.poll_audio(context).map_err(|error| (Stage::Tts, error))
    }

    fn poll_words(&mut self, context: &mut Context<'_>) -> Poll<Result<Progress>> {
        if self.unspoken.len() > MAX_WAITING_TEXT {
            return Poll::Pending;
        }
        let Some(llm) = &mut self.llm else { return Poll::Pending };
        let Poll::Ready(chunk) = Pin::new(llm).poll_next(context) else { return Poll::Pending };
        let Some(chunk) = chunk.transpose()? else {
            self.llm = None;
            if self.written.trim().is_empty() {
                return Poll::Ready(Err(no_words(self.tool_calls)));
            }
            return Poll::Ready(Ok(Progress::Written));
        };
        let Some(delta) = chunk.delta else { return Poll::Ready(Ok(Progress::Step)) };
        self.tool_calls += delta.tool_calls.len();
        let Some(text) = delta.content.filter(|text| !text.is_empty()) else {
            return Poll::Ready(Ok(Progress::Step));
        };
        self.written.push_str(&text);
        self.unspoken.push_str(&text);
        if self.first_token.is_some() {
            return Poll::Ready(Ok(Progress::Step));
        }
        let now = Instant::now();
        self.first_token = Some(now);
        Poll::Ready(Ok(Progress::FirstToken(now.saturating_duration_since(self.asked))))
    }

    fn poll_text(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        if let Some(pushing) = &mut self.pushing {
            let Poll::Ready((input, pushed)) = pushing.as_mut().poll(context) else { return Poll::Pending };
            self.pushing = None;
            return Poll::Ready(match pushed {
                Ok(()) => {
                    self.input = Some(input);
                    Ok(())
                }
                // Why the plugin takes no more, its audio tells.
                Err(error) if error.kind() == ErrorKind::Closed => Ok(()),
                Err(error) => Err(error),
            });
        }
        if self.unspoken.is_empty() {
            if self.llm.is_none() && self.input.take().is_some() {
                return Poll::Ready(Ok(()));
            }
            return Poll::Pending;
        }
        let text = std::mem::take(&mut self.unspoken);
        let Some(mut input) = self.input.take() else { return Poll::Pending };
        self.pushing = Some(boxed(async move {
            let pushed = input.push_text(text).await;
            (input, pushed)
        }));
        Poll::Ready(Ok(()))
    }

    fn poll_audio(&mut self, context: &mut Context<'_>) -> Poll<Result<Progress>> {
        if self.playout.waiting() >= LOOK_AHEAD {
            return Poll::Pending;
        }
        let Some(audio) = &mut self.audio else { return Poll::Pending };
        let Poll::Ready(piece) = Pin::new(audio).poll_next(context) else { return Poll::Pending };
        let Some(piece) = piece.transpose()? else {
            self.audio = None;
            if self.llm.is_some() || self.input.is_some() || self.pushing.is_some() {
                return Poll::Ready(Err(Error::new(ErrorKind::Plugin, "the speech ended before its text did")));
            }
            if !self.playout.has_received() && self.failure.is_none() {
                return Poll::Ready(Err(Error::new(ErrorKind::Api, "no audio came for the reply")));
            }
            return Poll::Ready(Ok(Progress::Step));
        };
        let is_first = !self.playout.has_received();
        self.playout.push(piece);
        let is_first = is_first && self.playout.has_received();
        let since = self.first_token.unwrap_or(self.asked);
        Poll::Ready(Ok(Progress::Audio(is_first.then(|| since.elapsed()))))
    }
}

fn no_words(tool_calls: usize) -> Error {
    let problem = match tool_calls {
        0 => "the model answered without a word".to_owned(),
        count => format!("the model answered without a word, with `{count}` tool calls; it was given no tools"),
    };
    Error::new(ErrorKind::Api, problem)
}
