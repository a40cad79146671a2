//! What the Silero detector costs; `silero_vs_onnxruntime.py` beside this file compares it with onnxruntime.
//!
//! `taskset -c 1 cargo bench -p lk-plugins --bench silero` prints everything, one figure a line: section, name, value,
//! unit. Times are medians. Names of sections after `--` print only those:
//!
//! | section | |
//! |---|---|
//! | `ready` | from a fresh process to the registry, from there to a detector that can open streams, and reading and packing again |
//! | `memory` | resident memory of a stream (Linux) |
//! | `window` | one window, weights in the cache; `baseline` is without the instructions that only some processors have |
//! | `cold` | one window after other work has filled the second-level cache (4 MiB), or every cache (64 MiB) |
//! | `streams` | one window when so many streams take turns |
//! | `speech` | a whole stream, from frames of 10 ms to events |
//! | `length` | the same for recordings of so many seconds |
//! | `probabilities` | what the network says to the golden recordings; only when asked for |

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use lk_plugin::{AudioFrameRef, Config, Registry, Resampler, Vad, VadEvent, VadStream};
use lk_plugins as _;

// The module is no part of the crate's interface, and needs nothing from the crate.
#[allow(dead_code, unused_imports, reason = "the benchmark uses a part of the module, and none of its tests")]
#[path = "../src/silero/model/mod.rs"]
mod model;

use model::{Model, ModelRate, ModelState};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const RATES: [(&str, ModelRate); 2] = [("16k", ModelRate::Hz16000), ("8k", ModelRate::Hz8000)];

/// Windows whose times make one median, as far as nothing is done between them.
const WINDOWS: usize = 20_000;

fn main() -> Result<()> {
    // Cargo adds `--bench`.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    type Section = (&'static str, fn() -> Result<()>);
    // What depends on a fresh process comes first.
    let sections: [Section; 8] = [
        ("ready", ready),
        ("memory", memory),
        ("window", window),
        ("cold", cold),
        ("streams", streams),
        ("speech", speech),
        ("length", length),
        ("probabilities", probabilities),
    ];
    for name in &wanted {
        if !sections.iter().any(|(section, _)| section == name) {
            let names: Vec<&str> = sections.iter().map(|(name, _)| *name).collect();
            return Err(format!("`{name}` is not a section; choose from `{}`", names.join("`, `")).into());
        }
    }
    for (name, run) in sections {
        let is_wanted =
            if wanted.is_empty() { name != "probabilities" } else { wanted.iter().any(|want| want == name) };
        if is_wanted {
            run()?;
        }
    }
    Ok(())
}

/// The first detector of each rate reads the file and packs the weights.
fn ready() -> Result<()> {
    println!("ready registry {:.3} ms", timed(Registry::global).as_secs_f64() * 1e3);
    for (name, rate) in RATES {
        let mut config = Config::new();
        config.insert("sample_rate", i64::from(rate.hz()));
        let before = Instant::now();
        black_box(Registry::global().create::<dyn Vad>("silero", &config)?);
        println!("ready {name} {:.3} ms", before.elapsed().as_secs_f64() * 1e3);
    }
    for (name, rate) in RATES {
        let time = median((0..100).map(|_| timed(|| Model::load(rate).map(drop)))).as_secs_f64();
        println!("ready {name}_again {:.3} ms", time * 1e3);
    }
    Ok(())
}

/// How much more memory the process holds per stream, with a thousand of them.
fn memory() -> Result<()> {
    const STREAMS: usize = 1_000;
    let vad = detector()?;
    for hz in [16_000, 48_000] {
        let (speech, silence) = (recording(hz)?, vec![0; hz as usize]);
        // A first one, for what all share.
        hear(&mut *vad.stream()?, &speech, hz)?;
        let Some(before) = resident() else {
            println!("memory - - not measured: there is no `/proc/self/status`");
            return Ok(());
        };
        let mut streams = Vec::new();
        for _ in 0..STREAMS {
            let mut stream = vad.stream()?;
            hear(&mut *stream, &silence, hz)?;
            streams.push(stream);
        }
        let silent = resident().unwrap_or_default();
        for stream in &mut streams {
            // To the middle of the third sentence, four seconds in.
            hear(&mut **stream, &speech[..14 * hz as usize], hz)?;
        }
        let speaking = resident().unwrap_or_default();
        for (name, kilobytes) in [("silence", silent), ("speech", speaking)] {
            let grown = kilobytes.saturating_sub(before) as f64;
            println!("memory {}k_{name} {:.1} KiB/stream", hz / 1_000, grown / STREAMS as f64);
            println!("memory {}k_{name}_1000 {:.1} MiB", hz / 1_000, grown / 1_024.0);
        }
    }
    Ok(())
}

fn window() -> Result<()> {
    for (name, rate) in RATES {
        let (model, windows) = (Model::shared(rate)?, windows(rate));
        // As in a stream.
        let mut state = Box::new(ModelState::new(rate));
        let time = median_of_windows(&windows, WINDOWS, |window| model.infer(&mut state, window).map(drop));
        println!("window {name} {} µs", micros(time));
        let time = median_of_windows(&windows, WINDOWS, |window| model.infer_baseline(&mut state, window).map(drop));
        println!("window {name}_baseline {} µs", micros(time));
        // What a detector without a network would cost.
        let energy = |window: &[f32]| window.iter().map(|sample| sample * sample).sum::<f32>();
        println!("window {name}_energy {} µs", micros(median_of_windows(&windows, WINDOWS, energy)));
    }
    Ok(())
}

fn cold() -> Result<()> {
    for (megabytes, rounds) in [(4, 1_000), (64, 200)] {
        let mut other_work = vec![1_u8; megabytes << 20];
        for (name, rate) in RATES {
            let (model, windows) = (Model::shared(rate)?, windows(rate));
            // As in a stream.
            let mut state = Box::new(ModelState::new(rate));
            let time = median(windows.iter().cycle().take(rounds).map(|window| {
                for byte in other_work.iter_mut().step_by(64) {
                    *byte = byte.wrapping_add(1);
                }
                black_box(&other_work);
                timed(|| model.infer(&mut state, window))
            }));
            println!("cold {name}_{megabytes}M {} µs", micros(time));
        }
    }
    Ok(())
}

fn streams() -> Result<()> {
    for (name, rate) in RATES {
        let (model, windows) = (Model::shared(rate)?, windows(rate));
        for count in [1, 10, 100, 1_000] {
            let mut states: Vec<ModelState> = (0..count).map(|_| ModelState::new(rate)).collect();
            let mut turn = 0;
            let time = median_of_windows(&windows, WINDOWS, |window| {
                turn = (turn + 1) % count;
                model.infer(&mut states[turn], window).map(drop)
            });
            println!("streams {name}_{count} {} µs", micros(time));
        }
    }
    Ok(())
}

fn speech() -> Result<()> {
    let vad = detector()?;
    for hz in [8_000, 16_000, 24_000, 44_100, 48_000] {
        let samples = recording(hz)?;
        let mut times = Vec::new();
        for _ in 0..9 {
            times.push(time_to_hear(&*vad, &samples, hz)?);
        }
        let seconds = samples.len() as f64 / f64::from(hz);
        println!("speech {hz} {:.0} seconds/second", seconds / median(times).as_secs_f64());
    }
    Ok(())
}

fn length() -> Result<()> {
    let vad = detector()?;
    for hz in [16_000, 48_000] {
        let once = recording(hz)?;
        for seconds in [1, 3, 10, 30, 100, 300, 1_000] {
            let samples: Vec<i16> = once.iter().copied().cycle().take(seconds * hz as usize).collect();
            let mut times = Vec::new();
            for _ in 0..(300 / seconds).clamp(1, 30) {
                times.push(time_to_hear(&*vad, &samples, hz)?);
            }
            println!("length {hz}_{seconds} {:.3} ms", median(times).as_secs_f64() * 1e3);
        }
    }
    Ok(())
}

fn probabilities() -> Result<()> {
    for (name, rate) in RATES {
        let (model, mut state) = (Model::shared(rate)?, ModelState::new(rate));
        for window in golden(rate.hz())?.chunks_exact(rate.window()) {
            let window: Vec<f32> = window.iter().map(|sample| f32::from(*sample) / 32_767.0).collect();
            println!("probabilities {name} {} -", model.infer(&mut state, &window)?);
        }
    }
    Ok(())
}

fn detector() -> Result<Box<dyn Vad>> {
    Ok(Registry::global().create::<dyn Vad>("silero", &Config::new())?)
}

/// Half a minute of Austen: five sentences.
fn golden(hz: u32) -> Result<Vec<i16>> {
    let path = format!("{}/../tests/golden/austen_{}k.wav", env!("CARGO_MANIFEST_DIR"), hz / 1_000);
    Ok(hound::WavReader::open(path)?.samples::<i16>().collect::<std::result::Result<_, _>>()?)
}

/// The same at any rate.
fn recording(hz: u32) -> Result<Vec<i16>> {
    let samples: Vec<f32> = golden(16_000)?.into_iter().map(f32::from).collect();
    let mut converted = Vec::new();
    let mut resampler = Resampler::new(16_000, hz)?;
    resampler.push(&samples, &mut converted)?;
    resampler.finish(&mut converted)?;
    Ok(converted.into_iter().map(|sample| sample.round() as i16).collect())
}

/// Pushes frames of 10 ms, as a room delivers them; how many events came.
fn hear(stream: &mut dyn VadStream, samples: &[i16], hz: u32) -> Result<usize> {
    let mut events: Vec<VadEvent> = Vec::new();
    let mut count = 0;
    for frame in samples.chunks(hz as usize / 100) {
        events.clear();
        stream.push(AudioFrameRef::new(frame, hz, 1)?, &mut events)?;
        count += black_box(&events).len();
    }
    Ok(count)
}

fn time_to_hear(vad: &dyn Vad, samples: &[i16], hz: u32) -> Result<Duration> {
    let before = Instant::now();
    let mut stream = vad.stream()?;
    hear(&mut *stream, samples, hz)?;
    stream.end_input(&mut Vec::new())?;
    Ok(before.elapsed())
}

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

fn median_of_windows<T>(windows: &[Vec<f32>], count: usize, mut work: impl FnMut(&[f32]) -> T) -> Duration {
    // The first tenth warms up.
    let windows = windows.iter().cycle().take(count + count / 10);
    let times: Vec<Duration> = windows.map(|window| timed(|| work(black_box(window)))).collect();
    median(times.into_iter().skip(count / 10))
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let before = Instant::now();
    black_box(work());
    before.elapsed()
}

fn median(times: impl IntoIterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.into_iter().collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn micros(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e6)
}

/// Resident memory of this process in KiB.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse().ok()
}
