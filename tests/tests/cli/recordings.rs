//! `vad`: which recordings it reads, and how it refuses the others.

use std::fs;

use hound::SampleFormat;
use integration_tests::program::{lk_go, stderr, stdout};
use tempfile::TempDir;

use crate::{GOLDEN, MONO_16_BIT, Result, assert_refused, edges, events, silence, spec, vad, write};

fn golden_samples() -> Result<Vec<i16>> {
    Ok(hound::WavReader::open(GOLDEN)?.samples().collect::<hound::Result<_>>()?)
}

#[test]
fn every_sample_format_of_the_same_recording_gives_the_same_edges() -> Result {
    let folder = TempDir::new()?;
    let samples = golden_samples()?;
    let expected = edges(GOLDEN)?;
    let wide = |bits: u32| samples.iter().map(move |sample| i32::from(*sample) << (bits - 16));
    let floats = samples.iter().map(|sample| f32::from(*sample) / 32_767.0);
    for path in [
        write(&folder, "24.wav", spec(1, 16_000, 24, SampleFormat::Int), wide(24))?,
        write(&folder, "32.wav", spec(1, 16_000, 32, SampleFormat::Int), wide(32))?,
        write(&folder, "float.wav", spec(1, 16_000, 32, SampleFormat::Float), floats)?,
        write(
            &folder,
            "stereo.wav",
            spec(2, 16_000, 16, SampleFormat::Int),
            samples.iter().flat_map(|sample| [*sample; 2]),
        )?,
    ] {
        assert_eq!(edges(&path)?, expected, "{}", path.display());
    }
    // 20 bits at the top of 24: hound writes the extensible format for 24, and its valid bits are lowered here.
    let twenty = folder.path().join("20.wav");
    let mut bytes = fs::read(folder.path().join("24.wav"))?;
    assert_eq!((&bytes[20..22], &bytes[34..40]), (&[0xFE, 0xFF][..], &[24, 0, 22, 0, 24, 0][..]));
    bytes[38] = 20;
    fs::write(&twenty, &bytes)?;
    assert_eq!(edges(&twenty)?, expected);
    // Eight bits are too few for the same windows, not for the same segments.
    let narrow = samples.iter().map(|sample| sample >> 8);
    let narrow = write(&folder, "8.wav", spec(1, 16_000, 8, SampleFormat::Int), narrow)?;
    assert_eq!(edges(&narrow)?.len(), expected.len());
    Ok(())
}

#[test]
fn a_pipe_is_read_like_a_file() -> Result {
    let output = lk_go()?.args(["vad", "-", "--format", "json"]).write_stdin(fs::read(GOLDEN)?).output()?;
    assert_eq!((events(&output)?, stderr(&output)), (edges(GOLDEN)?, String::new()));
    let nothing = lk_go()?.args(["vad", "-"]).write_stdin("").output()?;
    assert_refused(&nothing, 4, &["standard input is empty"]);
    Ok(())
}

#[test]
fn files_that_are_no_recordings_are_refused() -> Result {
    let folder = TempDir::new()?;
    let whole = fs::read(silence(&folder)?)?;
    let mut no_rate = whole.clone();
    no_rate[24..28].fill(0);
    let mut twelve_bits = whole.clone();
    twelve_bits[32..36].copy_from_slice(&[1, 0, 12, 0]);
    let nine = write(&folder, "nine.wav", spec(9, 16_000, 16, SampleFormat::Int), [0_i16; 90])?;
    for (name, content, words) in [
        ("empty.wav", &b""[..], "is empty"),
        ("text.wav", b"once upon a time there was a file", "is not a WAV file"),
        ("flac.wav", b"fLaC\0\0\0\x22\x10\0\x10\0\0\0\0\0", "looks like FLAC"),
        ("cut.wav", &whole[..30], "ends inside its header"),
        ("rate.wav", &no_rate, "says `0` Hz; make or download it again"),
        ("nine.wav", &fs::read(nine)?, "has `9` channels; give up to 8"),
        ("bits.wav", &twelve_bits, "has `12`-bit samples; convert it first"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, content)?;
        for format in ["text", "json"] {
            assert_refused(&vad(&path, &["--format", format])?, 4, &[name, words, "; "]);
        }
    }
    assert_refused(&vad(folder.path().join("nowhere.wav"), &[])?, 4, &["nowhere.wav", "is not there"]);
    assert_refused(&vad(folder.path(), &[])?, 4, &["is a folder"]);
    Ok(())
}

#[test]
fn a_sample_that_is_no_number_is_refused_with_its_place() -> Result {
    let folder = TempDir::new()?;
    for (name, bad) in [("nan.wav", f32::NAN), ("infinite.wav", f32::NEG_INFINITY)] {
        // Speech first, so that there would be something to print.
        let mut samples: Vec<f32> = golden_samples()?.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        samples[320_000] = bad;
        let path = write(&folder, name, spec(1, 16_000, 32, SampleFormat::Float), samples)?;
        for arguments in [&["--format", "text"][..], &["--format", "json"], &["--format", "json", "--events", "all"]] {
            assert_refused(&vad(&path, arguments)?, 4, &[name, "sample `320000`", "20.000 s"]);
        }
    }
    Ok(())
}

#[test]
fn a_cut_recording_is_used_as_far_as_it_goes() -> Result {
    let folder = TempDir::new()?;
    let whole = fs::read(GOLDEN)?;
    let path = folder.path().join("cut.wav");
    fs::write(&path, &whole[..whole.len() / 2 + 1])?;
    let output = vad(&path, &["--format", "json"])?;
    assert!(stderr(&output).starts_with("warning: `") && stderr(&output).contains("is cut"), "{}", stderr(&output));
    let found = events(&output)?;
    // Six edges came before; speech that is open at the cut may end there.
    assert_eq!(found[..6], edges(GOLDEN)?[..6]);
    let data = whole.windows(4).position(|window| window == b"data").ok_or("no data chunk")?;
    for length in [0_u32, u32::MAX] {
        let mut unknown = whole.clone();
        unknown[4..8].copy_from_slice(&length.to_le_bytes());
        unknown[data + 4..data + 8].copy_from_slice(&length.to_le_bytes());
        fs::write(&path, unknown)?;
        let output = vad(&path, &["--format", "json"])?;
        assert!(stderr(&output).contains("does not say in its header how long it is"), "{}", stderr(&output));
        assert_eq!(events(&output)?, edges(GOLDEN)?);
    }
    Ok(())
}

#[test]
fn a_recording_without_samples_is_good_and_has_a_warning() -> Result {
    let folder = TempDir::new()?;
    let path = write(&folder, "none.wav", MONO_16_BIT, [0_i16; 0])?;
    let output = vad(&path, &[])?;
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("none.wav` has no samples"), "{}", stderr(&output));
    assert!(stdout(&output).contains("audio            0.000 s\n"), "{}", stdout(&output));
    assert_eq!(stdout(&vad(&path, &["--format", "json"])?), "");
    Ok(())
}
