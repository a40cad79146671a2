//! What becomes of files of all sorts; the files are built here byte by byte.

use std::io::{Cursor, Read};
use std::time::Duration;

use super::*;
use crate::error::Exit;

const PCM: u16 = 1;
const FLOAT: u16 = 3;

/// A format chunk with its tag and length.
fn format(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let block = channels.wrapping_mul(bits / 8);
    let mut chunk = Vec::from(*b"fmt \x10\0\0\0");
    chunk.extend(tag.to_le_bytes());
    chunk.extend(channels.to_le_bytes());
    chunk.extend(rate.to_le_bytes());
    chunk.extend(rate.wrapping_mul(u32::from(block)).to_le_bytes());
    chunk.extend(block.to_le_bytes());
    chunk.extend(bits.to_le_bytes());
    chunk
}

/// An extensible format chunk: integers (1) or floats (3).
fn extensible(sub_format: u8, channels: u16, bits: u16, valid_bits: u16, mask: u32) -> Vec<u8> {
    let mut chunk = format(0xFFFE, channels, 16_000, bits);
    chunk[4] = 40;
    chunk.extend(22_u16.to_le_bytes());
    chunk.extend(valid_bits.to_le_bytes());
    chunk.extend(mask.to_le_bytes());
    chunk.extend([sub_format, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
    chunk
}

/// A file of these chunks and samples; the length of the samples may be a lie.
fn file_promising(chunks: &[u8], data: &[u8], length: u32) -> Vec<u8> {
    let mut file = Vec::from(*b"RIFF");
    file.extend((4 + chunks.len() as u32 + 8).saturating_add(length).to_le_bytes());
    file.extend(b"WAVE");
    file.extend(chunks);
    file.extend(b"data");
    file.extend(length.to_le_bytes());
    file.extend(data);
    file
}

fn file(chunks: &[u8], data: &[u8]) -> Vec<u8> {
    file_promising(chunks, data, data.len() as u32)
}

fn bytes<const N: usize>(samples: impl IntoIterator<Item = [u8; N]>) -> Vec<u8> {
    samples.into_iter().flatten().collect()
}

fn open(file: impl Into<Vec<u8>>) -> Result<WavReader> {
    WavReader::new("`test.wav`".to_owned(), Cursor::new(file.into()))
}

fn read_all(reader: &mut WavReader) -> Result<Vec<i16>> {
    let mut samples = Vec::new();
    while let Some(frame) = reader.next_frame()? {
        samples.extend_from_slice(frame.samples());
    }
    Ok(samples)
}

fn samples_of(file: impl Into<Vec<u8>>) -> Result<Vec<i16>> {
    read_all(&mut open(file)?)
}

/// The message of what must be an input error.
fn refusal<T>(result: Result<T>) -> String {
    match result {
        Err(error) => {
            assert_eq!(error.exit(), Exit::Input, "{error}");
            [vec![error.to_string()], error.causes()].concat().join(": ")
        }
        Ok(_) => "accepted".to_owned(),
    }
}

#[test]
fn integers_of_every_width_are_shifted() -> Result<()> {
    let pcm = |bits, data: Vec<u8>| samples_of(file(&format(PCM, 1, 16_000, bits), &data));
    assert_eq!(pcm(8, vec![0, 127, 128, 255])?, [-32768, -256, 0, 32512]);
    assert_eq!(pcm(16, bytes([i16::MIN, -1, 0, 1, i16::MAX].map(i16::to_le_bytes)))?, [i16::MIN, -1, 0, 1, i16::MAX]);
    assert_eq!(pcm(24, vec![0, 0, 0x80, 0xFF, 0xFF, 0x7F, 0xFF, 0, 0, 0, 1, 0])?, [i16::MIN, i16::MAX, 0, 1]);
    assert_eq!(
        pcm(32, bytes([i32::MIN, i32::MAX, 65_535, -65_536].map(i32::to_le_bytes)))?,
        [i16::MIN, i16::MAX, 0, -1]
    );
    Ok(())
}

#[test]
fn floats_are_scaled_rounded_and_clipped() -> Result<()> {
    let values = [0.0, 1.0, -1.0, 0.5, 1.5, -3.0, 1e30, 2.0 / 32_767.0];
    let expected = [0, 32_767, -32_767, 16_384, 32_767, -32_768, 32_767, 2];
    let narrow = bytes(values.map(|value: f64| (value as f32).to_le_bytes()));
    let wide = bytes(values.map(f64::to_le_bytes));
    assert_eq!(samples_of(file(&format(FLOAT, 1, 16_000, 32), &narrow))?, expected);
    assert_eq!(samples_of(file(&format(FLOAT, 1, 16_000, 64), &wide))?, expected);
    assert_eq!(samples_of(file(&extensible(3, 1, 32, 32, 4), &narrow))?, expected);
    Ok(())
}

#[test]
fn extensible_formats_are_read_whatever_their_mask() -> Result<()> {
    let data = bytes([1_i16, 2, 3, 4].map(i16::to_le_bytes));
    for mask in [0, 3, 4, 0x8000_0000, u32::MAX] {
        assert_eq!(samples_of(file(&extensible(1, 2, 16, 16, mask), &data))?, [1, 2, 3, 4], "{mask:#x}");
    }
    let mut ambisonic = extensible(1, 1, 16, 16, 0);
    ambisonic.splice(34.., [0, 0, 0x21, 0x07, 0xD3, 0x11, 0x86, 0x44, 0xC8, 0xC1, 0xCA, 0, 0, 0]);
    assert_eq!(samples_of(file(&ambisonic, &[1, 0, 2, 0]))?, [1, 2]);
    Ok(())
}

#[test]
fn bits_that_are_no_whole_bytes_stand_at_the_top_of_them() -> Result<()> {
    // Both spellings of 20 bits in 24: the bits of the bytes, as it should be, and those that count.
    for bits in [24, 20] {
        let mut chunk = extensible(1, 2, bits, 20, 3);
        chunk[20] = 6;
        let data = [0xF0, 0xFF, 0x7F, 0, 0, 0x80, 0x10, 0, 0, 0, 0x12, 0x34];
        assert_eq!(samples_of(file(&chunk, &data))?, [i16::MAX, i16::MIN, 0, 0x3412], "{bits}");
    }
    let mut twelve = format(PCM, 1, 16_000, 12);
    twelve[20] = 2;
    assert_eq!(samples_of(file(&twelve, &[0xF0, 0x7F, 0, 0x80]))?, [0x7FF0, i16::MIN]);
    Ok(())
}

#[test]
fn telephone_formats_are_read() -> Result<()> {
    for tag in [6, 7] {
        let samples = samples_of(file(&format(tag, 1, 8_000, 0), &[0x80, 0x00, 0xD5, 0xFF]))?;
        assert_eq!(samples.len(), 4, "{tag}");
        assert_eq!(samples_of(file(&extensible(tag as u8, 1, 8, 8, 0), &[0x80, 0x00, 0xD5, 0xFF]))?, samples, "{tag}");
    }
    Ok(())
}

#[test]
fn frames_are_10_ms_and_the_last_is_what_is_left() -> Result<()> {
    let data = bytes((0..1000_i16).map(i16::to_le_bytes));
    let mut reader = open(file(&format(PCM, 2, 16_000, 16), &data))?;
    let mut lengths = Vec::new();
    while let Some(frame) = reader.next_frame()? {
        assert_eq!((frame.sample_rate(), frame.channels()), (16_000, 2));
        lengths.push(frame.samples_per_channel());
    }
    assert_eq!(lengths, [160, 160, 160, 20]);
    assert_eq!(
        (reader.position(), reader.promised()),
        (Duration::from_micros(31_250), Some(Duration::from_micros(31_250)))
    );
    assert_eq!(reader.warning(), None);
    Ok(())
}

#[test]
fn a_source_that_drips_changes_nothing() -> Result<()> {
    struct Drip(Cursor<Vec<u8>>);
    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let one = buffer.len().min(1);
            self.0.read(&mut buffer[..one])
        }
    }
    let samples: Vec<i16> = (0..999).collect();
    let file = file(&format(PCM, 1, 16_000, 16), &bytes(samples.iter().map(|sample| sample.to_le_bytes())));
    let mut reader = WavReader::new("drip".to_owned(), Drip(Cursor::new(file)))?;
    assert_eq!(read_all(&mut reader)?, samples);
    Ok(())
}

#[test]
fn other_chunks_are_skipped_and_what_follows_is_no_audio() -> Result<()> {
    let mut chunks = Vec::from(*b"LIST\x05\0\0\0INFOx\0");
    chunks.extend(format(PCM, 1, 16_000, 16));
    chunks.extend(b"fact\x04\0\0\0\0\0\0\0");
    let mut file = file(&chunks, &[1, 0, 2, 0]);
    file.extend(b"id3 \x02\0\0\0zz");
    assert_eq!(samples_of(file)?, [1, 2]);
    Ok(())
}

#[test]
fn what_is_there_is_used_and_what_is_not_is_said() -> Result<()> {
    let chunk = format(PCM, 1, 16_000, 16);
    for (length, words) in [
        (32_000, "is cut: its header promises 1.000 s of audio, but there are 0.010 s"),
        (0x7FFF_F000, "is cut"),
        (u32::MAX, "does not say in its header how long it is; all there was, 0.010 s"),
        (0, "does not say"),
    ] {
        // Half a sample at the end, as a cut leaves it.
        let mut reader = open(file_promising(&chunk, &[7; 321], length))?;
        assert_eq!(read_all(&mut reader)?, [0x0707; 160], "{length}");
        assert!(reader.warning().is_some_and(|warning| warning.contains(words)), "{:?}", reader.warning());
    }
    // GStreamer writes zeros until it can go back.
    let mut zeros = file_promising(&chunk, &[7; 320], 0);
    zeros[4..8].fill(0);
    assert_eq!(samples_of(zeros)?.len(), 160);
    Ok(())
}

#[test]
fn no_samples_is_a_file_with_a_warning() -> Result<()> {
    let chunk = format(PCM, 1, 16_000, 16);
    let empty = file(&chunk, &[]);
    let mut followed = empty.clone();
    followed.extend(b"LIST\x04\0\0\0INFO");
    followed[4] += 12;
    for file in [empty, followed, file_promising(&chunk, &[], u32::MAX)] {
        let mut reader = open(file)?;
        assert!(read_all(&mut reader)?.is_empty());
        assert_eq!(reader.warning().as_deref(), Some("`test.wav` has no samples in it; check what recorded it"));
    }
    Ok(())
}

#[test]
fn lengths_beyond_4_gib_are_understood() -> Result<()> {
    let mut ds64 = Vec::from(*b"ds64\x1c\0\0\0");
    ds64.extend(0_u64.to_le_bytes());
    ds64.extend((5_u64 << 30).to_le_bytes());
    ds64.extend([0; 12]);
    let mut file = file_promising(&[ds64, format(PCM, 1, 16_000, 16)].concat(), &[1, 0], u32::MAX);
    file[..4].copy_from_slice(b"RF64");
    let mut reader = open(file)?;
    assert_eq!(reader.promised(), Some(Duration::from_nanos((5_u64 << 30) / 2 * 62_500)));
    assert_eq!(read_all(&mut reader)?, [1]);
    Ok(())
}

#[test]
fn samples_that_are_no_numbers_are_refused_with_their_place() {
    for (value, bits) in [(f64::NAN, 32), (f64::INFINITY, 32), (f64::NEG_INFINITY, 64), (f64::NAN, 64)] {
        let mut values = vec![0.25; 2000];
        values[1601] = value;
        let data: Vec<u8> = match bits {
            32 => bytes(values.iter().map(|value| (*value as f32).to_le_bytes())),
            _ => bytes(values.iter().map(|value| value.to_le_bytes())),
        };
        let message = refusal(samples_of(file(&format(FLOAT, 2, 16_000, bits), &data)));
        assert!(message.contains("not a finite number: sample `800` of channel 2, at 0.050 s"), "{message}");
    }
}

#[test]
fn what_is_no_wav_file_is_named() {
    for (start, words) in [
        (&b""[..], "is empty"),
        (b"RIFF", "ends inside its header"),
        (b"RI", "ends inside its header"),
        (b"RIFF\xff\xff\xff\xffAVI LIST", "RIFF file of another sort"),
        (b"RIFX\0\0\0\x24WAVEfmt ", "big-endian"),
        (b"fLaC\0\0\0\x22aaaaaaaa", "looks like FLAC"),
        (b"OggS\0\x02aaaaaaaaaa", "looks like Ogg"),
        (b"ID3\x04\0aaaaaaaaaa", "looks like MP3"),
        (b"\xff\xfb\x90\x64aaaaaaaa", "looks like MP3"),
        (b"hello", "does not start like one"),
        (b"\x7fELF\x02\x01\x01\0aaaaaaaaaa", "does not start like one"),
    ] {
        let message = refusal(open(start));
        assert!(message.starts_with("`test.wav` ") && message.contains(words), "{message}");
    }
}

#[test]
fn a_header_cut_anywhere_is_refused() -> Result<()> {
    let whole = file(&format(PCM, 1, 16_000, 16), &[0, 0]);
    let header = whole.len() - 2;
    for length in 1..header {
        let message = refusal(open(&whole[..length]));
        assert!(
            message.contains("ends inside its header") || message.contains("no `data` chunk"),
            "{length}: {message}"
        );
    }
    assert!(open(&whole[..header]).is_ok());
    Ok(())
}

#[test]
fn impossible_formats_are_refused() {
    let mut tiny = format(PCM, 1, 16_000, 16);
    tiny.truncate(8 + 14);
    tiny[4] = 14;
    let mut guid = extensible(1, 1, 16, 16, 0);
    guid[47] = 0x72;
    let again = "make or download it again";
    let ffmpeg = "convert it first, as in `ffmpeg -i FILE -c:a pcm_s16le recording.wav`";
    for (chunk, problem, advice) in [
        (format(PCM, 1, 0, 16), "says `0` Hz", "make or download it again, with the rate at which it was recorded"),
        (
            format(PCM, 1, 999, 16),
            "says `999` Hz",
            "give 1000 to 768000 Hz, as in `ffmpeg -i FILE -ar 16000 recording.wav`",
        ),
        (
            format(PCM, 1, u32::MAX, 16),
            "says `4294967295` Hz",
            "give 1000 to 768000 Hz, as in `ffmpeg -i FILE -ar 16000 recording.wav`",
        ),
        (
            format(PCM, 9, 16_000, 16),
            "has `9` channels",
            "give up to 8, such as the first alone, as in `ffmpeg -i FILE -af 'pan=mono|c0=c0' recording.wav`",
        ),
        (format(PCM, 0, 16_000, 16), "has `0` channels", again),
        (format(PCM, 1, 16_000, 0), "has `0`-bit samples", again),
        (format(PCM, 1, 16_000, 4), "has `4`-bit samples", ffmpeg),
        (format(PCM, 1, 16_000, 7), "has `7`-bit samples", ffmpeg),
        (format(PCM, 1, 16_000, 12), "has `12`-bit samples", ffmpeg),
        (format(PCM, 1, 16_000, 20), "has `20`-bit samples", ffmpeg),
        (format(PCM, 1, 16_000, 64), "has `64`-bit samples", ffmpeg),
        (format(PCM, 1, 16_000, 255), "has `255`-bit samples", again),
        (extensible(1, 1, 64, 64, 0), "has `64`-bit samples", ffmpeg),
        (
            format(FLOAT, 1, 16_000, 16),
            "has `16`-bit samples as floating-point numbers",
            "export it again with 32-bit ones, or with 16-bit integers",
        ),
        (extensible(9, 1, 16, 16, 0), "is a WAV file whose audio is compressed or unknown (format `0x0009`)", ffmpeg),
        (
            guid,
            "is a WAV file whose audio is compressed or unknown (sub-format `00000001-0000-0010-8000-00aa00389b72`)",
            ffmpeg,
        ),
        (format(0x55, 1, 16_000, 16), "is a WAV file whose audio is compressed or unknown (format `0x0055`)", ffmpeg),
        (format(0xFFFE, 1, 16_000, 16), "describes its format in `16` bytes, which are too few", again),
        (tiny, "describes its format in `14` bytes, which are too few", again),
        (Vec::new(), "has audio but does not say in which format", again),
    ] {
        assert_eq!(refusal(open(file(&chunk, &[0; 64]))), format!("`test.wav` {problem}; {advice}"));
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let mut random = 1_u32;
    let whole = file(&extensible(1, 2, 24, 24, 3), &[0x55; 600]);
    for _ in 0..20_000 {
        let mut file = whole.clone();
        for _ in 0..3 {
            // A linear congruential generator: the same bytes each time.
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let place = (random >> 16) as usize % 72;
            file[place] = (random >> 8) as u8;
        }
        // Only that it ends is asked.
        let _ = samples_of(file);
    }
}
