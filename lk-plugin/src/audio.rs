//! Audio as the contract carries it: frames of 16-bit PCM, owned or borrowed.

use std::time::Duration;

use crate::error::{Error, Result};

#[cfg(all(any(test, fuzzing), feature = "resample"))]
pub(crate) mod fuzzing;
#[cfg(feature = "resample")]
mod resampler;

#[cfg(feature = "resample")]
pub use self::resampler::Resampler;

/// The most channels a frame may have: more than any voice device delivers, few enough to catch a misread header.
pub const MAX_CHANNELS: u16 = 8;

/// The sample rates a frame may have, in Hz: from below telephony to four times studio quality.
pub const SAMPLE_RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// A piece of audio that owns its samples: signed 16-bit PCM, the channels interleaved.
///
/// ```
/// use lk_plugin::AudioFrame;
///
/// let frame = AudioFrame::new(vec![0; 960], 48_000, 2)?;
/// assert_eq!(frame.samples_per_channel(), 480);
/// assert_eq!(frame.duration().as_millis(), 10);
/// # Ok::<(), lk_plugin::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioFrame {
    samples: Vec<i16>,
    sample_rate: u32,
    channels: u16,
}

impl AudioFrame {
    /// A frame of these samples.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when the rate is outside [`SAMPLE_RATES`], the channels are
    /// none or more than [`MAX_CHANNELS`], or the samples are not a whole number of them. No samples at all is a frame.
    pub fn new(samples: Vec<i16>, sample_rate: u32, channels: u16) -> Result<Self> {
        AudioFrameRef::new(&samples, sample_rate, channels)?;
        Ok(Self { samples, sample_rate, channels })
    }

    /// The same audio, borrowed.
    #[must_use]
    pub fn as_ref(&self) -> AudioFrameRef<'_> {
        AudioFrameRef { samples: &self.samples, sample_rate: self.sample_rate, channels: self.channels }
    }

    /// The samples, interleaved by channel.
    #[must_use]
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// The samples, given away.
    #[must_use]
    pub fn into_samples(self) -> Vec<i16> {
        self.samples
    }

    /// Samples per second and channel, in Hz.
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// How many channels are interleaved.
    #[must_use]
    pub fn channels(&self) -> u16 {
        self.channels
    }

    /// How many samples each channel has.
    #[must_use]
    pub fn samples_per_channel(&self) -> usize {
        self.as_ref().samples_per_channel()
    }

    /// How long the frame plays.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.as_ref().duration()
    }
}

impl From<AudioFrameRef<'_>> for AudioFrame {
    fn from(frame: AudioFrameRef<'_>) -> Self {
        Self { samples: frame.samples.to_vec(), sample_rate: frame.sample_rate, channels: frame.channels }
    }
}

/// A piece of audio that somebody else owns: signed 16-bit PCM, the channels interleaved.
///
/// Two words and two numbers: pass it by value.
///
/// ```
/// use lk_plugin::AudioFrameRef;
///
/// let recording = vec![0_i16; 16_000];
/// for chunk in recording.chunks(320) {
///     let frame = AudioFrameRef::new(chunk, 16_000, 1)?;
///     assert_eq!(frame.duration().as_millis(), 20);
/// }
/// # Ok::<(), lk_plugin::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioFrameRef<'a> {
    samples: &'a [i16],
    sample_rate: u32,
    channels: u16,
}

impl<'a> AudioFrameRef<'a> {
    /// A frame of these samples.
    ///
    /// # Errors
    ///
    /// As [`AudioFrame::new`].
    #[inline]
    pub fn new(samples: &'a [i16], sample_rate: u32, channels: u16) -> Result<Self> {
        // A division costs more than all else here, and nearly all frames have one channel.
        let is_whole = || channels == 1 || samples.len().is_multiple_of(usize::from(channels));
        if SAMPLE_RATES.contains(&sample_rate) && (1..=MAX_CHANNELS).contains(&channels) && is_whole() {
            return Ok(Self { samples, sample_rate, channels });
        }
        Err(impossible(samples.len(), sample_rate, channels))
    }

    /// The samples, interleaved by channel.
    #[must_use]
    pub fn samples(self) -> &'a [i16] {
        self.samples
    }

    /// Samples per second and channel, in Hz.
    #[must_use]
    pub fn sample_rate(self) -> u32 {
        self.sample_rate
    }

    /// How many channels are interleaved.
    #[must_use]
    pub fn channels(self) -> u16 {
        self.channels
    }

    /// How many samples each channel has.
    #[must_use]
    pub fn samples_per_channel(self) -> usize {
        self.samples.len() / usize::from(self.channels)
    }

    /// How long the frame plays.
    #[must_use]
    pub fn duration(self) -> Duration {
        samples_to_duration(self.samples_per_channel() as u64, self.sample_rate)
    }

    /// The channels mixed into one: at each instant their mean, rounded toward zero. One channel passes unchanged.
    ///
    /// ```
    /// let stereo = lk_plugin::AudioFrame::new(vec![100, 300, -100, 100], 16_000, 2)?;
    /// assert_eq!(stereo.as_ref().mono().collect::<Vec<_>>(), [200, 0]);
    /// # Ok::<(), lk_plugin::Error>(())
    /// ```
    pub fn mono(self) -> impl Iterator<Item = i16> + 'a {
        let channels = usize::from(self.channels);
        self.samples.chunks_exact(channels).map(move |instant| {
            let sum: i32 = instant.iter().map(|&sample| i32::from(sample)).sum();
            // The mean of i16 values is an i16 value.
            (sum / channels as i32) as i16
        })
    }
}

/// Why there is no such frame.
#[cold]
fn impossible(samples: usize, sample_rate: u32, channels: u16) -> Error {
    if !SAMPLE_RATES.contains(&sample_rate) {
        return Error::invalid_input(format!(
            "a sample rate of `{sample_rate}` Hz is impossible; give one between {} and {} Hz",
            SAMPLE_RATES.start(),
            SAMPLE_RATES.end()
        ));
    }
    if channels == 0 || channels > MAX_CHANNELS {
        return Error::invalid_input(format!("`{channels}` channels are not supported; give 1 to {MAX_CHANNELS}"));
    }
    Error::invalid_input(format!(
        "`{samples}` samples do not divide into {channels} channels; give whole interleaved frames"
    ))
}

impl<'a> From<&'a AudioFrame> for AudioFrameRef<'a> {
    fn from(frame: &'a AudioFrame) -> Self {
        frame.as_ref()
    }
}

/// How long `samples` (of one channel) last at `sample_rate` Hz, rounded down to a nanosecond.
#[must_use]
pub fn samples_to_duration(samples: u64, sample_rate: u32) -> Duration {
    let rate = u64::from(sample_rate.max(1));
    // Below 768,000 × 1e9 the product fits in 64 bits.
    Duration::new(samples / rate, ((samples % rate) * 1_000_000_000 / rate) as u32)
}

/// How many samples (of one channel) at `sample_rate` Hz last `duration`, rounded down.
#[must_use]
pub fn duration_to_samples(duration: Duration, sample_rate: u32) -> u64 {
    let samples = duration.as_nanos() * u128::from(sample_rate) / 1_000_000_000;
    u64::try_from(samples).unwrap_or(u64::MAX)
}

/// The error of a stream whose frames changed their format (rate in Hz, channels) on the way.
///
/// Every plugin that takes frames reports it like this.
#[must_use]
pub fn format_changed(first: (u32, u16), now: (u32, u16)) -> Error {
    let ((first_rate, first_channels), (rate, channels)) = (first, now);
    Error::invalid_input(format!(
        "the stream's frames changed from {first_rate} Hz with {first_channels} channel(s) to `{rate}` Hz with \
         `{channels}` channel(s); open a new stream for another format"
    ))
}

/// A stretch of a stream, in samples of one channel, counted from the stream's start (or last flush).
///
/// ```
/// use std::time::Duration;
/// use lk_plugin::{SampleRange, duration_to_samples, samples_to_duration};
///
/// let range = SampleRange { start: 8_000, end: 24_000, sample_rate: 16_000 };
/// assert_eq!((range.start_time(), range.duration()), (Duration::from_millis(500), Duration::from_secs(1)));
/// assert_eq!(duration_to_samples(range.duration(), 48_000), 48_000);
/// assert_eq!(samples_to_duration(48_000, 48_000), range.duration());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleRange {
    /// The first sample.
    pub start: u64,
    /// The sample after the last.
    pub end: u64,
    /// The rate in which the two are counted, in Hz.
    pub sample_rate: u32,
}

impl SampleRange {
    /// How many samples it spans.
    #[must_use]
    pub fn samples(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// How long it lasts.
    #[must_use]
    pub fn duration(self) -> Duration {
        samples_to_duration(self.samples(), self.sample_rate)
    }

    /// When it starts, from the stream's start.
    #[must_use]
    pub fn start_time(self) -> Duration {
        samples_to_duration(self.start, self.sample_rate)
    }

    /// When it ends, from the stream's start.
    #[must_use]
    pub fn end_time(self) -> Duration {
        samples_to_duration(self.end, self.sample_rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_frames_are_refused_with_the_value() {
        for (samples, rate, channels, word) in [
            (0, 0, 1, "`0` Hz"),
            (0, 999_999, 1, "`999999` Hz"),
            (0, 16_000, 0, "`0` channels"),
            (9, 16_000, 9, "`9` channels"),
            (3, 16_000, 2, "`3` samples"),
        ] {
            let error = AudioFrame::new(vec![0; samples], rate, channels).err().map(|error| error.to_string());
            assert!(error.as_ref().is_some_and(|text| text.contains(word)), "{error:?}");
        }
        assert!(AudioFrame::new(Vec::new(), 16_000, 8).is_ok());
    }

    #[test]
    fn mono_is_the_mean_without_overflow() -> Result<()> {
        let frame = AudioFrame::new(vec![i16::MAX, i16::MAX, i16::MIN, i16::MIN, 3, -4], 8_000, 2)?;
        assert_eq!(frame.as_ref().mono().collect::<Vec<_>>(), [i16::MAX, i16::MIN, 0]);
        Ok(())
    }

    #[test]
    fn durations_are_exact() {
        assert_eq!(samples_to_duration(512, 16_000), Duration::from_millis(32));
        assert_eq!(samples_to_duration(44_100 * 3600 * 24, 44_100), Duration::from_secs(86_400));
        assert_eq!(duration_to_samples(Duration::from_millis(32), 16_000), 512);
        assert_eq!(duration_to_samples(Duration::MAX, 768_000), u64::MAX);
        let range = SampleRange { start: 8_000, end: 24_000, sample_rate: 16_000 };
        assert_eq!((range.start_time(), range.duration()), (Duration::from_millis(500), Duration::from_secs(1)));
    }
}
