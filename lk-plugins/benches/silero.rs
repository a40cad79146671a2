//! Time of the Silero forward pass; `silero_vs_onnxruntime.py` beside this file compares it with onnxruntime.
//!
//! Pin it to one core for steady numbers: `taskset -c 1 cargo bench --bench silero`.

#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

// The module is no part of the crate's interface, and needs nothing from the crate.
#[allow(dead_code, unused_imports, reason = "the benchmark uses a part of the module, and none of its tests")]
#[path = "../src/silero/model/mod.rs"]
mod model;

use model::{Model, ModelRate, ModelState};

const RATES: [(&str, ModelRate); 2] = [("16k", ModelRate::Hz16000), ("8k", ModelRate::Hz8000)];

/// Two tones of changing loudness under a little noise.
fn windows(rate: ModelRate) -> Vec<Vec<f32>> {
    let mut noise = 1_u32;
    let mut sample = |index: usize| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let time = index as f32 / rate.hz() as f32;
        let tones = (time * 1_200.0).sin() + (time * 5_000.0).sin();
        0.2 * tones * (time * 20.0).sin() + noise as f32 / u32::MAX as f32 * 0.01
    };
    (0..64).map(|window| (0..rate.window()).map(|index| sample(window * rate.window() + index)).collect()).collect()
}

/// One window, weights in the cache.
fn window(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("window");
    for (name, rate) in RATES {
        // That it loads is for the tests to say.
        let Ok(model) = Model::shared(rate) else { continue };
        let windows = windows(rate);
        let mut state = ModelState::new(rate);
        let mut next = windows.iter().cycle();
        group
            .bench_function(name, |bencher| bencher.iter(|| next.next().map(|window| model.infer(&mut state, window))));
        group.bench_function(format!("{name}_baseline"), |bencher| {
            bencher.iter(|| next.next().map(|window| model.infer_baseline(&mut state, window)));
        });
        // What a detector without a network would cost.
        group.bench_function(format!("{name}_energy"), |bencher| {
            bencher.iter(|| next.next().map(|window| window.iter().map(|sample| sample * sample).sum::<f32>()));
        });
    }
    group.finish();
}

/// One window after other work has filled the second-level cache, as between two frames of a quiet server.
fn window_after_other_work(criterion: &mut Criterion) {
    let mut other_work = vec![1_u8; 4 << 20];
    let mut group = criterion.benchmark_group("window_after_other_work");
    for (name, rate) in RATES {
        // That it loads is for the tests to say.
        let Ok(model) = Model::shared(rate) else { continue };
        let windows = windows(rate);
        let mut state = ModelState::new(rate);
        let mut next = windows.iter().cycle();
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || {
                    for byte in other_work.iter_mut().step_by(64) {
                        *byte = byte.wrapping_add(1);
                    }
                    black_box(&other_work);
                    next.next()
                },
                |window| window.map(|window| model.infer(&mut state, window)),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// Parsing the file and packing the weights of one rate.
fn load(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    for (name, rate) in RATES {
        group.bench_function(name, |bencher| bencher.iter(|| Model::load(rate)));
    }
    group.finish();
}

criterion_group!(benches, window, window_after_other_work, load);
criterion_main!(benches);
