//! What plugins are given to hear.

use crate::audio::AudioFrame;
use crate::error::Result;

/// The rate of [`sentence`], in Hz.
pub(super) const RATE: u32 = 16_000;

/// A frame's samples: 10 ms at [`RATE`].
pub(super) const FRAME: usize = 160;

/// A read sentence of three seconds, "he was not an ill disposed young man", 16-bit little-endian at [`RATE`], one channel
/// (LibriVox; see THIRD-PARTY-NOTICES).
const SENTENCE: &[u8] = include_bytes!("sentence_16k.pcm");

pub(super) fn sentence() -> Vec<i16> {
    SENTENCE.chunks_exact(2).map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]])).collect()
}

pub(super) fn silence(milliseconds: usize) -> Vec<i16> {
    vec![0; RATE as usize / 1_000 * milliseconds]
}

/// The sentence with a second of silence before and two after it.
pub(super) fn utterance() -> Vec<i16> {
    [silence(1_000), sentence(), silence(2_000)].concat()
}

/// Noise of any rate, the same each time: a quarter of a second.
pub(super) fn noise(sample_rate: u32, channels: u16) -> Result<AudioFrame> {
    let mut state = 1_u32;
    let count = sample_rate as usize / 4 * usize::from(channels);
    let samples = (0..count).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 18) as i16 - 8_192
    });
    AudioFrame::new(samples.collect(), sample_rate, channels)
}

/// Frames of 10 ms.
pub(super) fn frames(samples: &[i16]) -> Vec<AudioFrame> {
    samples.chunks(FRAME).filter_map(|chunk| AudioFrame::new(chunk.to_vec(), RATE, 1).ok()).collect()
}
