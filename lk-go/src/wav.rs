//! WAV files as frames: any integer or float samples, read as a stream, never wound back.
//!
//! Symphonia decodes the samples. The chunks before them are read here ([`header`]), because Symphonia's own reader refuses
//! or misreads what pipes and broken downloads leave behind: a RIFF length of 0, a data length of 0, channel masks that do
//! not fit; it does not say which number it minds, reads comments of any length into memory, and loses its place when a
//! pipe hands over half a sample.

use std::fs::{self, File};
use std::io::{self, BufReader, IsTerminal, Read};
use std::path::Path;
use std::time::Duration;

use lk_plugin::{AudioFrameRef, BoxError, samples_to_duration};
use symphonia::core::audio::conv::IntoSample;
use symphonia::core::audio::sample::Sample;
use symphonia::core::audio::{Audio, AudioBuffer, Channels, GenericAudioBufferRef};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration as PacketDuration, Timestamp};
use symphonia::default::codecs::PcmDecoder;

use self::header::{CONVERT, Header, Refused, fill};
use crate::error::{Error, Result};
use crate::interrupt::Interruptible;
use crate::printable;

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod header;
#[cfg(test)]
mod tests;

/// Frames a second: 10 ms each, what an agent gets from a call.
const FRAMES_PER_SECOND: u32 = 100;

const UNDECODABLE: &str = "holds samples that cannot be decoded";

/// A WAV file that is being read.
pub(crate) struct WavReader {
    name: String,
    source: Box<dyn Read + Send>,
    decoder: PcmDecoder,
    sample_rate: u32,
    channels: u16,
    bytes_per_instant: usize,
    // Of one channel.
    promised: Option<u64>,
    read: u64,
    // One frame, as bytes and decoded.
    bytes: Vec<u8>,
    samples: Vec<i16>,
}

impl WavReader {
    /// Opens a file; `-` is standard input.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, or is no WAV file that can be decoded.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if path.as_os_str() == "-" {
            let name = "standard input".to_owned();
            if io::stdin().is_terminal() {
                return Err(refused(&name, "is a terminal here", "pipe a WAV file into it, or name one", None));
            }
            let source = Interruptible::open(|| Ok(io::stdin())).map_err(|error| unreadable(&name, error))?;
            return Self::new(name, source);
        }
        let name = format!("`{}`", printable::path(path));
        let unopened = |error: io::Error| {
            let setting = printable::key(&path.to_string_lossy()).filter(|_| error.kind() == io::ErrorKind::NotFound);
            if let Some(key) = setting {
                return refused(
                    &format!("`{key}=…`"),
                    "is not there",
                    "write `--set` before it, or check the name",
                    None,
                );
            }
            let (problem, advice) = match error.kind() {
                io::ErrorKind::NotFound => ("is not there", "check the name and the folder"),
                io::ErrorKind::PermissionDenied => ("cannot be opened", "ask for the right to read it"),
                _ => ("cannot be opened", "check the file and the disk"),
            };
            refused(&name, problem, advice, Some(error.into()))
        };
        let kind = fs::metadata(path).map_err(unopened)?.file_type();
        if kind.is_dir() {
            return Err(refused(&name, "is a folder", "name a WAV file in it", None));
        }
        if kind.is_file() {
            let file = File::open(path).map_err(unopened)?;
            return Self::new(name, file);
        }
        let path = path.to_owned();
        let source = Interruptible::open(|| File::open(path)).map_err(unopened)?;
        Self::new(name, source)
    }

    /// Reads from anything; `name` is for messages.
    fn new(name: String, source: impl Read + Send + 'static) -> Result<Self> {
        let mut source = BufReader::new(source);
        let header = Header::read(&mut source).map_err(|problem| match problem {
            Refused::Content(problem, advice) => refused(&name, &problem, &advice, None),
            Refused::Reading(error) => unreadable(&name, error),
        })?;
        let mut parameters = AudioCodecParameters::new();
        parameters
            .for_codec(header.codec)
            .with_sample_rate(header.sample_rate)
            .with_channels(Channels::Discrete(header.channels));
        let decoder = PcmDecoder::try_new(&parameters, &AudioDecoderOptions::default())
            .map_err(|error| refused(&name, UNDECODABLE, CONVERT, Some(error.into())))?;
        let bytes_per_instant = usize::from(header.bytes_per_sample) * usize::from(header.channels);
        let instants = (header.sample_rate / FRAMES_PER_SECOND) as usize;
        Ok(Self {
            name,
            source: Box::new(source.take(header.data_length.unwrap_or(u64::MAX))),
            decoder,
            sample_rate: header.sample_rate,
            channels: header.channels,
            bytes_per_instant,
            promised: header.data_length.map(|length| length / bytes_per_instant as u64),
            read: 0,
            bytes: vec![0; instants * bytes_per_instant],
            samples: Vec::with_capacity(instants * usize::from(header.channels)),
        })
    }

    /// The next 10 ms, fewer at the end; `None` after it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read further, or a sample is no number.
    pub(crate) fn next_frame(&mut self) -> Result<Option<AudioFrameRef<'_>>> {
        let length = fill(&mut self.source, &mut self.bytes).map_err(|error| unreadable(&self.name, error))?;
        let instants = length / self.bytes_per_instant;
        if instants == 0 {
            return Ok(None);
        }
        let packet = PacketRef::new(
            0,
            Timestamp::ZERO,
            PacketDuration::from(instants as u64),
            &self.bytes[..instants * self.bytes_per_instant],
        );
        let decoded = self
            .decoder
            .decode_ref(&packet)
            .map_err(|error| refused(&self.name, UNDECODABLE, CONVERT, Some(error.into())))?;
        if let Err(index) = to_i16(decoded, &mut self.samples) {
            let instant = self.read + (index / usize::from(self.channels)) as u64;
            let problem = format!(
                "has a sample that is not a finite number: sample `{instant}` of channel {}, at {:.3} s",
                index % usize::from(self.channels) + 1,
                samples_to_duration(instant, self.sample_rate).as_secs_f64(),
            );
            return Err(refused(&self.name, &problem, "mend what wrote the file, or cut that part out", None));
        }
        self.read += instants as u64;
        Ok(Some(AudioFrameRef::new(&self.samples, self.sample_rate, self.channels)?))
    }

    /// The file as the user named it, in backticks; or `standard input`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How much was read.
    pub(crate) fn position(&self) -> Duration {
        samples_to_duration(self.read, self.sample_rate)
    }

    /// How long it should be; `None` when the header does not say.
    pub(crate) fn promised(&self) -> Option<Duration> {
        self.promised.map(|samples| samples_to_duration(samples, self.sample_rate))
    }

    /// What there is to say about the file once it is read: that it is shorter than its header promises, or empty.
    pub(crate) fn warning(&self) -> Option<String> {
        let (name, position) = (&self.name, self.position().as_secs_f64());
        match self.promised {
            Some(promised) if self.read < promised => Some(format!(
                "{name} is cut: its header promises {:.3} s of audio, but there are {position:.3} s; all of it was used",
                samples_to_duration(promised, self.sample_rate).as_secs_f64()
            )),
            _ if self.read == 0 => Some(format!("{name} has no samples in it; check what recorded it")),
            None => Some(format!(
                "{name} does not say in its header how long it is; all there was, {position:.3} s of audio, was used"
            )),
            Some(_) => None,
        }
    }
}

/// The samples as 16-bit integers, interleaved; or the place of the first that is not a finite number. Wider integers
/// lose their low bits; floats beyond ±1 are clipped.
fn to_i16(decoded: GenericAudioBufferRef<'_>, samples: &mut Vec<i16>) -> Result<(), usize> {
    match decoded {
        GenericAudioBufferRef::F32(buffer) => floats(buffer, samples),
        GenericAudioBufferRef::F64(buffer) => floats(buffer, samples),
        integers => {
            integers.copy_to_vec_interleaved(samples);
            Ok(())
        }
    }
}

fn floats<S: Sample + IntoSample<f64>>(buffer: &AudioBuffer<S>, samples: &mut Vec<i16>) -> Result<(), usize> {
    samples.clear();
    for (index, sample) in buffer.iter_interleaved().enumerate() {
        let sample: f64 = sample.into_sample();
        if !sample.is_finite() {
            return Err(index);
        }
        // The cast clips.
        samples.push((sample * 32_767.0).round() as i16);
    }
    Ok(())
}

fn refused(name: &str, problem: &str, advice: &str, source: Option<BoxError>) -> Error {
    Error::Input { file: name.to_owned(), problem: problem.to_owned(), advice: advice.to_owned(), source }
}

fn unreadable(name: &str, error: io::Error) -> Error {
    refused(name, "cannot be read to its end", "check the file and the disk", Some(error.into()))
}
