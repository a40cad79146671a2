//! The Silero VAD network: one window of speech in, one probability out.
//!
//! [`Model`] holds the weights and is shared by all streams; [`ModelState`] is what one stream carries from window to
//! window. The weights are those of the official `silero_vad.onnx` beside this file (MIT, see `LICENSE-silero`),
//! read at run time; the forward pass is our own, in safe Rust. From file to result:
//!
//! - `onnx`: finds tensors in the file,
//! - `weights`: checks their shapes and packs them in the order in which they are used,
//! - `spectrum`: Fourier transform of a window,
//! - `network`: the layers,
//! - `scalar`: ReLU, sigmoid, tanh.
//!
//! | | 16 kHz | 8 kHz |
//! |---|---|---|
//! | samples in a window | 512 (32 ms) | 256 (32 ms) |
//! | samples of context before it | 64 | 32 |
//! | samples mirrored after it | 64 | 32 |
//! | Fourier transform | 4 frames of 256, hop 128 | 4 frames of 128, hop 64 |
//! | bins | 129 | 65 |

#![allow(unreachable_pub, reason = "the benchmark includes this module by path, where nothing is public")]

use std::sync::OnceLock;

use prost::bytes::Bytes;

use self::network::Memory;
use self::onnx::OnnxModel;
use self::spectrum::{Magnitudes, Spectrum};
use self::weights::Weights;

mod network;
mod onnx;
mod scalar;
mod spectrum;
#[cfg(test)]
mod tests;
mod weights;

pub use self::weights::WeightsError;

/// SHA-256 of the embedded `silero_vad.onnx`, which is the one in the PyPI package `silero-vad` 6.2.3 (and, byte for
/// byte, in `livekit-plugins-silero`).
///
/// Other files of that package hold other weights, and a test fails if the file is exchanged for one of them.
#[allow(dead_code, reason = "for callers who report what they run, and for the test")]
pub const UPSTREAM_SHA256: &str = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3";

static FILE: &[u8] = include_bytes!("silero_vad.onnx");

/// Sample rate at which the network runs; the file holds one network for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelRate {
    /// 8 kHz, windows of 256 samples.
    Hz8000,
    /// 16 kHz, windows of 512 samples.
    Hz16000,
}

impl ModelRate {
    /// The rate in samples per second.
    pub const fn hz(self) -> u32 {
        match self {
            Self::Hz8000 => 8_000,
            Self::Hz16000 => 16_000,
        }
    }

    /// Samples in a window; a window lasts 32 ms at either rate.
    pub const fn window(self) -> usize {
        match self {
            Self::Hz8000 => 256,
            Self::Hz16000 => 512,
        }
    }

    /// Samples of the previous window that the network looks back at; [`ModelState`] keeps them.
    pub const fn context(self) -> usize {
        self.window() / 8
    }

    const fn fft_size(self) -> usize {
        self.window() / 2
    }

    const fn index(self) -> usize {
        match self {
            Self::Hz8000 => 0,
            Self::Hz16000 => 1,
        }
    }
}

/// The network for one rate: about 0.9 MB of immutable weights, to be shared by all streams.
pub struct Model {
    rate: ModelRate,
    weights: Weights,
}

impl Model {
    /// The one copy for `rate`, read from the embedded file at the first call.
    ///
    /// That first call takes less than a millisecond and allocates; later ones only read an atomic.
    ///
    /// # Errors
    ///
    /// When the embedded file is not the official one.
    pub fn shared(rate: ModelRate) -> Result<&'static Self, WeightsError> {
        static MODELS: [OnceLock<Result<Model, WeightsError>>; 2] = [OnceLock::new(), OnceLock::new()];
        MODELS[rate.index()].get_or_init(|| Self::load(rate)).as_ref().map_err(Clone::clone)
    }

    /// Reads a copy of one's own from the embedded file; [`Model::shared`] is what a stream wants.
    ///
    /// # Errors
    ///
    /// When the embedded file is not the official one.
    pub fn load(rate: ModelRate) -> Result<Self, WeightsError> {
        Self::from_onnx(FILE, rate)
    }

    fn from_onnx(file: &'static [u8], rate: ModelRate) -> Result<Self, WeightsError> {
        let file = OnnxModel::parse(Bytes::from_static(file))?;
        Ok(Self { rate, weights: Weights::read(&file, rate)? })
    }

    /// Rate of the audio that this network takes.
    pub const fn rate(&self) -> ModelRate {
        self.rate
    }

    /// Probability, from 0 to 1, that `window` holds speech, given the windows that `state` has seen.
    ///
    /// `window` has [`ModelRate::window`] samples from -1 to 1 (`i16` divided by 32767). The call takes some
    /// 15 µs and does not allocate, lock or log. Samples that are not finite make this and a few more probabilities
    /// meaningless, but never NaN.
    ///
    /// # Errors
    ///
    /// When the window has another length, or the state was made for the other rate; the state is then as before.
    pub fn infer(&self, state: &mut ModelState, window: &[f32]) -> Result<f32, InferError> {
        let magnitudes = state.load(self, window)?;
        Ok(network::probability(&self.weights, &magnitudes, &mut state.memory))
    }

    /// As [`Model::infer`], without the instructions that only some processors have.
    ///
    /// # Errors
    ///
    /// As [`Model::infer`].
    #[allow(dead_code, reason = "for the benchmark and the tests, which compare with it")]
    pub fn infer_baseline(&self, state: &mut ModelState, window: &[f32]) -> Result<f32, InferError> {
        let magnitudes = state.load(self, window)?;
        Ok(network::probability_baseline(&self.weights, &magnitudes, &mut state.memory))
    }
}

/// Longest context, that of 16 kHz.
const MAX_CONTEXT: usize = 64;

/// Longest input of the Fourier transform: context, window and mirrored samples at 16 kHz.
const MAX_SIGNAL: usize = MAX_CONTEXT + 512 + MAX_CONTEXT;

/// What one stream carries from window to window, 2 KB and no more: with many streams the next one's state is seldom in
/// the nearest cache.
///
/// All of it is allocated by [`ModelState::new`]; what a window needs besides lies on the stack.
pub struct ModelState {
    rate: ModelRate,
    /// The end of the previous window.
    context: [f32; MAX_CONTEXT],
    spectrum: Spectrum,
    memory: Memory,
}

impl ModelState {
    /// The state before the first window of a stream of `rate`.
    pub fn new(rate: ModelRate) -> Self {
        Self { rate, context: [0.0; MAX_CONTEXT], spectrum: Spectrum::new(rate), memory: Memory::ZERO }
    }

    /// Forgets everything, as if the stream began anew; does not allocate.
    pub fn reset(&mut self) {
        self.context.fill(0.0);
        self.memory = Memory::ZERO;
    }

    /// Checks and transforms `window`, whose end becomes the context of the next one.
    fn load(&mut self, model: &Model, window: &[f32]) -> Result<Magnitudes, InferError> {
        let (length, context) = (self.rate.window(), self.rate.context());
        if model.rate != self.rate {
            return Err(InferError::Rate { expected: model.rate.hz(), found: self.rate.hz() });
        }
        if window.len() != length {
            return Err(InferError::WindowLength { expected: length, found: window.len() });
        }
        let mut signal = [0.0; MAX_SIGNAL];
        let end = context + length;
        signal[..context].copy_from_slice(&self.context[..context]);
        signal[context..end].copy_from_slice(window);
        // The last sample itself is not repeated.
        for distance in 0..context {
            signal[end + distance] = signal[end - 2 - distance];
        }
        self.context[..context].copy_from_slice(&signal[length..end]);
        Ok(self.spectrum.magnitudes(&signal, &model.weights.window))
    }
}

/// Why a window was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InferError {
    /// The window is too long or too short.
    #[error("window of `{found}` samples; the network takes exactly `{expected}`")]
    WindowLength {
        /// Samples that the network takes.
        expected: usize,
        /// Samples given.
        found: usize,
    },
    /// Model and state were made for different rates.
    #[error("state for `{found}` Hz; make one for the model's `{expected}` Hz")]
    Rate {
        /// Rate of the model in Hz.
        expected: u32,
        /// Rate of the state in Hz.
        found: u32,
    },
}
