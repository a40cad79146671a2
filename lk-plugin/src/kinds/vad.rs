//! Voice activity detection: audio in, the edges of speech out.

use std::time::Duration;

use crate::audio::{AudioFrameRef, SampleRange};
use crate::error::Result;

/// A voice-activity-detection plugin.
///
/// The instance holds what streams share (a model); each stream is one listener's own state. Everything here is CPU work
/// on the caller's thread: who must not be delayed calls it from another one.
///
/// ```
/// use std::time::Duration;
/// use lk_plugin::{
///     AudioFrameRef, Error, Result, SampleRange, Vad, VadCapabilities, VadEvent, VadEventType, VadStream,
/// };
///
/// /// Takes each frame for speech that has a loud sample. (`examples/energy-vad` is one for real use.)
/// struct Loud;
///
/// impl Vad for Loud {
///     fn capabilities(&self) -> VadCapabilities {
///         VadCapabilities::new(Duration::from_millis(20))
///     }
///
///     fn stream(&self) -> Result<Box<dyn VadStream>> {
///         Ok(Box::new(LoudStream::default()))
///     }
/// }
///
/// #[derive(Default)]
/// struct LoudStream {
///     heard: u64,
///     speaking: bool,
///     ended: bool,
/// }
///
/// impl LoudStream {
///     fn decide(&mut self, is_loud: bool, sample_rate: u32, events: &mut Vec<VadEvent>) {
///         if is_loud != self.speaking {
///             self.speaking = is_loud;
///             let edge = if is_loud { VadEventType::StartOfSpeech } else { VadEventType::EndOfSpeech };
///             let mut event = VadEvent::new(edge, SampleRange { start: self.heard, end: self.heard, sample_rate });
///             event.speaking = is_loud;
///             events.push(event);
///         }
///     }
/// }
///
/// impl VadStream for LoudStream {
///     fn push(&mut self, frame: AudioFrameRef<'_>, events: &mut Vec<VadEvent>) -> Result<()> {
///         if self.ended {
///             return Err(Error::input_ended());
///         }
///         self.decide(frame.samples().iter().any(|sample| sample.unsigned_abs() > 3_000), frame.sample_rate(), events);
///         self.heard += frame.samples_per_channel() as u64;
///         Ok(())
///     }
///
///     fn flush(&mut self) -> Result<()> {
///         if self.ended {
///             return Err(Error::input_ended());
///         }
///         *self = Self::default();
///         Ok(())
///     }
///
///     fn end_input(&mut self, events: &mut Vec<VadEvent>) -> Result<()> {
///         if self.ended {
///             return Err(Error::input_ended());
///         }
///         self.decide(false, 16_000, events); // speech that is open ends here
///         self.ended = true;
///         Ok(())
///     }
///
///     fn audio(&self, _: &VadEvent) -> Option<AudioFrameRef<'_>> {
///         None // it keeps none
///     }
/// }
///
/// let (mut stream, mut events) = (Loud.stream()?, Vec::new());
/// stream.push(AudioFrameRef::new(&[9_000; 320], 16_000, 1)?, &mut events)?;
/// stream.end_input(&mut events)?;
/// assert_eq!(events.len(), 2);
/// # Ok::<(), Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a voice-activity-detection plugin",
    label = "not a voice-activity-detection plugin",
    note = "implement `lk_plugin::Vad` for it"
)]
pub trait Vad: Send + Sync {
    /// What this instance can do. Constant; may be asked often.
    fn capabilities(&self) -> VadCapabilities;

    /// The model in use; `unknown` when there is no such thing.
    fn model(&self) -> &str {
        "unknown"
    }

    /// Who runs the model; `unknown` when nobody else does.
    fn provider(&self) -> &str {
        "unknown"
    }

    /// The silence after which speech counts as ended, if that is fixed.
    fn min_silence_duration(&self) -> Option<Duration> {
        None
    }

    /// Opens a stream. May load a model the first time.
    ///
    /// # Errors
    ///
    /// When what the streams need cannot be had.
    fn stream(&self) -> Result<Box<dyn VadStream>>;

    /// A hint that streams come soon: load what they need. May block for as long as that takes; reports nothing.
    fn prewarm(&self) {}
}

impl dyn Vad {
    /// What the attribute calls. It stands here and not in a macro, so that the compiler's note about the bound is short.
    #[doc(hidden)]
    pub fn __instance<P: Vad + 'static>(plugin: P) -> Box<Self> {
        Box::new(plugin)
    }
}

/// What a [`Vad`] can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct VadCapabilities {
    /// The audio between two [`InferenceDone`](VadEventType::InferenceDone) events.
    pub update_interval: Duration,
}

impl VadCapabilities {
    /// A detector that decides once per `update_interval`.
    #[must_use]
    pub fn new(update_interval: Duration) -> Self {
        Self { update_interval }
    }
}

/// One listener: frames in, events out, on the caller's thread.
///
/// Who calls: one thread at a time, any thread. [`push`](VadStream::push) does not allocate once warm, except where
/// speech is buffered and the caller's own event buffer grows; it does not lock, log or wait. Dropping the stream is all
/// the clean-up.
///
/// ```
/// # use lk_plugin::{AudioFrameRef, Result, Vad, VadEventType};
/// fn print_edges(vad: &dyn Vad, recording: &[i16]) -> Result<()> {
///     let mut stream = vad.stream()?;
///     let mut events = Vec::new();
///     for chunk in recording.chunks(160) {
///         events.clear();
///         stream.push(AudioFrameRef::new(chunk, 16_000, 1)?, &mut events)?;
///         for event in &events {
///             if event.event_type != VadEventType::InferenceDone {
///                 // The view lasts until the next push; the borrow checker sees to it.
///                 let audio = stream.audio(event).map_or(0, |audio| audio.samples().len());
///                 println!("{} at {:?}: {audio} samples", event.event_type.as_str(), event.timestamp);
///             }
///         }
///     }
///     events.clear();
///     stream.end_input(&mut events)
/// }
/// ```
pub trait VadStream: Send {
    /// Takes a frame of any length and appends to `events` what follows from it. From the first edge in it on, the stream
    /// keeps a copy of the frame for the views, until the next push: an hour at once costs an hour's memory.
    ///
    /// The first frame fixes the rate and the channels; the channels are mixed into one.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when the rate or the channels change, or cannot be dealt with;
    /// nothing of that frame was used and the stream goes on. After [`end_input`](VadStream::end_input):
    /// [`Closed`](crate::ErrorKind::Closed).
    fn push(&mut self, frame: AudioFrameRef<'_>, events: &mut Vec<VadEvent>) -> Result<()>;

    /// Forgets everything heard: a hard boundary, for when another component ended the turn. No events; positions and
    /// times start again at zero, the rate and the channels stay fixed.
    ///
    /// # Errors
    ///
    /// [`Closed`](crate::ErrorKind::Closed) after [`end_input`](VadStream::end_input).
    fn flush(&mut self) -> Result<()>;

    /// Ends the input: speech that is still open gets its [`EndOfSpeech`](VadEventType::EndOfSpeech) now. Audio too short
    /// for a judgement of its own belongs to the speech that is open.
    ///
    /// # Errors
    ///
    /// [`Closed`](crate::ErrorKind::Closed) the second time.
    fn end_input(&mut self, events: &mut Vec<VadEvent>) -> Result<()>;

    /// The audio of a START or END event of the last [`push`](VadStream::push) or
    /// [`end_input`](VadStream::end_input): one channel at the input's rate. `None` for inference events, which carry
    /// none, and for events of earlier pushes.
    fn audio(&self, event: &VadEvent) -> Option<AudioFrameRef<'_>>;
}

/// What a [`VadEvent`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VadEventType {
    /// Speech began (a little ago: long enough to be sure).
    StartOfSpeech,
    /// One window was judged. Its numbers are those from before that judgement.
    InferenceDone,
    /// Speech ended (a little ago, as before).
    EndOfSpeech,
}

impl VadEventType {
    /// The name in JSON, the same as in LiveKit: `start_of_speech`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StartOfSpeech => "start_of_speech",
            Self::InferenceDone => "inference_done",
            Self::EndOfSpeech => "end_of_speech",
        }
    }
}

/// One event of a voice-activity stream; names and units as in LiveKit.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct VadEvent {
    /// What the event tells.
    pub event_type: VadEventType,
    /// How many samples were judged so far, at the model's rate; at the input's where there is no model.
    pub samples_index: u64,
    /// How much audio was judged so far: stream time, not wall-clock time.
    pub timestamp: Duration,
    /// The speech so far; with END the length of the utterance without the silence that ended it.
    pub speech_duration: Duration,
    /// The silence so far; with END the silence that ended the utterance.
    pub silence_duration: Duration,
    /// The audio that the event is about, at the input's rate: with START from the padding before the speech until now,
    /// with END the whole utterance with padding and the silence after it (as far as it was buffered), with
    /// INFERENCE_DONE the window.
    pub audio: SampleRange,
    /// How likely the window is speech, from 0 to 1, smoothed; 0 with START and END.
    pub probability: f32,
    /// How long the judgement took; zero with START and END.
    pub inference_duration: Duration,
    /// Whether somebody is speaking.
    pub speaking: bool,
    /// Consecutive audio judged as silence, before this window; zero with START and END.
    pub raw_accumulated_silence: Duration,
    /// Consecutive audio judged as speech, before this window; zero with START and END.
    pub raw_accumulated_speech: Duration,
}

impl VadEvent {
    /// An event of this type with everything else zero.
    #[must_use]
    pub fn new(event_type: VadEventType, audio: SampleRange) -> Self {
        Self {
            event_type,
            samples_index: 0,
            timestamp: Duration::ZERO,
            speech_duration: Duration::ZERO,
            silence_duration: Duration::ZERO,
            audio,
            probability: 0.0,
            inference_duration: Duration::ZERO,
            speaking: false,
            raw_accumulated_silence: Duration::ZERO,
            raw_accumulated_speech: Duration::ZERO,
        }
    }
}
