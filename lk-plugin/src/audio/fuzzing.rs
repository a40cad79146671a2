//! Frames and rates, whatever they are: the fuzz target `audio`.

use super::{AudioFrame, MAX_CHANNELS, Resampler, SAMPLE_RATES, duration_to_samples, samples_to_duration};
use crate::fuzzing::cuts;

/// Two rates (4 bytes each), channels (1 byte), a seed for the cuts (1 byte), and samples.
///
/// A frame is refused exactly if it is impossible. However the samples are cut, the converted ones are the same, as many as
/// they should be, and all of them numbers; and a converter that has finished is as a new one.
pub fn audio(data: &[u8]) {
    let Some(([a, b, c, d, e, f, g, h, channels, seed], rest)) = data.split_first_chunk::<10>() else { return };
    let (from, to) = (u32::from_le_bytes([*a, *b, *c, *d]), u32::from_le_bytes([*e, *f, *g, *h]));
    let samples: Vec<i16> = rest.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
    let channels = u16::from(*channels);
    let possible = SAMPLE_RATES.contains(&from)
        && (1..=MAX_CHANNELS).contains(&channels)
        && samples.len().is_multiple_of(channels.into());
    let frame = AudioFrame::new(samples, from, channels);
    assert_eq!(frame.is_ok(), possible);
    let Ok(frame) = frame else { return };
    let count = frame.samples_per_channel();
    assert!(duration_to_samples(samples_to_duration(count as u64, from), from).abs_diff(count as u64) <= 1);
    let mono: Vec<i16> = frame.as_ref().mono().collect();
    assert_eq!(mono.len(), count);
    assert!(channels != 1 || mono == frame.samples());
    // As much output as a fuzzer can afford.
    let whole = (count as u64 * u64::from(to)).div_ceil(u64::from(from));
    if whole > 1 << 14 {
        return;
    }
    let resampler = Resampler::new(from, to);
    assert_eq!(resampler.is_ok(), SAMPLE_RATES.contains(&to));
    let Ok(mut resampler) = resampler else { return };
    let mono: Vec<f32> = mono.into_iter().map(f32::from).collect();
    let mut convert = |pieces: &mut dyn Iterator<Item = std::ops::Range<usize>>| {
        let mut output = Vec::new();
        for piece in pieces {
            assert!(resampler.push(&mono[piece], &mut output).is_ok());
        }
        assert!(resampler.finish(&mut output).is_ok());
        output
    };
    let at_once = convert(&mut std::iter::once(0..mono.len()));
    assert_eq!(at_once.len() as u64, whole);
    assert!(at_once.iter().all(|sample| sample.is_finite() && sample.abs() < 100_000.0));
    assert_eq!(convert(&mut cuts(u64::from(*seed), mono.len(), 1 + usize::from(*seed) * 8)), at_once);
}
