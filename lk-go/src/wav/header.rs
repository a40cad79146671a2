//! The chunks before the samples of a WAV file: what the samples are, and how many bytes of them there should be.

use std::io::{self, Read};

/// What a writer puts in when it cannot go back to write the real length.
const UNKNOWN_LENGTH: u32 = u32::MAX;

/// As much of a chunk as is ever needed: an extensible format has 40 bytes.
const MAX_CHUNK: usize = 64;

/// Where the channel mask stands in an extensible format.
const CHANNEL_MASK: std::ops::Range<usize> = 20..24;

/// What stands before the samples; the numbers are as the file has them, checked by nobody.
#[derive(Debug)]
pub(super) struct Header {
    /// The `fmt ` chunk in the one form that Symphonia accepts for its format tag.
    pub(super) format: Vec<u8>,
    /// The samples per second and channel, in Hz.
    pub(super) sample_rate: u32,
    /// The channels.
    pub(super) channels: u16,
    /// The bits that each sample takes.
    pub(super) bits: u16,
    /// The bytes of all samples; `None` when the writer did not know.
    pub(super) data_length: Option<u64>,
}

/// Why a header was refused.
#[derive(Debug)]
pub(super) enum Refused {
    /// The file is wrong: the problem and the advice.
    Content(String, &'static str),
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
                b"fmt " => format = Some(Self::of_format(chunk_start(source, length)?)?),
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

    fn of_format(mut format: Vec<u8>) -> Result<Self, Refused> {
        if format.len() < 16 {
            return Err(broken("describes its format in too few bytes"));
        }
        let mut bits = u16_at(&format, 14);
        match u16_at(&format, 0) {
            // Integers and floats. Some writers append what has no meaning for them.
            1 | 3 => format.truncate(16),
            // A-law and μ-law: one byte a sample whatever stands there, and an extension of no bytes.
            6 | 7 => {
                bits = 8;
                format.truncate(16);
                format.extend([0, 0]);
            }
            // Extensible. Who sits where does not matter here, and the mask need not fit the channels.
            0xFFFE if format.len() >= 40 => {
                format.truncate(40);
                format[CHANNEL_MASK].fill(0);
            }
            tag => {
                return Err(Refused::Content(
                    format!("is a WAV file whose audio is compressed or unknown (format `{tag:#06x}`)"),
                    CONVERT,
                ));
            }
        }
        Ok(Self { sample_rate: u32_at(&format, 4), channels: u16_at(&format, 2), bits, data_length: None, format })
    }
}

/// The advice for a file that another program can read.
pub(super) const CONVERT: &str = "convert it first, as in `ffmpeg -i FILE -c:a pcm_s16le recording.wav`";

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
        [] => return Err(Refused::Content("is empty".to_owned(), "give a WAV file with audio in it")),
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
    Err(Refused::Content(format!("is not a WAV file ({looks_like})"), CONVERT))
}

fn broken(problem: &str) -> Refused {
    Refused::Content(problem.to_owned(), "make or download it again")
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
