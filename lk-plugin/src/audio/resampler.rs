//! Sample-rate conversion of one channel, piece by piece (feature `resample`).

use std::fmt;

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, FixedAsync, Indexing, Resampler as _, SincInterpolationParameters, SincInterpolationType, WindowFunction,
};

use super::SAMPLE_RATES;
use crate::error::{Error, ErrorKind, Result};

/// Half the filter's length, in samples of the slower rate.
const HALF_FILTER: usize = 24;

/// Points of the filter between two input samples when they need not be close. With fewer, what the converter starts
/// with would lie off by more than a few hundredths of a sample.
const FEW_POINTS: usize = 32;

/// Converts one channel from one sample rate to another, in pieces of any length.
///
/// The output starts with the input: the filter's delay is taken off, so sample `n` of the input is found at sample
/// `n × to / from` of the output. It lags behind by up to 10 ms of input plus half the filter. Equal rates pass
/// through unchanged. [`push`](Resampler::push) does not allocate once warm.
///
/// ```
/// let mut resampler = lk_plugin::Resampler::new(48_000, 16_000)?;
/// let mut output = Vec::new();
/// resampler.push(&[0.5; 4_800], &mut output)?;
/// resampler.finish(&mut output)?;
/// assert_eq!(output.len(), 1_600);
/// # Ok::<(), lk_plugin::Error>(())
/// ```
pub struct Resampler {
    from: u32,
    to: u32,
    // `None` when the rates are equal.
    converter: Option<Async<f32>>,
    // Input that does not fill a chunk yet, and room for one chunk's output.
    pending: Vec<f32>,
    converted: Vec<f32>,
    // Output samples still to be taken off for the filter's delay.
    delay: usize,
    consumed: u64,
    produced: u64,
}

impl Resampler {
    /// A converter from `from` to `to` Hz.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](ErrorKind::InvalidInput) when a rate is outside [`SAMPLE_RATES`].
    pub fn new(from: u32, to: u32) -> Result<Self> {
        for rate in [from, to] {
            if !SAMPLE_RATES.contains(&rate) {
                return Err(Error::invalid_input(format!(
                    "a sample rate of `{rate}` Hz is impossible; give one between {} and {} Hz",
                    SAMPLE_RATES.start(),
                    SAMPLE_RATES.end()
                )));
            }
        }
        let mut resampler = Self {
            from,
            to,
            converter: None,
            pending: Vec::new(),
            converted: Vec::new(),
            delay: 0,
            consumed: 0,
            produced: 0,
        };
        if from != to {
            let converter = converter(from, to)?;
            resampler.pending.reserve(converter.input_frames_max());
            resampler.converted.resize(converter.output_frames_max(), 0.0);
            resampler.delay = delay(from, to);
            resampler.converter = Some(converter);
        }
        Ok(resampler)
    }

    /// Converts a piece and appends what is ready to `output`. The scale of the samples does not matter.
    ///
    /// # Errors
    ///
    /// [`Internal`](ErrorKind::Internal) if the converter fails, which no input should make it do.
    pub fn push(&mut self, input: &[f32], output: &mut Vec<f32>) -> Result<()> {
        self.consumed += input.len() as u64;
        if self.converter.is_none() {
            output.extend_from_slice(input);
            self.produced += input.len() as u64;
            return Ok(());
        }
        let mut rest = input;
        while !rest.is_empty() {
            let (taken, left) = rest.split_at(rest.len().min(self.missing()));
            self.pending.extend_from_slice(taken);
            rest = left;
            if self.missing() == 0 {
                self.convert(output, u64::MAX)?;
            }
        }
        Ok(())
    }

    /// Converts what is still held back, so that the output is as long as the input, and starts anew.
    ///
    /// # Errors
    ///
    /// As [`push`](Resampler::push).
    pub fn finish(&mut self, output: &mut Vec<f32>) -> Result<()> {
        // Below 2^64: an hour at 768 kHz has 2^31 samples.
        let whole = (u128::from(self.consumed) * u128::from(self.to)).div_ceil(u128::from(self.from)) as u64;
        while self.converter.is_some() && self.produced < whole {
            let silence = self.missing();
            self.pending.resize(self.pending.len() + silence, 0.0);
            self.convert(output, whole - self.produced)?;
        }
        self.reset();
        Ok(())
    }

    /// Forgets everything it was given.
    pub fn reset(&mut self) {
        self.pending.clear();
        (self.consumed, self.produced) = (0, 0);
        if let Some(converter) = &mut self.converter {
            converter.reset();
            self.delay = delay(self.from, self.to);
        }
    }

    /// How many input samples the next chunk still needs.
    fn missing(&self) -> usize {
        self.converter.as_ref().map_or(0, |converter| converter.input_frames_next().saturating_sub(self.pending.len()))
    }

    fn convert(&mut self, output: &mut Vec<f32>, at_most: u64) -> Result<()> {
        let failed = |error: &dyn fmt::Display| {
            Error::new(ErrorKind::Internal, "the sample rate could not be converted").with_source(error.to_string())
        };
        let Some(converter) = &mut self.converter else { return Ok(()) };
        let (inputs, outputs) = (self.pending.len(), self.converted.len());
        let input = InterleavedSlice::new(&self.pending, 1, inputs).map_err(|error| failed(&error))?;
        let mut room = InterleavedSlice::new_mut(&mut self.converted, 1, outputs).map_err(|error| failed(&error))?;
        let (_, written) =
            converter.process_into_buffer(&input, &mut room, None::<&Indexing>).map_err(|error| failed(&error))?;
        self.pending.clear();
        let ready = self.converted.get(self.delay.min(written)..written).unwrap_or_default();
        self.delay -= self.delay.min(written);
        let ready = &ready[..ready.len().min(usize::try_from(at_most).unwrap_or(usize::MAX))];
        output.extend_from_slice(ready);
        self.produced += ready.len() as u64;
        Ok(())
    }
}

impl fmt::Debug for Resampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resampler").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}

fn converter(from: u32, to: u32) -> Result<Async<f32>> {
    let (points, interpolation) = points(from, to);
    let filter = SincInterpolationParameters::new(span(from, to), WindowFunction::BlackmanHarris2)
        .oversampling_factor(points)
        .interpolation(interpolation);
    let chunk = (from / 100).max(1) as usize;
    Async::new_sinc(f64::from(to) / f64::from(from), 1.0, &filter, chunk, 1, FixedAsync::Input)
        .map_err(|error| Error::new(ErrorKind::Internal, "no converter for these rates").with_source(error.to_string()))
}

/// How many points the filter has between two input samples, and what stands between those.
fn points(from: u32, to: u32) -> (usize, SincInterpolationType) {
    // Between two input samples an output sample lies at one of so many places, for 48 to 16 kHz at one.
    let places = (to / greatest_common_divisor(from, to)) as usize;
    if places <= FEW_POINTS {
        // The filter has a point at each, so nothing is interpolated, and half the work goes.
        (FEW_POINTS.next_multiple_of(places), SincInterpolationType::Nearest)
    } else {
        // The wider the filter, the smoother, and the fewer points it needs: so its table has about one size, 50 KB.
        ((256 / from.div_ceil(to) as usize).max(8), SincInterpolationType::Linear)
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// How long the filter is, in input samples: as many samples of the slower rate whichever that is. A multiple of 8 suits
/// the vector units.
fn span(from: u32, to: u32) -> usize {
    (2 * HALF_FILTER * from.div_ceil(to) as usize).next_multiple_of(8)
}

/// How many output samples come before the one that belongs to the input's first, to the nearest.
///
/// What the converter itself reports is rounded down and counts one sample too many: its first output lies one output
/// sample after its start (measured with tones; a test holds it).
fn delay(from: u32, to: u32) -> usize {
    (span(from, to) as f64 / 2.0 * f64::from(to) / f64::from(from) - 1.0).round().max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, hertz: f32, seconds: f32) -> Vec<f32> {
        let samples = (rate as f32 * seconds) as usize;
        (0..samples).map(|n| (n as f32 * hertz * std::f32::consts::TAU / rate as f32).sin()).collect()
    }

    fn convert(from: u32, to: u32, input: &[f32], piece: usize) -> Result<Vec<f32>> {
        let mut resampler = Resampler::new(from, to)?;
        let mut output = Vec::new();
        for piece in input.chunks(piece) {
            resampler.push(piece, &mut output)?;
        }
        resampler.finish(&mut output)?;
        Ok(output)
    }

    #[test]
    fn a_tone_stays_the_same_tone_in_the_same_place() -> Result<()> {
        for (from, to) in [
            (48_000, 16_000),
            (44_100, 16_000),
            (16_000, 8_000),
            (8_000, 16_000),
            (11_025, 16_000),
            (24_000, 16_000),
            (192_000, 16_000),
            (16_001, 16_000),
            (37_123, 8_000),
            (1_000, 16_000),
        ] {
            let hertz = if from < 8_000 { 100.0 } else { 440.0 };
            let output = convert(from, to, &tone(from, hertz, 1.0), 313)?;
            let wanted = tone(to, hertz, 1.0);
            assert_eq!(output.len(), wanted.len(), "{from} to {to}");
            // The ends ring: there the filter hears silence beside the tone.
            let edge = to as usize / 10;
            let worst = output.iter().zip(&wanted).skip(edge).take(wanted.len() - 2 * edge);
            let worst = worst.map(|(got, wanted)| (got - wanted).abs()).fold(0.0, f32::max);
            // Half a sample of the output, because a delay is a whole number of them, and a hundredth for the filter.
            let allowed = 0.5 * hertz * std::f32::consts::TAU / to as f32 + 0.01;
            assert!(worst < allowed, "{from} to {to}: off by {worst}, allowed {allowed}");
        }
        Ok(())
    }

    #[test]
    fn what_the_slower_rate_cannot_hold_is_gone() -> Result<()> {
        let output = convert(48_000, 16_000, &tone(48_000, 12_000.0, 1.0), 480)?;
        let loudest = output[1_600..14_400].iter().fold(0.0_f32, |loudest, sample| loudest.max(sample.abs()));
        assert!(loudest < 0.002, "{loudest}: less than 54 dB down");
        Ok(())
    }

    #[test]
    fn the_pieces_do_not_matter_and_nothing_is_lost() -> Result<()> {
        let input = tone(44_100, 300.0, 0.5);
        let whole = convert(44_100, 16_000, &input, usize::MAX)?;
        assert_eq!(whole.len(), 8_000);
        for piece in [1, 7, 441, 4_096] {
            assert_eq!(convert(44_100, 16_000, &input, piece)?, whole, "pieces of {piece}");
        }
        assert_eq!(convert(16_000, 16_000, &input, 9)?, input);
        Ok(())
    }

    #[test]
    fn between_related_rates_every_place_has_its_point() {
        for (from, to, places) in [(48_000, 16_000, 1), (24_000, 16_000, 2), (8_000, 16_000, 2), (16_000, 24_000, 3)] {
            let (points, interpolation) = points(from, to);
            assert_eq!((points % places, interpolation), (0, SincInterpolationType::Nearest), "{from} to {to}");
        }
        assert_eq!(points(44_100, 16_000).1, SincInterpolationType::Linear);
    }

    #[test]
    fn after_a_reset_it_is_as_new() -> Result<()> {
        let input = tone(48_000, 300.0, 0.1);
        let mut resampler = Resampler::new(48_000, 16_000)?;
        let (mut first, mut second) = (Vec::new(), Vec::new());
        resampler.push(&input[..1_234], &mut first)?;
        resampler.reset();
        first.clear();
        resampler.push(&input, &mut first)?;
        resampler.finish(&mut first)?;
        resampler.push(&input, &mut second)?;
        resampler.finish(&mut second)?;
        assert_eq!(first, second);
        Ok(())
    }

    #[test]
    fn impossible_rates_are_refused() {
        assert!(Resampler::new(0, 16_000).is_err());
        assert!(Resampler::new(16_000, 999_999_999).is_err());
    }
}
