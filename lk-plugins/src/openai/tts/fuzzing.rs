//! Bodies of audio, cut anywhere: the fuzz target `speech`.

use lk_plugin::Result;

use super::conform::Conform;
use super::format::{Container, Declared, RawPcm, Sniffed, SpeechFormat, sniff};
use super::packed;
use super::raw::RawReader;
use super::wav::WavReader;
use crate::fuzzing::pieces;

/// A byte that says what is declared, one of a seed, and the body: its `Content-Type` up to a line break, when the first
/// byte says that it has one, and its bytes.
///
/// What a body is taken for does not depend on how it is cut, once there is enough of it; nor do the samples that come out,
/// or the error. Whatever the body is, there are no more samples than its bytes can hold.
pub fn speech(data: &[u8]) {
    let Some(([options, seed], mut body)) = data.split_first_chunk::<2>() else { return };
    let pcm = RawPcm { sample_rate: 22_050, channels: 1, big_endian: false };
    let requested = match options & 7 {
        0 => SpeechFormat::Aac,
        1 => SpeechFormat::Flac,
        2 => SpeechFormat::Mp3,
        3 => SpeechFormat::Opus,
        4 => SpeechFormat::Wav,
        _ => SpeechFormat::Pcm,
    };
    let content_type = (options & 8 == 8).then(|| {
        let end = body.iter().position(|byte| *byte == b'\n').unwrap_or(body.len());
        let (content_type, rest) = body.split_at(end);
        body = rest.strip_prefix(b"\n").unwrap_or_default();
        String::from_utf8_lossy(content_type).into_owned()
    });
    let Declared::Audio(declared) = Declared::read(content_type.as_deref(), requested, pcm) else { return };
    let shown = sniff(body, true, declared);
    assert_ne!(shown, Sniffed::More);
    for length in 0..body.len().min(128) {
        let early = sniff(&body[..length], false, declared);
        assert!(early == Sniffed::More || early == shown, "{early:?} after {length} bytes, then {shown:?}");
    }
    let Sniffed::Audio(container) = shown else { return };
    let rate = if options & 16 == 16 { 16_000 } else { 24_000 };
    let whole = decoded(container, [body].into_iter(), rate);
    let cut = decoded(container, pieces(u64::from(*seed), body, 1 + usize::from(*seed) * 4), rate);
    assert_eq!(whole, cut);
}

fn decoded<'p>(container: Container, pieces: impl Iterator<Item = &'p [u8]>, rate: u32) -> Result<Vec<i16>, String> {
    let read = || {
        let mut voice = Conform::new(rate);
        match container {
            Container::Pcm(raw) => {
                let mut reader = RawReader::new(raw);
                pieces.into_iter().try_for_each(|piece| reader.push(piece, &mut voice))?;
                reader.finish()?;
            }
            Container::Wav => {
                let mut reader = WavReader::new();
                pieces.into_iter().try_for_each(|piece| reader.push(piece, &mut voice))?;
                reader.finish()?;
            }
            packed => return packed::decode_here(packed, pieces, rate),
        }
        voice.finish()?;
        Ok(voice.take())
    };
    read().map_err(|error: lk_plugin::Error| error.in_full())
}
