//! The network as a whole, against probabilities of onnxruntime for the same file and audio.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;

use sha2::{Digest, Sha256};

use super::*;

type TestResult = Result<(), Box<dyn Error>>;

const RATES: [ModelRate; 2] = [ModelRate::Hz8000, ModelRate::Hz16000];

/// Largest allowed difference to onnxruntime; both differ by about 1e-5 from exact arithmetic.
const TOLERANCE: f32 = 5e-5;

/// Samples of a reading of Austen, and onnxruntime's probability for each whole window.
fn golden(rate: ModelRate) -> Result<(Vec<f32>, Vec<f32>), Box<dyn Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden");
    let name = format!("{folder}/austen_{}k", rate.hz() / 1000);
    let mut samples = Vec::new();
    for sample in hound::WavReader::open(format!("{name}.wav"))?.samples::<i16>() {
        samples.push(f32::from(sample?) / 32767.0);
    }
    let probabilities: Vec<f32> = serde_json::from_str(&fs::read_to_string(format!("{name}.probs.json"))?)?;
    assert_eq!(samples.len() / rate.window(), probabilities.len());
    Ok((samples, probabilities))
}

fn run(model: &Model, state: &mut ModelState, samples: &[f32]) -> Result<Vec<f32>, InferError> {
    samples.chunks_exact(model.rate().window()).map(|window| model.infer(state, window)).collect()
}

fn largest_difference(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(left, right)| (left - right).abs()).fold(0.0, f32::max)
}

#[test]
fn the_file_is_the_official_one() {
    let mut hash = String::new();
    for byte in Sha256::digest(FILE) {
        write!(hash, "{byte:02x}").ok();
    }
    assert_eq!(hash, UPSTREAM_SHA256);
}

#[test]
fn probabilities_equal_those_of_onnxruntime() -> TestResult {
    for rate in RATES {
        let (samples, expected) = golden(rate)?;
        let found = run(Model::shared(rate)?, &mut ModelState::new(rate), &samples)?;
        let difference = largest_difference(&found, &expected);
        assert!(difference <= TOLERANCE, "{rate:?}: {difference:e}");
        let flips = found.iter().zip(&expected).filter(|&(&found, &expected)| (found >= 0.5) != (expected >= 0.5));
        assert_eq!(flips.count(), 0, "{rate:?}: windows on the other side of 0.5");
    }
    Ok(())
}

#[test]
fn dispatched_and_baseline_code_agree() -> TestResult {
    for rate in RATES {
        let (samples, expected) = golden(rate)?;
        let model = Model::shared(rate)?;
        let (mut state, mut baseline_state) = (ModelState::new(rate), ModelState::new(rate));
        for (window, expected) in samples.chunks_exact(rate.window()).zip(expected) {
            let dispatched = model.infer(&mut state, window)?;
            let baseline = model.infer_baseline(&mut baseline_state, window)?;
            assert!((dispatched - baseline).abs() <= TOLERANCE, "{rate:?}: {dispatched} and {baseline}");
            assert!((baseline - expected).abs() <= TOLERANCE, "{rate:?}: {baseline} instead of {expected}");
        }
    }
    Ok(())
}

#[test]
fn the_end_of_the_previous_window_counts() -> TestResult {
    for rate in RATES {
        let (samples, expected) = golden(rate)?;
        let model = Model::shared(rate)?;
        let mut state = ModelState::new(rate);
        let mut without_context = Vec::new();
        for window in samples.chunks_exact(rate.window()) {
            state.context.fill(0.0);
            without_context.push(model.infer(&mut state, window)?);
        }
        let difference = largest_difference(&without_context, &expected);
        assert!(difference > 0.1, "{rate:?}: only {difference}");
    }
    Ok(())
}

#[test]
fn a_reset_state_gives_what_a_new_one_gives() -> TestResult {
    for rate in RATES {
        let (samples, _) = golden(rate)?;
        let model = Model::shared(rate)?;
        let mut state = ModelState::new(rate);
        let first = run(model, &mut state, &samples)?;
        state.reset();
        assert_eq!(first, run(model, &mut state, &samples)?);
    }
    Ok(())
}

#[test]
fn a_stream_carries_no_more_than_it_must() {
    // What the network and the context are made of: 3 x 128 values of memory, 64 samples.
    assert!(size_of::<ModelState>() <= 2_048, "{}", size_of::<ModelState>());
}

#[test]
fn interleaved_streams_do_not_disturb_each_other() -> TestResult {
    for rate in RATES {
        let (samples, expected) = golden(rate)?;
        let model = Model::shared(rate)?;
        let windows: Vec<&[f32]> = samples.chunks_exact(rate.window()).collect();
        let (mut forward, mut backward) = (ModelState::new(rate), ModelState::new(rate));
        let mut found = Vec::new();
        for (window, other) in windows.iter().zip(windows.iter().rev()) {
            found.push(model.infer(&mut forward, window)?);
            model.infer(&mut backward, other)?;
        }
        assert!(largest_difference(&found, &expected) <= TOLERANCE, "{rate:?}");
    }
    Ok(())
}

#[test]
fn a_refused_window_leaves_the_state_alone() -> TestResult {
    let (rate, model) = (ModelRate::Hz16000, Model::shared(ModelRate::Hz16000)?);
    let (samples, _) = golden(rate)?;
    let samples = &samples[20 * rate.window()..60 * rate.window()];
    let expected = run(model, &mut ModelState::new(rate), samples)?;

    let mut state = ModelState::new(rate);
    let mut found = Vec::new();
    for window in samples.chunks_exact(rate.window()) {
        for length in [0, 1, 256, 511] {
            let refused = model.infer(&mut state, &window[..length]);
            assert_eq!(refused, Err(InferError::WindowLength { expected: 512, found: length }));
        }
        found.push(model.infer(&mut state, window)?);
    }
    assert_eq!(found, expected);

    let too_long = vec![0.0; 513];
    assert!(model.infer(&mut state, &too_long).is_err());
    let mut other_rate = ModelState::new(ModelRate::Hz8000);
    let refused = model.infer(&mut other_rate, &samples[..512]);
    assert_eq!(refused, Err(InferError::Rate { expected: 16_000, found: 8_000 }));
    Ok(())
}

#[test]
fn broken_samples_do_not_stay_in_the_state() -> TestResult {
    for rate in RATES {
        let (samples, expected) = golden(rate)?;
        let model = Model::shared(rate)?;
        let mut state = ModelState::new(rate);
        for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE / 2.0] {
            let mut window = samples[..rate.window()].to_vec();
            window[7] = broken;
            window[rate.window() - 3] = broken;
            let probabilities =
                [model.infer(&mut state, &window)?, model.infer(&mut state, &vec![broken; window.len()])?];
            assert!(probabilities.iter().all(|found| (0.0..=1.0).contains(found)), "{broken}: {probabilities:?}");
        }
        // Without a reset the probabilities are numbers again at once, with one they are as ever.
        assert!(run(model, &mut state, &samples)?.iter().all(|found| (0.0..=1.0).contains(found)));
        state.reset();
        assert!(largest_difference(&run(model, &mut state, &samples)?, &expected) <= TOLERANCE, "{rate:?}");
    }
    Ok(())
}

#[test]
fn the_model_is_shared_by_all_threads() -> TestResult {
    let here = Model::shared(ModelRate::Hz16000)?;
    let there = std::thread::spawn(|| Model::shared(ModelRate::Hz16000)).join();
    assert!(there.is_ok_and(|there| there.is_ok_and(|there| std::ptr::eq(here, there))));
    Ok(())
}

#[test]
fn a_damaged_file_is_an_error() {
    let load = |file| Model::from_onnx(file, ModelRate::Hz16000).err();
    assert!(matches!(load(b""), Some(WeightsError::MissingBranch { name: "then_branch" })));
    assert!(matches!(load(b"not an ONNX file"), Some(WeightsError::Decode(_))));
    for length in [1_000, 100_000, 1_000_000, 2_000_000, FILE.len() - 100_000] {
        assert!(load(&FILE[..length]).is_some(), "cut at {length}");
    }
}

#[test]
fn the_other_rates_network_is_refused_by_its_shapes() -> TestResult {
    let file = OnnxModel::parse(Bytes::from_static(FILE))?;
    let error = file.branch("else_branch")?.tensor("encoder.0.reparam_conv.weight", &[128, 129, 3]);
    let message = error.map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(
        message,
        Err("tensor `encoder.0.reparam_conv.weight` has shape [128, 65, 3] instead of [128, 129, 3]; \
             use the unmodified `silero_vad.onnx`"
            .to_owned())
    );
    Ok(())
}

/// Guards against a file whose transform is not the periodic Hann DFT that [`Spectrum`] computes.
#[test]
fn the_fast_transform_equals_the_files_convolution() -> TestResult {
    for rate in RATES {
        let size = rate.fft_size();
        let shape: &'static [usize] = match rate {
            ModelRate::Hz16000 => &[258, 1, 256],
            ModelRate::Hz8000 => &[130, 1, 128],
        };
        let branch = if rate == ModelRate::Hz16000 { "then_branch" } else { "else_branch" };
        let file = OnnxModel::parse(Bytes::from_static(FILE))?;
        let basis = file.branch(branch)?.tensor("stft.forward_basis_buffer", shape)?.to_vec();
        let (cosines, sines) = basis.split_at(basis.len() / 2);

        let (samples, _) = golden(rate)?;
        let model = Model::shared(rate)?;
        let mut state = ModelState::new(rate);
        for window in samples.chunks_exact(rate.window()).skip(30).take(60) {
            let mut signal = state.context[..rate.context()].to_vec();
            signal.extend(window);
            signal.extend(window.iter().rev().skip(1).take(rate.context()));
            for (position, magnitudes) in state.load(model, window)?.iter().enumerate() {
                let frame = &signal[position * size / 2..][..size];
                let rows = cosines.chunks_exact(size).zip(sines.chunks_exact(size));
                for (bin, (cosines, sines)) in rows.enumerate() {
                    let product = |row: &[f32]| -> f64 {
                        row.iter().zip(frame).map(|(&row, &sample)| f64::from(row) * f64::from(sample)).sum()
                    };
                    let expected = product(cosines).hypot(product(sines));
                    let found = f64::from(magnitudes[bin]);
                    assert!((found - expected).abs() < 1e-5, "{rate:?}, bin {bin}: {found} instead of {expected}");
                }
            }
        }
    }
    Ok(())
}
