//! Text to speech: text in, audio out.

use std::fmt;

use super::speech::TimedString;
use crate::audio::AudioFrame;
use crate::connect::ConnectOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::stream::{self, EventSender, EventStream, InputHalf, InputReceiver, InputSink};

/// A text-to-speech plugin.
///
/// One instance serves many calls at once, from any thread. Methods return at once; the work happens while the returned
/// stream is polled, and stops when that is dropped. Dropping the instance closes what it holds open; streams that it
/// gave away go on.
///
/// ```
/// use lk_plugin::{
///     AudioFrame, ChunkedStream, EventStream, Result, SynthesizeOptions, SynthesizedAudio, Tts, TtsCapabilities,
/// };
///
/// /// Is silent for a tenth of a second a character.
/// struct Pause;
///
/// impl Tts for Pause {
///     fn capabilities(&self) -> TtsCapabilities {
///         TtsCapabilities::default()
///     }
///
///     fn sample_rate(&self) -> u32 {
///         16_000
///     }
///
///     fn channels(&self) -> u16 {
///         1
///     }
///
///     fn synthesize(&self, text: &str, _: &SynthesizeOptions) -> Result<ChunkedStream> {
///         let frames = text.chars().count();
///         Ok(EventStream::from_fn(move |mut audio| async move {
///             for frame in 1..=frames {
///                 let silence = AudioFrame::new(vec![0; 1_600], 16_000, 1)?;
///                 audio.send(SynthesizedAudio::new(silence, "1").with_final(frame == frames)).await?;
///             }
///             Ok(())
///         }))
///     }
/// }
///
/// let speech = Pause.synthesize("hello", &SynthesizeOptions::default())?.collect_frame();
/// assert_eq!(pollster::block_on(speech)?.duration().as_millis(), 500);
/// # Ok::<(), lk_plugin::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a text-to-speech plugin",
    label = "not a text-to-speech plugin",
    note = "implement `lk_plugin::Tts` for it"
)]
pub trait Tts: Send + Sync {
    /// What this instance can do. Constant; may be asked often.
    fn capabilities(&self) -> TtsCapabilities;

    /// The rate of every frame that this instance delivers, in Hz.
    fn sample_rate(&self) -> u32;

    /// The channels of every frame that this instance delivers.
    fn channels(&self) -> u16;

    /// The model in use; `unknown` when there is no such thing.
    fn model(&self) -> &str {
        "unknown"
    }

    /// Who runs the model; `unknown` when nobody else does.
    fn provider(&self) -> &str {
        "unknown"
    }

    /// Speaks a whole text. Frames come as they are ready, the last one alone is final. Text without a visible
    /// character may give no frame at all.
    ///
    /// # Errors
    ///
    /// What is wrong with the options; what the provider refuses comes through the stream.
    fn synthesize(&self, text: &str, options: &SynthesizeOptions) -> Result<ChunkedStream>;

    /// Opens a live synthesis: text goes in as it is written, audio comes out.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](ErrorKind::Unsupported) unless the plugin does this, and what is wrong with the options.
    fn stream(&self, options: &SynthesizeOptions) -> Result<SynthesizeStream> {
        let _ = options;
        Err(Error::unsupported(
            "this plugin speaks only whole texts (its `streaming` is false); cut the text into sentences and call `synthesize`",
        ))
    }

    /// A hint that calls come soon. Returns at once, reports nothing, may be called often.
    fn prewarm(&self) {}
}

impl dyn Tts {
    /// What the attribute calls. It stands here and not in a macro, so that the compiler's note about the bound is short.
    #[doc(hidden)]
    pub fn __instance<P: Tts + 'static>(plugin: P) -> Box<Self> {
        Box::new(plugin)
    }
}

/// What a [`Tts`] can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TtsCapabilities {
    /// [`Tts::stream`] works.
    pub streaming: bool,
    /// Frames tell when which text is spoken.
    pub aligned_transcript: bool,
}

impl TtsCapabilities {
    /// Sets whether [`Tts::stream`] works.
    #[must_use]
    pub fn with_streaming(mut self, streaming: bool) -> Self {
        self.streaming = streaming;
        self
    }

    /// Sets whether frames tell when which text is spoken.
    #[must_use]
    pub fn with_aligned_transcript(mut self, aligned_transcript: bool) -> Self {
        self.aligned_transcript = aligned_transcript;
        self
    }
}

/// How to speak.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SynthesizeOptions {
    /// How patient to be with the provider.
    pub connect: ConnectOptions,
}

impl SynthesizeOptions {
    /// Sets how patient to be with the provider.
    #[must_use]
    pub fn with_connect(mut self, connect: ConnectOptions) -> Self {
        self.connect = connect;
        self
    }
}

/// A piece of speech.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SynthesizedAudio {
    /// The audio, at the instance's rate and channels.
    pub frame: AudioFrame,
    /// The provider's id of the request; the same on all frames of one attempt.
    pub request_id: String,
    /// Whether the segment ends with this frame; of each segment exactly one frame is final.
    pub is_final: bool,
    /// Which segment of a live synthesis it belongs to; empty otherwise.
    pub segment_id: String,
    /// The text that this frame adds, where the provider tells; otherwise empty.
    pub delta_text: String,
    /// The words that this frame speaks with their times, where the provider tells.
    pub timed_transcripts: Vec<TimedString>,
}

impl SynthesizedAudio {
    /// A piece that is not the last.
    pub fn new(frame: AudioFrame, request_id: impl Into<String>) -> Self {
        Self {
            frame,
            request_id: request_id.into(),
            is_final: false,
            segment_id: String::new(),
            delta_text: String::new(),
            timed_transcripts: Vec::new(),
        }
    }

    /// Says whether the segment ends with this frame.
    #[must_use]
    pub fn with_final(mut self, is_final: bool) -> Self {
        self.is_final = is_final;
        self
    }

    /// Names the segment.
    #[must_use]
    pub fn with_segment_id(mut self, segment_id: impl Into<String>) -> Self {
        self.segment_id = segment_id.into();
        self
    }

    /// Says which text the frame adds.
    #[must_use]
    pub fn with_delta_text(mut self, delta_text: impl Into<String>) -> Self {
        self.delta_text = delta_text.into();
        self
    }
}

/// The audio of one text.
pub type ChunkedStream = EventStream<SynthesizedAudio>;

impl ChunkedStream {
    /// All of it in one frame.
    ///
    /// # Errors
    ///
    /// The stream's error; [`Api`](ErrorKind::Api) when there was no audio, or its format changed on the way.
    pub async fn collect_frame(mut self) -> Result<AudioFrame> {
        let mut whole: Option<(Vec<i16>, u32, u16)> = None;
        while let Some(audio) = self.next().await {
            let frame = audio?.frame;
            let format = (frame.sample_rate(), frame.channels());
            let (samples, rate, channels) = whole.get_or_insert_with(|| (Vec::new(), format.0, format.1));
            if (*rate, *channels) != format {
                let changed = crate::audio::format_changed((*rate, *channels), format);
                return Err(Error::new(ErrorKind::Api, "the speech changed its format on the way").with_source(changed));
            }
            samples.append(&mut frame.into_samples());
        }
        let (samples, rate, channels) =
            whole.ok_or_else(|| Error::new(ErrorKind::Api, "no audio came for the text"))?;
        AudioFrame::new(samples, rate, channels)
    }
}

/// What a live synthesis's driver receives. What it does not know it ignores: there may be more one day.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SynthesizeInput {
    /// More text: a token, a word, a sentence; never empty.
    Text(String),
    /// The current segment ends here.
    Flush,
}

/// A live synthesis in two halves: see [`stream`](crate::stream) for what dropping either does.
#[derive(Debug)]
#[non_exhaustive]
pub struct SynthesizeStream {
    /// Where the text goes in.
    pub input: TextInput,
    /// Where the audio comes out.
    pub audio: ChunkedStream,
}

impl SynthesizeStream {
    /// A stream of these halves.
    #[must_use]
    pub fn new(input: Box<dyn InputSink<SynthesizeInput>>, audio: ChunkedStream) -> Self {
        Self { input: TextInput { half: InputHalf::new(input) }, audio }
    }

    /// A stream that one async function serves: it receives the text and sends audio until the input ends.
    ///
    /// ```
    /// use lk_plugin::{AudioFrame, SynthesizeInput, SynthesizeStream, SynthesizedAudio};
    ///
    /// let stream = SynthesizeStream::from_fn(|mut input, mut audio| async move {
    ///     while let Some(item) = input.next().await {
    ///         if let SynthesizeInput::Text(text) = item {
    ///             let silence = AudioFrame::new(vec![0; 160 * text.len()], 16_000, 1)?;
    ///             audio.send(SynthesizedAudio::new(silence, "1").with_final(true)).await?;
    ///         }
    ///     }
    ///     Ok(())
    /// });
    /// let speech = stream.feed(["hello".to_owned()]).collect_frame();
    /// assert_eq!(pollster::block_on(speech)?.duration().as_millis(), 50);
    /// # Ok::<(), lk_plugin::Error>(())
    /// ```
    pub fn from_fn<F, Fut>(driver: F) -> Self
    where
        F: FnOnce(InputReceiver<SynthesizeInput>, EventSender<SynthesizedAudio>) -> Fut,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        let (half, audio) = stream::driven(driver);
        Self { input: TextInput { half }, audio }
    }

    /// Pushes these pieces of text and ends the input while the returned audio is read.
    pub fn feed<I>(self, texts: I) -> ChunkedStream
    where
        I: IntoIterator<IntoIter: Send + 'static>,
        I::Item: Into<String> + Send,
    {
        let Self { mut input, audio } = self;
        let texts = texts.into_iter();
        audio.fed_by(async move {
            for text in texts {
                input.push_text(text).await?;
            }
            Ok(())
        })
    }
}

/// The input half of a live synthesis. Dropping it ends the input.
///
/// ```
/// use lk_plugin::{ChunkedStream, Result, SynthesizeStream};
///
/// // One task writes and another one reads, or `feed` does both.
/// async fn write(stream: SynthesizeStream) -> Result<ChunkedStream> {
///     let SynthesizeStream { mut input, audio, .. } = stream;
///     input.push_text("Good ").await?;
///     input.push_text("morning.").await?;
///     input.flush().await?; // the segment ends here
///     input.end_input();
///     Ok(audio)
/// }
/// ```
pub struct TextInput {
    half: InputHalf<SynthesizeInput>,
}

impl TextInput {
    /// What stands behind it, for the boundary of a `.so`.
    pub(crate) fn into_sink(self) -> Box<dyn InputSink<SynthesizeInput>> {
        self.half.into_sink()
    }

    /// Pushes text, waiting while the queue is full. Empty text is ignored.
    ///
    /// # Errors
    ///
    /// [`Closed`](ErrorKind::Closed) when nobody listens any more.
    pub async fn push_text(&mut self, text: impl Into<String>) -> Result<()> {
        let text = text.into();
        if text.is_empty() {
            return Ok(());
        }
        self.half.push(SynthesizeInput::Text(text)).await
    }

    /// Ends the current segment: what was pushed is to be spoken without waiting for more.
    ///
    /// # Errors
    ///
    /// [`Closed`](ErrorKind::Closed) when nobody listens any more.
    pub async fn flush(&mut self) -> Result<()> {
        self.half.push(SynthesizeInput::Flush).await
    }

    /// Ends the input, as dropping it does: what was pushed is still spoken, then the audio ends.
    pub fn end_input(self) {}
}

impl fmt::Debug for TextInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextInput").finish_non_exhaustive()
    }
}
