//! Speech to text: audio in, transcripts out.

use std::fmt;
use std::time::Duration;

use super::speech::SpeechEvent;
use crate::audio::{AudioFrame, AudioFrameRef};
use crate::connect::ConnectOptions;
use crate::error::{Error, Result};
use crate::language::LanguageCode;
use crate::stream::{self, BoxFuture, EventSender, EventStream, InputHalf, InputReceiver, InputSink};

/// A speech-to-text plugin.
///
/// One instance serves many calls at once, from any thread. Methods return at once; the work happens while the returned
/// future or stream is polled, and stops when that is dropped. Dropping the instance closes what it holds open;
/// futures and streams that it gave away go on.
///
/// ```
/// use lk_plugin::{
///     AudioFrameRef, BoxFuture, RecognizeOptions, Result, SpeechData, SpeechEvent, Stt, SttCapabilities, boxed,
/// };
///
/// /// Says how long the audio was.
/// struct Stopwatch;
///
/// impl Stt for Stopwatch {
///     fn capabilities(&self) -> SttCapabilities {
///         SttCapabilities::default()
///     }
///
///     fn recognize(&self, audio: AudioFrameRef<'_>, _: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
///         let text = format!("{} milliseconds", audio.duration().as_millis());
///         boxed(async move { Ok(SpeechEvent::final_transcript(SpeechData::new("en", text))) })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a speech-to-text plugin",
    label = "not a speech-to-text plugin",
    note = "implement `lk_plugin::Stt` for it"
)]
pub trait Stt: Send + Sync {
    /// What this instance can do. Constant; may be asked often.
    fn capabilities(&self) -> SttCapabilities;

    /// The model in use, such as `whisper-1`; `unknown` when there is no such thing.
    fn model(&self) -> &str {
        "unknown"
    }

    /// Who runs the model, such as `api.openai.com`; `unknown` when nobody else does.
    fn provider(&self) -> &str {
        "unknown"
    }

    /// Transcribes a whole utterance. The future yields a [`FinalTranscript`](super::SpeechEventType::FinalTranscript) with at
    /// least one alternative (of empty text when nothing was said); dropping the future cancels.
    ///
    /// # Errors
    ///
    /// Those of the provider, or [`Unsupported`](crate::ErrorKind::Unsupported), which is also what this default gives.
    fn recognize(&self, audio: AudioFrameRef<'_>, options: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
        let _ = (audio, options);
        stream::boxed(async {
            Err(Error::unsupported(
                "this plugin transcribes only live streams (its `offline_recognize` is false); call `stream`",
            ))
        })
    }

    /// Opens a live transcription.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::ErrorKind::Unsupported) unless the plugin does this, and what is wrong with the options.
    /// What the provider refuses comes through the stream's events.
    fn stream(&self, options: &RecognizeOptions) -> Result<RecognizeStream> {
        let _ = options;
        Err(Error::unsupported(
            "this plugin transcribes only whole utterances (its `streaming` is false); cut the audio with a vad and call `recognize`",
        ))
    }

    /// A hint that calls come soon: open connections, load models. Returns at once, reports nothing, may be called often.
    fn prewarm(&self) {}
}

impl dyn Stt {
    /// What the attribute calls. It stands here and not in a macro, so that the compiler's note about the bound is short.
    #[doc(hidden)]
    pub fn __instance<P: Stt + 'static>(plugin: P) -> Box<Self> {
        Box::new(plugin)
    }
}

/// What an [`Stt`] can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SttCapabilities {
    /// [`Stt::stream`] works.
    pub streaming: bool,
    /// Streams send transcripts that may still change.
    pub interim_results: bool,
    /// Speakers are told apart.
    pub diarization: bool,
    /// Which parts of a transcript carry times.
    pub aligned_transcript: AlignedTranscript,
    /// [`Stt::recognize`] works.
    pub offline_recognize: bool,
    /// The words to expect in the options are used.
    pub keyterms: bool,
    /// The plugin makes use of the conversation so far. (There is no input for it yet: the streams' input can grow.)
    pub chat_context: bool,
    /// Streams end the current segment when they are flushed.
    pub manual_flush: bool,
}

impl Default for SttCapabilities {
    /// A plugin that transcribes whole utterances, and nothing else.
    fn default() -> Self {
        Self {
            streaming: false,
            interim_results: false,
            diarization: false,
            aligned_transcript: AlignedTranscript::None,
            offline_recognize: true,
            keyterms: false,
            chat_context: false,
            manual_flush: false,
        }
    }
}

impl SttCapabilities {
    /// Sets whether [`Stt::stream`] works.
    #[must_use]
    pub fn with_streaming(mut self, streaming: bool) -> Self {
        self.streaming = streaming;
        self
    }

    /// Sets whether streams send transcripts that may still change.
    #[must_use]
    pub fn with_interim_results(mut self, interim_results: bool) -> Self {
        self.interim_results = interim_results;
        self
    }

    /// Sets which parts of a transcript carry times.
    #[must_use]
    pub fn with_aligned_transcript(mut self, aligned_transcript: AlignedTranscript) -> Self {
        self.aligned_transcript = aligned_transcript;
        self
    }

    /// Sets whether speakers are told apart.
    #[must_use]
    pub fn with_diarization(mut self, diarization: bool) -> Self {
        self.diarization = diarization;
        self
    }

    /// Sets whether the words to expect are used.
    #[must_use]
    pub fn with_keyterms(mut self, keyterms: bool) -> Self {
        self.keyterms = keyterms;
        self
    }

    /// Sets whether the conversation so far is made use of.
    #[must_use]
    pub fn with_chat_context(mut self, chat_context: bool) -> Self {
        self.chat_context = chat_context;
        self
    }

    /// Sets whether [`Stt::recognize`] works.
    #[must_use]
    pub fn with_offline_recognize(mut self, offline_recognize: bool) -> Self {
        self.offline_recognize = offline_recognize;
        self
    }

    /// Sets whether streams end the current segment when they are flushed.
    #[must_use]
    pub fn with_manual_flush(mut self, manual_flush: bool) -> Self {
        self.manual_flush = manual_flush;
        self
    }
}

/// Which parts of a transcript carry times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AlignedTranscript {
    /// None but the whole.
    #[default]
    None,
    /// Each word.
    Word,
    /// Pieces of a few words.
    Chunk,
}

/// How to transcribe.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RecognizeOptions {
    /// The language spoken, for this call alone; the plugin's config decides when it is `None`.
    pub language: Option<LanguageCode>,
    /// Words to expect, such as names; for plugins whose `keyterms` is true, ignored by others.
    pub keyterms: Vec<String>,
    /// How patient to be with the provider.
    pub connect: ConnectOptions,
    /// Where this audio starts in the conversation: the plugin adds it to every time that its transcripts carry, those of
    /// words included.
    pub start_time_offset: Duration,
}

impl RecognizeOptions {
    /// Sets the language spoken.
    #[must_use]
    pub fn with_language(mut self, language: impl Into<LanguageCode>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// Sets the words to expect.
    #[must_use]
    pub fn with_keyterms(mut self, keyterms: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.keyterms = keyterms.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how patient to be with the provider.
    #[must_use]
    pub fn with_connect(mut self, connect: ConnectOptions) -> Self {
        self.connect = connect;
        self
    }

    /// Sets where this audio starts in the conversation.
    #[must_use]
    pub fn with_start_time_offset(mut self, offset: Duration) -> Self {
        self.start_time_offset = offset;
        self
    }
}

/// The events of a live transcription.
pub type SpeechEvents = EventStream<SpeechEvent>;

/// What a transcription's driver receives. What it does not know it ignores: there may be more one day.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecognizeInput {
    /// Audio; every frame of a stream has the same rate and number of channels.
    Frame(AudioFrame),
    /// The current segment ends here.
    Flush,
}

/// A live transcription in two halves: see [`stream`](crate::stream) for what dropping either does.
#[derive(Debug)]
#[non_exhaustive]
pub struct RecognizeStream {
    /// Where the audio goes in.
    pub input: AudioInput,
    /// Where the transcripts come out.
    pub events: SpeechEvents,
}

impl RecognizeStream {
    /// A stream of these halves.
    #[must_use]
    pub fn new(input: Box<dyn InputSink<RecognizeInput>>, events: SpeechEvents) -> Self {
        Self { input: AudioInput::new(InputHalf::new(input)), events }
    }

    /// A stream that one async function serves: it receives the input and sends events until the input ends.
    ///
    /// ```
    /// use lk_plugin::{AudioFrame, RecognizeInput, RecognizeStream, SpeechData, SpeechEvent};
    ///
    /// let stream = RecognizeStream::from_fn(|mut input, mut events| async move {
    ///     let mut samples = 0;
    ///     while let Some(item) = input.next().await {
    ///         if let RecognizeInput::Frame(frame) = item {
    ///             samples += frame.samples_per_channel();
    ///         }
    ///     }
    ///     let text = format!("{samples} samples");
    ///     events.send(SpeechEvent::final_transcript(SpeechData::new("en", text))).await
    /// });
    /// # pollster::block_on(async {
    /// let frames = vec![AudioFrame::new(vec![0; 160], 16_000, 1)?; 3];
    /// assert_eq!(stream.feed(frames).collect().await?[0].text(), "480 samples");
    /// # Ok::<(), lk_plugin::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn from_fn<F, Fut>(driver: F) -> Self
    where
        F: FnOnce(InputReceiver<RecognizeInput>, EventSender<SpeechEvent>) -> Fut,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        let (input, events) = stream::driven(driver);
        Self { input: AudioInput::new(input), events }
    }

    /// Pushes these frames and ends the input while the returned events are read.
    pub fn feed<I>(self, frames: I) -> SpeechEvents
    where
        I: IntoIterator<Item = AudioFrame, IntoIter: Send + 'static>,
    {
        let Self { mut input, events } = self;
        let frames = frames.into_iter();
        events.fed_by(async move {
            for frame in frames {
                input.push_frame(frame).await?;
            }
            Ok(())
        })
    }
}

/// The input half of a live transcription. Dropping it ends the input.
///
/// ```
/// use lk_plugin::{AudioFrame, RecognizeStream};
/// # use lk_plugin::{SpeechData, SpeechEvent};
///
/// # let stream = RecognizeStream::from_fn(|mut input, mut events| async move {
/// #     let mut items = 0;
/// #     while input.next().await.is_some() { items += 1; }
/// #     events.send(SpeechEvent::final_transcript(SpeechData::new("en", format!("{items} items")))).await
/// # });
/// // One task writes and another one reads, or `feed` does both.
/// let RecognizeStream { mut input, events, .. } = stream;
/// # pollster::block_on(async {
/// input.push_frame(AudioFrame::new(vec![0; 160], 16_000, 1)?).await?;
/// input.flush().await?; // what was pushed is to be transcribed now
/// input.end_input();
/// let events = events.collect().await?;
/// # assert_eq!(events[0].text(), "2 items");
/// # Ok::<(), lk_plugin::Error>(())
/// # }).unwrap();
/// ```
pub struct AudioInput {
    half: InputHalf<RecognizeInput>,
    // Rate in Hz and channels of the first frame, which the others must share.
    format: Option<(u32, u16)>,
}

impl AudioInput {
    fn new(half: InputHalf<RecognizeInput>) -> Self {
        Self { half, format: None }
    }

    /// What stands behind it, for the boundary of a `.so`; the other side checks the format.
    pub(crate) fn into_sink(self) -> Box<dyn InputSink<RecognizeInput>> {
        self.half.into_sink()
    }

    /// Pushes a frame, waiting while the queue is full.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when the rate or the channels differ from the first frame's;
    /// the stream goes on without that frame. [`Closed`](crate::ErrorKind::Closed) when nobody listens any more.
    pub async fn push_frame(&mut self, frame: impl Into<AudioFrame>) -> Result<()> {
        let frame = self.checked(frame.into())?;
        self.half.push(RecognizeInput::Frame(frame)).await
    }

    /// Pushes a frame if there is a place for it now, and gives it back otherwise: for callers that must not wait.
    ///
    /// # Errors
    ///
    /// As [`push_frame`](AudioInput::push_frame).
    pub fn try_push_frame(&mut self, frame: impl Into<AudioFrame>) -> Result<Option<AudioFrame>> {
        let frame = self.checked(frame.into())?;
        Ok(match self.half.try_push(RecognizeInput::Frame(frame))? {
            Some(RecognizeInput::Frame(frame)) => Some(frame),
            _ => None,
        })
    }

    /// Ends the current segment: what was pushed is to be transcribed without waiting for more.
    ///
    /// # Errors
    ///
    /// [`Closed`](crate::ErrorKind::Closed) when nobody listens any more.
    pub async fn flush(&mut self) -> Result<()> {
        self.half.push(RecognizeInput::Flush).await
    }

    /// Ends the input, as dropping it does: what was pushed still comes out, then the events end.
    pub fn end_input(self) {}

    fn checked(&mut self, frame: AudioFrame) -> Result<AudioFrame> {
        let format = (frame.sample_rate(), frame.channels());
        let first = *self.format.get_or_insert(format);
        if first == format { Ok(frame) } else { Err(crate::audio::format_changed(first, format)) }
    }
}

impl fmt::Debug for AudioInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AudioInput").field("format", &self.format).finish_non_exhaustive()
    }
}
