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

/// One stream's Fourier transform with the buffers it works in.
pub(super) struct Spectrum {
    fft: Arc<dyn RealToComplex<f32>>,
    frame: Box<[f32]>,
    bins: Box<[Complex32]>,
    scratch: Box<[Complex32]>,
}

impl Spectrum {
    pub(super) fn new(rate: ModelRate) -> Self {
        let fft = plan(rate);
        Self {
            frame: fft.make_input_vec().into(),
            bins: fft.make_output_vec().into(),
            scratch: fft.make_scratch_vec().into(),
            fft,
        }
    }

    /// Magnitudes of four half-overlapping frames of `signal` under `window`.
    pub(super) fn magnitudes(&mut self, signal: &[f32], window: &[f32], magnitudes: &mut Magnitudes) {
        let hop = self.frame.len() / 2;
        for (position, magnitudes) in magnitudes.iter_mut().enumerate() {
            for ((windowed, sample), weight) in self.frame.iter_mut().zip(&signal[position * hop..]).zip(window) {
                *windowed = sample * weight;
            }
            // Fails only on buffers of a wrong length, and these were made by the transform itself.
            if self.fft.process_with_scratch(&mut self.frame, &mut self.bins, &mut self.scratch).is_err() {
                self.bins.fill(Complex32::ZERO);
            }
            for (magnitude, bin) in magnitudes.iter_mut().zip(&self.bins) {
                *magnitude = (bin.re * bin.re + bin.im * bin.im).sqrt();
            }
        }
    }
}

/// The transform for `rate`; its tables are shared by all streams.
fn plan(rate: ModelRate) -> Arc<dyn RealToComplex<f32>> {
    static PLANS: [OnceLock<Arc<dyn RealToComplex<f32>>>; 2] = [OnceLock::new(), OnceLock::new()];
    PLANS[rate.index()].get_or_init(|| RealFftPlanner::new().plan_fft_forward(rate.fft_size())).clone()
}
