//! The binary `lk-go` from outside: what it prints where, and its exit codes.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Output;

use hound::{SampleFormat, WavSpec, WavWriter};
use integration_tests::program::{lk_go, stderr, stdout};
use serde_json::Value;
use tempfile::TempDir;

mod endings;
mod plugin_list;
mod recordings;
mod usage;
mod vad_output;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/austen_16k.wav");

/// Runs `lk-go vad FILE` with more arguments.
fn vad(file: impl AsRef<Path>, arguments: &[&str]) -> Result<Output> {
    Ok(lk_go()?.arg("vad").arg(file.as_ref()).args(arguments).output()?)
}

/// The lines of a good run with `--format json`.
fn events(output: &Output) -> Result<Vec<Value>> {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    stdout(output).lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// Where speech starts and ends in a recording.
fn edges(file: impl AsRef<Path>) -> Result<Vec<Value>> {
    events(&vad(file, &["--format", "json"])?)
}

/// That a run failed with this code, said these words in one error (a line, and one for each cause), and left nothing on
/// standard output.
#[track_caller]
fn assert_refused(output: &Output, code: i32, words: &[&str]) {
    let message = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{message}");
    assert_eq!(stdout(output), "", "{message}");
    assert_eq!(message.matches("error: ").count(), 1, "{message}");
    assert!(!message.contains("panicked"), "{message}");
    assert!(message.lines().skip(1).all(|line| line.starts_with("caused by: ")), "{message}");
    assert!(message.chars().all(|char| char == '\n' || !char.is_control()), "{message:?}");
    for word in words {
        assert!(message.contains(word), "`{word}` is not in: {message}");
    }
}

const fn spec(channels: u16, sample_rate: u32, bits_per_sample: u16, sample_format: SampleFormat) -> WavSpec {
    WavSpec { channels, sample_rate, bits_per_sample, sample_format }
}

const MONO_16_BIT: WavSpec = spec(1, 16_000, 16, SampleFormat::Int);

/// A second of silence and its file.
fn silence(folder: &TempDir) -> Result<PathBuf> {
    write(folder, "silence.wav", MONO_16_BIT, [0_i16; 16_000])
}

fn write<S: hound::Sample>(
    folder: &TempDir,
    name: &str,
    spec: WavSpec,
    samples: impl IntoIterator<Item = S>,
) -> Result<PathBuf> {
    let path = folder.path().join(name);
    let mut writer = WavWriter::create(&path, spec)?;
    for sample in samples {
        writer.write_sample(sample)?;
    }
    writer.finalize()?;
    Ok(path)
}
