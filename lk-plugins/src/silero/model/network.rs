//! The layers, from magnitudes to speech probability.
//!
//! | layer | input | output |
//! |---|---|---|
//! | convolution 1, stride 1, ReLU | 129 bins (8 kHz: 65) x 4 positions | 128 channels x 4 positions |
//! | convolution 2, stride 2, ReLU | 128 x 4 | 64 x 2 |
//! | convolution 3, stride 2, ReLU | 64 x 2 | 64 |
//! | convolution 4, stride 1, ReLU | 64 | 128 |
//! | LSTM cell | 128 features, 128 hidden | 128 hidden |
//! | ReLU, projection, sigmoid | 128 | 1 |
//!
//! All convolutions have kernel 3 and padding 1. Products with padding are never computed, and weights that would meet
//! nothing else are not stored.
//!
//! What limits the speed is reading the weights (0.9 MB a window) from the second-level cache, and the number of
//! multiply-adds in convolution 1. So each loop holds as many sums as fit in vector registers and reads every weight
//! once for all positions in time. There are no intrinsics: each inner loop runs over a constant number of lanes,
//! which the compiler turns into the vector instructions of the function that everything here is inlined into.

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

use super::scalar::{multiply_add, relu, sigmoid, tanh};
use super::spectrum::{FRAMES, Magnitudes};
use super::weights::{CONV1_BLOCK, CONV2_BLOCK, Conv, DENSE_BLOCK, Dense, Weights};

/// Inputs whose products are summed up before the sum joins the total: shorter sums round less.
const PARTIAL_SUM: usize = 32;

/// Units of the LSTM cell, and features it is fed.
const HIDDEN: usize = 128;

/// What the network keeps of one stream from window to window.
#[repr(align(64))]
pub(super) struct Memory {
    /// Features of the current window, then the hidden values: together one vector for one matrix.
    features_and_hidden: [f32; 2 * HIDDEN],
    cell: [f32; HIDDEN],
}

impl Memory {
    /// Before the first window.
    pub(super) const ZERO: Self = Self { features_and_hidden: [0.0; 2 * HIDDEN], cell: [0.0; HIDDEN] };
}

/// Probability of speech, with the best instructions that this processor has.
#[multiversion(targets("x86_64+avx+avx2+fma"))]
pub(super) fn probability(weights: &Weights, magnitudes: &Magnitudes, memory: &mut Memory) -> f32 {
    if target_cfg_f!(target_feature = "fma") {
        forward::<true, 64>(weights, magnitudes, memory)
    } else {
        probability_baseline(weights, magnitudes, memory)
    }
}

/// Probability of speech, with the instructions that every processor of this architecture has.
#[inline]
pub(super) fn probability_baseline(weights: &Weights, magnitudes: &Magnitudes, memory: &mut Memory) -> f32 {
    if cfg!(target_arch = "aarch64") {
        forward::<true, 64>(weights, magnitudes, memory)
    } else {
        // 64 sums would need all 16 registers of 4.
        forward::<false, 32>(weights, magnitudes, memory)
    }
}

/// `SUMS` is the number of sums that [`dense`] keeps in registers.
#[inline(always)]
fn forward<const FUSED: bool, const SUMS: usize>(
    weights: &Weights,
    magnitudes: &Magnitudes,
    memory: &mut Memory,
) -> f32 {
    let mut conv1 = [[0.0; 128]; FRAMES];
    let mut conv2 = [[0.0; 64]; 2];
    let mut conv3 = [0.0; 64];
    let mut gates = [[0.0; HIDDEN]; 4];

    convolve_4_to_4::<FUSED>(&weights.conv1, magnitudes, &mut conv1);
    convolve_4_to_2::<FUSED>(&weights.conv2, &conv1, &mut conv2);
    dense::<FUSED, SUMS>(&weights.conv3, conv2.as_flattened(), &mut conv3);
    relu_all(&mut conv3);
    let features = &mut memory.features_and_hidden[..HIDDEN];
    dense::<FUSED, SUMS>(&weights.conv4, &conv3, features);
    relu_all(features);
    dense::<FUSED, SUMS>(&weights.lstm, &memory.features_and_hidden, gates.as_flattened_mut());
    update_cell::<FUSED>(&gates, memory);

    let hidden = &memory.features_and_hidden[HIDDEN..];
    let sum: f32 = weights.output.iter().zip(hidden).map(|(weight, &value)| weight * relu(value)).sum();
    sigmoid::<FUSED>(sum + weights.output_bias)
}

/// Convolution with stride 1.
#[inline(always)]
fn convolve_4_to_4<const FUSED: bool>(conv: &Conv<CONV1_BLOCK>, input: &Magnitudes, output: &mut [[f32; 128]; FRAMES]) {
    for (block, (taps, bias)) in conv.taps.chunks_exact(conv.inputs).zip(&conv.bias).enumerate() {
        let mut totals = [*bias; 4];
        for (part, taps) in taps.chunks(PARTIAL_SUM).enumerate() {
            let mut sums = [[0.0; CONV1_BLOCK]; 4];
            let [s0, s1, s2, s3] = &mut sums;
            for ([x0, x1, x2, x3], [before, at, after]) in channels(input, part * PARTIAL_SUM).zip(taps) {
                for lane in 0..CONV1_BLOCK {
                    let (before, at, after) = (before.0[lane], at.0[lane], after.0[lane]);
                    s1[lane] = multiply_add::<FUSED>(before, x0, s1[lane]);
                    s2[lane] = multiply_add::<FUSED>(before, x1, s2[lane]);
                    s3[lane] = multiply_add::<FUSED>(before, x2, s3[lane]);
                    s0[lane] = multiply_add::<FUSED>(at, x0, s0[lane]);
                    s1[lane] = multiply_add::<FUSED>(at, x1, s1[lane]);
                    s2[lane] = multiply_add::<FUSED>(at, x2, s2[lane]);
                    s3[lane] = multiply_add::<FUSED>(at, x3, s3[lane]);
                    s0[lane] = multiply_add::<FUSED>(after, x1, s0[lane]);
                    s1[lane] = multiply_add::<FUSED>(after, x2, s1[lane]);
                    s2[lane] = multiply_add::<FUSED>(after, x3, s2[lane]);
                }
            }
            add_all(totals.as_flattened_mut(), sums.as_flattened());
        }
        store_relu(&totals, block, output);
    }
}

/// Convolution with stride 2: the two outputs sit at positions 0 and 2.
#[inline(always)]
fn convolve_4_to_2<const FUSED: bool>(
    conv: &Conv<CONV2_BLOCK>,
    input: &[[f32; 128]; FRAMES],
    output: &mut [[f32; 64]; 2],
) {
    for (block, (taps, bias)) in conv.taps.chunks_exact(conv.inputs).zip(&conv.bias).enumerate() {
        let mut totals = [*bias; 2];
        for (part, taps) in taps.chunks(PARTIAL_SUM).enumerate() {
            let mut sums = [[0.0; CONV2_BLOCK]; 2];
            let [s0, s2] = &mut sums;
            for ([x0, x1, x2, x3], [before, at, after]) in channels(input, part * PARTIAL_SUM).zip(taps) {
                for lane in 0..CONV2_BLOCK {
                    let (before, at, after) = (before.0[lane], at.0[lane], after.0[lane]);
                    s2[lane] = multiply_add::<FUSED>(before, x1, s2[lane]);
                    s0[lane] = multiply_add::<FUSED>(at, x0, s0[lane]);
                    s2[lane] = multiply_add::<FUSED>(at, x2, s2[lane]);
                    s0[lane] = multiply_add::<FUSED>(after, x1, s0[lane]);
                    s2[lane] = multiply_add::<FUSED>(after, x3, s2[lane]);
                }
            }
            add_all(totals.as_flattened_mut(), sums.as_flattened());
        }
        store_relu(&totals, block, output);
    }
}

/// The values of each channel at the four positions, from channel `first` on.
#[inline(always)]
fn channels<const N: usize>(input: &[[f32; N]; FRAMES], first: usize) -> impl Iterator<Item = [f32; FRAMES]> {
    let [x0, x1, x2, x3] = input;
    let early = x0[first..].iter().zip(&x1[first..]);
    let late = x2[first..].iter().zip(&x3[first..]);
    early.zip(late).map(|((&x0, &x1), (&x2, &x3))| [x0, x1, x2, x3])
}

#[inline(always)]
fn store_relu<const BLOCK: usize, const N: usize, const POSITIONS: usize>(
    totals: &[[f32; BLOCK]; POSITIONS],
    block: usize,
    output: &mut [[f32; N]; POSITIONS],
) {
    for (output, totals) in output.iter_mut().zip(totals) {
        for (output, &total) in output[block * BLOCK..].iter_mut().zip(totals) {
            *output = relu(total);
        }
    }
}

/// Matrix times `input` plus bias, `SUMS` outputs at a time.
#[inline(always)]
fn dense<const FUSED: bool, const SUMS: usize>(dense: &Dense, input: &[f32], output: &mut [f32]) {
    let (outputs, _) = output.as_chunks_mut::<SUMS>();
    let (biases, _) = dense.bias.as_chunks::<SUMS>();
    for (index, (totals, bias)) in outputs.iter_mut().zip(biases).enumerate() {
        let first = index * SUMS;
        let rows = &dense.rows[first / DENSE_BLOCK * dense.inputs..];
        *totals = *bias;
        for (rows, input) in rows.chunks(PARTIAL_SUM).zip(input.chunks(PARTIAL_SUM)) {
            let mut sums = [0.0; SUMS];
            for (row, &value) in rows.iter().zip(input) {
                for (sum, &weight) in sums.iter_mut().zip(&row.0[first % DENSE_BLOCK..]) {
                    *sum = multiply_add::<FUSED>(weight, value, *sum);
                }
            }
            add_all(totals, &sums);
        }
    }
}

#[inline(always)]
fn add_all(totals: &mut [f32], sums: &[f32]) {
    for (total, sum) in totals.iter_mut().zip(sums) {
        *total += sum;
    }
}

#[inline(always)]
fn relu_all(values: &mut [f32]) {
    for value in values {
        *value = relu(*value);
    }
}

/// One step of the LSTM cell.
#[inline(always)]
fn update_cell<const FUSED: bool>(gates: &[[f32; HIDDEN]; 4], memory: &mut Memory) {
    let [input, forget, candidate, output] = gates;
    let hidden = &mut memory.features_and_hidden[HIDDEN..];
    for unit in 0..HIDDEN {
        let kept = sigmoid::<FUSED>(forget[unit]) * memory.cell[unit];
        let cell = kept + sigmoid::<FUSED>(input[unit]) * tanh::<FUSED>(candidate[unit]);
        memory.cell[unit] = cell;
        hidden[unit] = sigmoid::<FUSED>(output[unit]) * tanh::<FUSED>(cell);
    }
}
