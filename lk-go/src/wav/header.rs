//! The chunks before the samples of a WAV file: what the samples are, and how many bytes of them there should be.

use std::io::{self, Read};

use lk_plugin::{MAX_CHANNELS, SAMPLE_RATES};
use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known as codecs;

/// What a writer puts in when it cannot go back to write the real length.
const UNKNOWN_LENGTH: u32 = u32::MAX;

/// As much of a chunk as is ever needed: an extensible format has 40 bytes.
const MAX_CHUNK: usize = 64;

/// Where the sub-format stands in an extensible format: a tag and what makes a GUID of it.
const SUB_FORMAT: std::ops::Range<usize> = 24..40;

/// What makes a GUID of a format tag: that of all formats, and the one of Ambisonics, whose channels are no speakers.
const TAG_GUIDS: [[u8; 14]; 2] = [
    [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71],
    [0, 0, 0x21, 0x07, 0xD3, 0x11, 0x86, 0x44, 0xC8, 0xC1, 0xCA, 0, 0, 0],
];

/// What stands before the samples; all of it possible.
#[derive(Debug)]
pub(super) struct Header {
    /// How the samples are written.
    pub(super) codec: AudioCodecId,
    /// The samples per second and channel, in Hz.
    pub(super) sample_rate: u32,
    /// The channels.
    pub(super) channels: u16,
    /// The bytes that each sample takes.
    pub(super) bytes_per_sample: u16,
    /// The bytes of all samples; `None` when the writer did not know.
    pub(super) data_length: Option<u64>,
}

/// Why a header was refused.
#[derive(Debug)]
pub(super) enum Refused {
    /// The file is wrong: the problem and the advice.
    Content(String, String),
    /// The file cannot be read.
    Reading(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Reading(error)
    }
}

impl Header {
    /// Reads up to the first sample.
    pub(super) fn read(source: &mut impl Read) -> Result<Self, Refused> {
        let mut riff = [0; 12];
        let length = fill(source, &mut riff)?;
        check_marker(&riff[..length])?;
        let riff_length = u32_at(&riff, 4);
        let mut position = riff.len() as u64;
        let mut format = None;
        let mut long_data = None;
        loop {
            let mut chunk = [0; 8];
            match fill(source, &mut chunk)? {
                8 => position += 8,
                0 if format.is_some() => return Err(broken("has no `data` chunk, so no audio")),
                _ => return Err(broken("ends inside its header")),
            }
            let length = u32_at(&chunk, 4);
            match &chunk[..4] {
                b"data" => {
                    let mut header: Self =
                        format.ok_or_else(|| broken("has audio but does not say in which format"))?;
                    header.data_length = match length {
                        UNKNOWN_LENGTH => long_data,
                        // Really empty when, by the file's own length, something else follows.
                        0 if riff_length == UNKNOWN_LENGTH || 8 + u64::from(riff_length) <= position => None,
                        known => Some(u64::from(known)),
                    };
                    return Ok(header);
                }
                b"fmt " => format = Some(Self::of_format(&chunk_start(source, length)?)?),
                // The 64-bit lengths of RF64: of the file, then of the samples.
                b"ds64" => {
                    let lengths = chunk_start(source, length)?;
                    long_data = lengths
                        .get(8..16)
                        .map(|bytes| (u64::from(u32_at(bytes, 4)) << 32) | u64::from(u32_at(bytes, 0)));
                }
                _ => skip(source, u64::from(length))?,
            }
            // Chunks start at even positions.
            let padding = u64::from(length % 2);
            skip(source, padding)?;
            position += u64::from(length) + padding;
        }
    }

    fn of_format(format: &[u8]) -> Result<Self, Refused> {
        let too_few = || broken(&format!("describes its format in `{}` bytes, which are too few", format.len()));
        if format.len() < 16 {
            return Err(too_few());
        }
        let tag = match u16_at(format, 0) {
            EXTENSIBLE => sub_format(format.get(SUB_FORMAT).ok_or_else(too_few)?)?,
            tag => tag,
        };
        if !matches!(tag, INTEGERS | FLOATS | A_LAW | MU_LAW) {
            return Err(unknown(&format!("format `{tag:#06x}`")));
        }
        let (channels, sample_rate) = (u16_at(format, 2), u32_at(format, 4));
        check_channels(channels)?;
        check_sample_rate(sample_rate)?;
        // Of one sample. Many a writer puts nonsense there, so it counts only where the bits are no whole bytes.
        let bytes = u16_at(format, 12) / channels;
        let bits = u16_at(format, 14);
        let codec = match tag {
            INTEGERS => integers(bits, bytes),
            FLOATS => floats(bits),
            // One byte a sample, whatever stands there.
            A_LAW => Some((codecs::CODEC_ID_PCM_ALAW, 1)),
            _ => Some((codecs::CODEC_ID_PCM_MULAW, 1)),
        };
        let (codec, bytes_per_sample) = codec.ok_or_else(|| impossible_bits(tag, bits))?;
        Ok(Self { codec, sample_rate, channels, bytes_per_sample, data_length: None })
    }
}

const INTEGERS: u16 = 1;
const FLOATS: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
const EXTENSIBLE: u16 = 0xFFFE;

/// The advice for a file that another program can read.
pub(super) const CONVERT: &str = "convert it first, as in `ffmpeg -i FILE -c:a pcm_s16le recording.wav`";

/// The advice for a file that no program can read.
const REPLACE: &str = "make or download it again";

/// The format tag in a sub-format's GUID. Who sits where does not matter here, so the channel mask is not looked at.
fn sub_format(guid: &[u8]) -> Result<u16, Refused> {
    if TAG_GUIDS.iter().any(|rest| guid[2..] == rest[..]) {
        return Ok(u16_at(guid, 0));
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (first, second, third) = (u32_at(guid, 0), u16_at(guid, 4), u16_at(guid, 6));
    let guid = format!("{first:08x}-{second:04x}-{third:04x}-{}-{}", hex(&guid[8..10]), hex(&guid[10..]));
    Err(unknown(&format!("sub-format `{guid}`")))
}

fn check_channels(channels: u16) -> Result<(), Refused> {
    let advice = match channels {
        1..=MAX_CHANNELS => return Ok(()),
        0 => REPLACE.to_owned(),
        _ => format!(
            "give up to {MAX_CHANNELS}, such as the first alone, as in `ffmpeg -i FILE -af 'pan=mono|c0=c0' recording.wav`"
        ),
    };
    Err(Refused::Content(format!("has `{channels}` channels"), advice))
}

fn check_sample_rate(rate: u32) -> Result<(), Refused> {
    let (least, most) = SAMPLE_RATES.into_inner();
    let advice = match rate {
        0 => format!("{REPLACE}, with the rate at which it was recorded"),
        rate if rate < least || rate > most => {
            format!("give {least} to {most} Hz, as in `ffmpeg -i FILE -ar 16000 recording.wav`")
        }
        _ => return Ok(()),
    };
    Err(Refused::Content(format!("says `{rate}` Hz"), advice))
}

/// The codec and the bytes of a sample. Bits that are no whole bytes stand at the top of them, with zeros below.
fn integers(bits: u16, bytes: u16) -> Option<(AudioCodecId, u16)> {
    let bytes = match bits {
        8 | 16 | 24 | 32 => bits / 8,
        9.. if bits <= bytes.saturating_mul(8) => bytes,
        _ => return None,
    };
    let codec = match bytes {
        1 => codecs::CODEC_ID_PCM_U8,
        2 => codecs::CODEC_ID_PCM_S16LE,
        3 => codecs::CODEC_ID_PCM_S24LE,
        4 => codecs::CODEC_ID_PCM_S32LE,
        _ => return None,
    };
    Some((codec, bytes))
}

fn floats(bits: u16) -> Option<(AudioCodecId, u16)> {
    match bits {
        32 => Some((codecs::CODEC_ID_PCM_F32LE, 4)),
        64 => Some((codecs::CODEC_ID_PCM_F64LE, 8)),
        _ => None,
    }
}

fn impossible_bits(tag: u16, bits: u16) -> Refused {
    match (tag, bits) {
        (_, 0) | (_, 65..) => broken(&format!("has `{bits}`-bit samples")),
        (FLOATS, _) => Refused::Content(
            format!("has `{bits}`-bit samples as floating-point numbers"),
            "export it again with 32-bit ones, or with 16-bit integers".to_owned(),
        ),
        _ => Refused::Content(format!("has `{bits}`-bit samples"), CONVERT.to_owned()),
    }
}

fn unknown(format: &str) -> Refused {
    Refused::Content(format!("is a WAV file whose audio is compressed or unknown ({format})"), CONVERT.to_owned())
}

/// Reads until `buffer` is full or the source ends; how many bytes there were.
pub(super) fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match source.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

fn check_marker(riff: &[u8]) -> Result<(), Refused> {
    let looks_like = match riff {
        [] => return Err(Refused::Content("is empty".to_owned(), "give a WAV file with audio in it".to_owned())),
        [b'R', b'I', b'F', b'F', .., b'W', b'A', b'V', b'E'] if riff.len() == 12 => return Ok(()),
        [b'R', b'F', b'6', b'4', .., b'W', b'A', b'V', b'E'] if riff.len() == 12 => return Ok(()),
        _ if riff.len() < 12 && b"RIFF".starts_with(&riff[..riff.len().min(4)]) => {
            return Err(broken("ends inside its header"));
        }
        [b'R', b'I', b'F', b'F', ..] => "it is a RIFF file of another sort",
        [b'R', b'I', b'F', b'X', ..] => "it is a RIFF file in big-endian order",
        [b'f', b'L', b'a', b'C', ..] => "it looks like FLAC",
        [b'O', b'g', b'g', b'S', ..] => "it looks like Ogg",
        [b'I', b'D', b'3', ..] | [0xFF, 0xE0..=0xFF, ..] => "it looks like MP3",
        [b'F', b'O', b'R', b'M', ..] => "it looks like AIFF",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "it looks like MP4",
        [0x1A, 0x45, 0xDF, 0xA3, ..] => "it looks like Matroska or WebM",
        _ => "it does not start like one",
    };
    Err(Refused::Content(format!("is not a WAV file ({looks_like})"), CONVERT.to_owned()))
}

fn broken(problem: &str) -> Refused {
    Refused::Content(problem.to_owned(), REPLACE.to_owned())
}

/// The start of a chunk; the rest of it is skipped.
fn chunk_start(source: &mut impl Read, length: u32) -> Result<Vec<u8>, Refused> {
    let mut start = vec![0; MAX_CHUNK.min(length as usize)];
    if fill(source, &mut start)? < start.len() {
        return Err(broken("ends inside its header"));
    }
    skip(source, u64::from(length) - start.len() as u64)?;
    Ok(start)
}

fn skip(source: &mut impl Read, length: u64) -> Result<(), Refused> {
    let skipped = io::copy(&mut source.take(length), &mut io::sink())?;
    if skipped < length { Err(broken("ends inside its header")) } else { Ok(()) }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
