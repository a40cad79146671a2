//! The network's weights, reordered so that the forward pass reads them from front to back.
//!
//! Every layer is cut into blocks of output channels, as many as have room in vector registers. Within a block the
//! weights of one input channel lie side by side, so that one load serves every position in time.

use super::ModelRate;
use super::onnx::{OnnxModel, Values};

/// Output channels per block of the first convolution: 16 channels x 4 positions fill 8 registers of 8 floats.
pub(super) const CONV1_BLOCK: usize = 16;
/// Output channels per block of the second convolution: 32 channels x 2 positions.
pub(super) const CONV2_BLOCK: usize = 32;
/// Output channels per block of everything with a single position.
pub(super) const DENSE_BLOCK: usize = 64;

/// Why the network file could not be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The bytes are not an ONNX file.
    #[error("the network file is not readable as ONNX; use the unmodified `silero_vad.onnx`")]
    Decode(#[from] prost::DecodeError),
    /// The sub-graph for one of the two rates is absent.
    #[error("the network file has no branch `{name}`; use the unmodified `silero_vad.onnx`")]
    MissingBranch {
        /// Name of the branch.
        name: &'static str,
    },
    /// A tensor is absent.
    #[error("the network file has no tensor `{name}` of shape {shape:?}; use the unmodified `silero_vad.onnx`")]
    MissingTensor {
        /// Name of the tensor.
        name: &'static str,
        /// Shape it should have.
        shape: &'static [usize],
    },
    /// A tensor has another shape, so the file holds another network.
    #[error("tensor `{name}` has shape {found:?} instead of {expected:?}; use the unmodified `silero_vad.onnx`")]
    Shape {
        /// Name of the tensor.
        name: &'static str,
        /// Shape it should have.
        expected: &'static [usize],
        /// Shape it has.
        found: Vec<i64>,
    },
    /// A tensor's data does not fill its shape.
    #[error("tensor `{name}` holds {found} values instead of {expected}; use the unmodified `silero_vad.onnx`")]
    Length {
        /// Name of the tensor.
        name: &'static str,
        /// Number of values its shape asks for.
        expected: usize,
        /// Number of values found.
        found: usize,
    },
}

/// One cache-line-aligned row of `N` weights, so that no vector load straddles two lines.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Row<const N: usize>(pub(super) [f32; N]);

/// A convolution with kernel 3: `taps[block * inputs + input]` are the weights of one input channel.
pub(super) struct Conv<const BLOCK: usize> {
    pub(super) inputs: usize,
    pub(super) taps: Box<[[Row<BLOCK>; 3]]>,
    pub(super) bias: Box<[[f32; BLOCK]]>,
}

/// A matrix-vector product: `rows[block * inputs + input]` are the weights of one input.
pub(super) struct Dense {
    pub(super) inputs: usize,
    pub(super) rows: Box<[Row<DENSE_BLOCK>]>,
    pub(super) bias: Box<[f32]>,
}

/// All weights of the network for one rate.
pub(super) struct Weights {
    /// Periodic Hann window, `2 * hop` long.
    pub(super) window: Box<[f32]>,
    /// Bins to 128 channels, stride 1, 4 positions.
    pub(super) conv1: Conv<CONV1_BLOCK>,
    /// 128 to 64 channels, stride 2, 4 positions to 2.
    pub(super) conv2: Conv<CONV2_BLOCK>,
    /// 2 positions x 64 channels to 64.
    pub(super) conv3: Dense,
    /// 64 channels to 128.
    pub(super) conv4: Dense,
    /// 128 features and 128 hidden values to 128 each of the input, forget, cell and output gates.
    pub(super) lstm: Dense,
    /// Weights of the 128 hidden values in the output.
    pub(super) output: Box<[f32]>,
    pub(super) output_bias: f32,
}

impl Weights {
    /// Picks the network for `rate` out of the file and packs it.
    pub(super) fn read(file: &OnnxModel, rate: ModelRate) -> Result<Self, WeightsError> {
        // The file's condition is `sr == 16000`.
        let (branch, basis, conv1): (_, &'static [usize], &'static [usize]) = match rate {
            ModelRate::Hz16000 => ("then_branch", &[258, 1, 256], &[128, 129, 3]),
            ModelRate::Hz8000 => ("else_branch", &[130, 1, 128], &[128, 65, 3]),
        };
        let graph = file.branch(branch)?;

        // The basis holds cosines and sines times the window; the cosine of frequency 0 leaves the window alone.
        let mut window = graph.tensor("stft.forward_basis_buffer", basis)?.to_vec();
        window.truncate(rate.fft_size());

        let conv3 = graph.tensor("encoder.2.reparam_conv.weight", &[64, 64, 3])?;
        let conv4 = graph.tensor("encoder.3.reparam_conv.weight", &[128, 64, 3])?;
        let input = graph.tensor("decoder.rnn.weight_ih", &[512, 128])?;
        let hidden = graph.tensor("decoder.rnn.weight_hh", &[512, 128])?;
        let mut lstm_bias = graph.tensor("decoder.rnn.bias_ih", &[512])?.to_vec();
        for (sum, bias) in lstm_bias.iter_mut().zip(graph.tensor("decoder.rnn.bias_hh", &[512])?.to_vec()) {
            *sum += bias;
        }
        Ok(Self {
            window: window.into(),
            conv1: Conv::pack(
                graph.tensor("encoder.0.reparam_conv.weight", conv1)?,
                &graph.tensor("encoder.0.reparam_conv.bias", &[128])?.to_vec(),
            ),
            conv2: Conv::pack(
                graph.tensor("encoder.1.reparam_conv.weight", &[64, 128, 3])?,
                &graph.tensor("encoder.1.reparam_conv.bias", &[64])?.to_vec(),
            ),
            // Its only output sits at position 0 with the taps at positions -1, 0 and 1; -1 is padding.
            conv3: Dense::pack(128, &graph.tensor("encoder.2.reparam_conv.bias", &[64])?.to_vec(), |output, input| {
                let (position, channel) = (input / 64, input % 64);
                conv3.at((output * 64 + channel) * 3 + 1 + position)
            }),
            // One position in, one out: both outer taps meet padding.
            conv4: Dense::pack(
                64,
                &graph.tensor("encoder.3.reparam_conv.bias", &[128])?.to_vec(),
                |output, channel| conv4.at((output * 64 + channel) * 3 + 1),
            ),
            lstm: Dense::pack(256, &lstm_bias, |output, column| match column.checked_sub(128) {
                None => input.at(output * 128 + column),
                Some(column) => hidden.at(output * 128 + column),
            }),
            output: graph.tensor("decoder.decoder.2.weight", &[1, 128, 1])?.to_vec().into(),
            output_bias: graph.tensor("decoder.decoder.2.bias", &[1])?.at(0),
        })
    }
}

impl<const BLOCK: usize> Conv<BLOCK> {
    /// Packs `weights[output][input][tap]`.
    fn pack(weights: Values<'_>, bias: &[f32]) -> Self {
        let inputs = weights.len() / bias.len() / 3;
        let blocks = bias.len() / BLOCK;
        let weight = |output: usize, input: usize, tap: usize| weights.at((output * inputs + input) * 3 + tap);
        let taps = (0..blocks * inputs)
            .map(|row| {
                let (block, input) = (row / inputs, row % inputs);
                std::array::from_fn(|tap| Row(std::array::from_fn(|lane| weight(block * BLOCK + lane, input, tap))))
            })
            .collect();
        Self { inputs, taps, bias: bias.as_chunks().0.into() }
    }
}

impl Dense {
    /// Packs the matrix given by `weight(output, input)`.
    fn pack(inputs: usize, bias: &[f32], weight: impl Fn(usize, usize) -> f32) -> Self {
        let blocks = bias.len() / DENSE_BLOCK;
        let rows = (0..blocks * inputs)
            .map(|row| {
                let (block, input) = (row / inputs, row % inputs);
                Row(std::array::from_fn(|lane| weight(block * DENSE_BLOCK + lane, input)))
            })
            .collect();
        Self { inputs, rows, bias: bias.into() }
    }
}
