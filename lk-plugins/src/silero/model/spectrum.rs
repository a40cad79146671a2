//! Short-time Fourier transform in front of the network.
//!
//! The file stores it as a convolution with 2 x 129 (at 8 kHz 2 x 65) sine and cosine rows. Those are a DFT under a
//! periodic Hann window, so a fast Fourier transform gives the same magnitudes with a fraction of the work.

use std::sync::{Arc, OnceLock};

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

use super::ModelRate;

/// Positions in time that reach the network.
pub(super) const FRAMES: usize = 4;
/// Bins at the higher rate; the lower rate uses the first 65.
pub(super) const MAX_BINS: usize = 129;

/// Magnitudes by position in time and bin.
pub(super) type Magnitudes = [[f32; MAX_BINS]; FRAMES];

/// Samples of a frame at the higher rate.
const MAX_FRAME: usize = 256;

/// One stream's hold on the Fourier transform of its rate.
pub(super) struct Spectrum {
    fft: Arc<dyn RealToComplex<f32>>,
    /// How much depends on the processor: nothing with AVX.
    scratch: Box<[Complex32]>,
}

impl Spectrum {
    pub(super) fn new(rate: ModelRate) -> Self {
        let fft = plan(rate);
        Self { scratch: fft.make_scratch_vec().into(), fft }
    }

    /// Magnitudes of four half-overlapping frames of `signal` under `window`.
    pub(super) fn magnitudes(&mut self, signal: &[f32], window: &[f32]) -> Magnitudes {
        let size = self.fft.len();
        let (mut frame, mut bins) = ([0.0; MAX_FRAME], [Complex32::ZERO; MAX_BINS]);
        let (frame, bins) = (&mut frame[..size], &mut bins[..size / 2 + 1]);
        let mut magnitudes = [[0.0; MAX_BINS]; FRAMES];
        for (position, magnitudes) in magnitudes.iter_mut().enumerate() {
            for ((windowed, sample), weight) in frame.iter_mut().zip(&signal[position * size / 2..]).zip(window) {
                *windowed = sample * weight;
            }
            // Fails only on buffers of a wrong length, and a test compares what comes out with the file's own rows.
            if self.fft.process_with_scratch(frame, bins, &mut self.scratch).is_err() {
                bins.fill(Complex32::ZERO);
            }
            for (magnitude, bin) in magnitudes.iter_mut().zip(&*bins) {
                *magnitude = (bin.re * bin.re + bin.im * bin.im).sqrt();
            }
        }
        magnitudes
    }
}

/// The transform for `rate`; its tables are shared by all streams.
fn plan(rate: ModelRate) -> Arc<dyn RealToComplex<f32>> {
    static PLANS: [OnceLock<Arc<dyn RealToComplex<f32>>>; 2] = [OnceLock::new(), OnceLock::new()];
    PLANS[rate.index()].get_or_init(|| RealFftPlanner::new().plan_fft_forward(rate.fft_size())).clone()
}
