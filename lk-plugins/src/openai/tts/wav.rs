//! WAV as it comes over the network: in any pieces, with lengths that its writer did not know.
//!
//! Symphonia decodes the samples. The chunks before them are read here: Symphonia's reader wants a source that it can
//! wait for, and refuses the lengths that servers write when they send a WAV before they know its length.

use lk_plugin::{Error, ErrorKind, MAX_CHANNELS, Result};
use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::well_known as codecs;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};
use symphonia::default::codecs::PcmDecoder;

use super::conform::Conform;

/// Reads a WAV piece by piece.
pub(super) struct WavReader {
    state: State,
    // Bytes that do not make up what the state waits for.
    pending: Vec<u8>,
    format: Option<Format>,
    samples: Vec<i16>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// The 12 bytes at the start.
    Riff,
    /// The 8 bytes before a chunk; `after_data` when the samples were there already.
    Chunk { after_data: bool },
    /// The chunk that tells the format.
    Format { length: usize },
    /// A chunk that tells nothing about the sound.
    Skip { left: u64 },
    /// The samples; `None` when nobody knows how many.
    Data { left: Option<u64> },
}

struct Format {
    decoder: PcmDecoder,
    sample_rate: u32,
    channels: u16,
    instant: usize,
}

/// From here on a length is what writers put in who do not know it (0xFFFFFFFF, 0x7FFFFFFF less a header).
const UNKNOWN_LENGTH: u32 = 0x7FFF_0000;

/// As much of the format as is ever needed: an extensible one has 40 bytes.
const MAX_FORMAT: usize = 1024;

impl WavReader {
    pub(super) fn new() -> Self {
        Self { state: State::Riff, pending: Vec::new(), format: None, samples: Vec::new() }
    }

    /// Decodes a piece into `voice`.
    pub(super) fn push(&mut self, bytes: &[u8], voice: &mut Conform) -> Result<()> {
        self.pending.extend_from_slice(bytes);
        let mut pending = std::mem::take(&mut self.pending);
        let mut used = 0;
        while let Some(step) = self.step(&pending[used..], voice)? {
            used += step;
        }
        pending.drain(..used);
        self.pending = pending;
        Ok(())
    }

    /// Says whether the body ended where it may.
    pub(super) fn finish(&self) -> Result<()> {
        let missing = match self.state {
            State::Riff | State::Format { .. } => true,
            State::Chunk { after_data } => !after_data,
            State::Skip { .. } => false,
            State::Data { left: None } => !self.pending.is_empty(),
            State::Data { left: Some(left) } => left > 0,
        };
        if missing { Err(cut()) } else { Ok(()) }
    }

    /// Uses some of `bytes` and says how many; `None` when there are too few.
    fn step(&mut self, bytes: &[u8], voice: &mut Conform) -> Result<Option<usize>> {
        match self.state {
            State::Riff => {
                if bytes.len() < 12 {
                    return Ok(None);
                }
                if !bytes.starts_with(b"RIFF") || bytes[8..12] != *b"WAVE" {
                    return Err(broken("it does not start as one"));
                }
                self.state = State::Chunk { after_data: false };
                Ok(Some(12))
            }
            State::Chunk { after_data } => self.chunk(bytes, after_data),
            State::Format { length } => {
                if bytes.len() < length {
                    return Ok(None);
                }
                self.format = Some(Format::read(&bytes[..length])?);
                self.state = State::Chunk { after_data: false };
                Ok(Some(length))
            }
            State::Skip { left: 0 } => {
                self.state = State::Chunk { after_data: true };
                Ok(Some(0))
            }
            State::Skip { left } => {
                let skipped = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                self.state = State::Skip { left: left - skipped as u64 };
                Ok(if skipped == 0 { None } else { Some(skipped) })
            }
            State::Data { left: Some(0) } => {
                self.state = State::Chunk { after_data: true };
                Ok(Some(0))
            }
            State::Data { left } => self.data(bytes, left, voice),
        }
    }

    fn chunk(&mut self, bytes: &[u8], after_data: bool) -> Result<Option<usize>> {
        // Servers that join several sentences join whole files.
        if after_data && bytes.starts_with(b"RIFF") {
            self.state = State::Riff;
            return Ok(Some(0));
        }
        if bytes.len() < 8 {
            return Ok(None);
        }
        let size = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        // Chunks have even lengths; an odd one has a byte after it that does not count.
        let padded = u64::from(size) + u64::from(size % 2);
        self.state = match &bytes[..4] {
            b"fmt " if (14..=MAX_FORMAT as u64).contains(&padded) => State::Format { length: padded as usize },
            b"fmt " => return Err(broken("its format has an impossible length")),
            b"data" if self.format.is_none() => return Err(broken("its samples come before its format")),
            b"data" if size == 0 || size >= UNKNOWN_LENGTH => State::Data { left: None },
            b"data" => State::Data { left: Some(u64::from(size)) },
            // No chunk has such a name: the samples go on, and the length was that of a first piece.
            name if after_data && !name.iter().all(|byte| (0x20..0x7F).contains(byte)) => {
                self.state = State::Data { left: None };
                return Ok(Some(0));
            }
            _ => State::Skip { left: padded },
        };
        Ok(Some(8))
    }

    fn data(&mut self, bytes: &[u8], left: Option<u64>, voice: &mut Conform) -> Result<Option<usize>> {
        let Some(format) = &mut self.format else { return Err(broken("its samples come before its format")) };
        let available = left.map_or(bytes.len(), |left| bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
        let whole = available - available % format.instant;
        if whole == 0 {
            // Less than an instant before the next chunk is no sound.
            let rest = left.filter(|left| *left < format.instant as u64 && bytes.len() as u64 >= *left);
            self.state = if rest.is_some() { State::Skip { left: available as u64 } } else { self.state };
            return Ok(rest.map(|_| 0));
        }
        format.decode(&bytes[..whole], &mut self.samples)?;
        voice.push(&self.samples, format.sample_rate, format.channels)?;
        self.state = match left {
            None => State::Data { left: None },
            Some(left) if left == whole as u64 && left % 2 == 1 => State::Skip { left: 1 },
            Some(left) => State::Data { left: Some(left - whole as u64) },
        };
        Ok(Some(whole))
    }
}

impl Format {
    fn read(bytes: &[u8]) -> Result<Self> {
        let u16_at = |at: usize| bytes.get(at..at + 2).map_or(0, |pair| u16::from_le_bytes([pair[0], pair[1]]));
        let (mut tag, channels, align, bits) = (u16_at(0), u16_at(2), u16_at(12), u16_at(14));
        let sample_rate = u32::from(u16_at(4)) | u32::from(u16_at(6)) << 16;
        // Extensible: the real tag is the start of the sub-format.
        if tag == 0xFFFE {
            tag = u16_at(24);
        }
        let (codec, width) = codec(tag, bits).ok_or_else(|| {
            Error::unsupported(format!(
                "the speech is a WAV of format `{tag}` with `{bits}`-bit samples; ask the server for 16-bit PCM"
            ))
        })?;
        if channels == 0 || channels > MAX_CHANNELS {
            return Err(broken(&format!("it has `{channels}` channels")));
        }
        let instant = usize::from(width) * usize::from(channels);
        if align != 0 && usize::from(align) != instant {
            return Err(broken(&format!("`{align}` bytes an instant do not fit {channels} channel(s) of {bits} bits")));
        }
        let mut parameters = AudioCodecParameters::new();
        parameters.for_codec(codec).with_sample_rate(sample_rate).with_channels(Channels::Discrete(channels));
        let decoder = PcmDecoder::try_new(&parameters, &AudioDecoderOptions::default()).map_err(undecodable)?;
        Ok(Self { decoder, sample_rate, channels, instant })
    }

    fn decode(&mut self, bytes: &[u8], samples: &mut Vec<i16>) -> Result<()> {
        let instants = (bytes.len() / self.instant) as u64;
        let packet = PacketRef::new(0, Timestamp::ZERO, Duration::from(instants), bytes);
        self.decoder.decode_ref(&packet).map_err(undecodable)?.copy_to_vec_interleaved(samples);
        Ok(())
    }
}

/// How samples are stored, and the bytes of each.
fn codec(tag: u16, bits: u16) -> Option<(AudioCodecId, u16)> {
    Some(match (tag, bits) {
        (1, 8) => (codecs::CODEC_ID_PCM_U8, 1),
        (1, 16) => (codecs::CODEC_ID_PCM_S16LE, 2),
        (1, 24) => (codecs::CODEC_ID_PCM_S24LE, 3),
        (1, 32) => (codecs::CODEC_ID_PCM_S32LE, 4),
        (3, 32) => (codecs::CODEC_ID_PCM_F32LE, 4),
        (3, 64) => (codecs::CODEC_ID_PCM_F64LE, 8),
        (6, _) => (codecs::CODEC_ID_PCM_ALAW, 1),
        (7, _) => (codecs::CODEC_ID_PCM_MULAW, 1),
        _ => return None,
    })
}

fn cut() -> Error {
    Error::new(ErrorKind::Api, "the speech is a WAV that ends before its header says: its end did not arrive")
}

fn broken(reason: &str) -> Error {
    Error::new(ErrorKind::Api, format!("the speech is declared as WAV, but {reason}"))
}

fn undecodable(error: symphonia::core::errors::Error) -> Error {
    Error::new(ErrorKind::Api, "the speech is a WAV whose samples cannot be decoded").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: [i16; 6] = [1, -2, 300, -400, i16::MAX, i16::MIN];

    fn wav(data_length: u32, extra: &[u8]) -> Vec<u8> {
        let mut bytes = b"RIFF\xFF\xFF\xFF\xFFWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        bytes.extend(24_000_u32.to_le_bytes());
        bytes.extend(48_000_u32.to_le_bytes());
        bytes.extend(b"\x02\0\x10\0LIST\x03\0\0\0abc\0data");
        bytes.extend(data_length.to_le_bytes());
        bytes.extend(SAMPLES.iter().flat_map(|sample| sample.to_le_bytes()));
        bytes.extend(extra);
        bytes
    }

    fn read(bytes: &[u8], piece: usize) -> Result<Vec<i16>> {
        let (mut reader, mut voice) = (WavReader::new(), Conform::new(24_000));
        for piece in bytes.chunks(piece) {
            reader.push(piece, &mut voice)?;
        }
        reader.finish()?;
        Ok(voice.take())
    }

    #[test]
    fn pieces_and_unknown_lengths_do_not_matter() -> Result<()> {
        for length in [12, 0, u32::MAX, 0x7FFF_FFFF - 36] {
            for piece in [1, 2, 3, 7, 1000] {
                assert_eq!(read(&wav(length, &[]), piece)?, SAMPLES, "length {length}, pieces of {piece}");
            }
        }
        Ok(())
    }

    #[test]
    fn what_follows_the_samples_is_no_sound_unless_it_is_samples() -> Result<()> {
        assert_eq!(read(&wav(12, b"LIST\x04\0\0\0abcd"), 5)?, SAMPLES);
        assert_eq!(read(&wav(12, &wav(12, &[])), 5)?, [SAMPLES, SAMPLES].concat());
        // A length of the first piece alone.
        assert_eq!(read(&wav(4, &[]), 5)?, SAMPLES);
        Ok(())
    }

    #[test]
    fn a_cut_file_is_an_error() {
        let whole = wav(12, &[]);
        for length in [4, 20, 40, 58, whole.len() - 1, whole.len() - 6] {
            assert!(read(&whole[..length], 9).is_err(), "{length} of {} bytes", whole.len());
        }
        assert!(read(&wav(0, &[1]), 9).is_err(), "half a sample");
    }
}
