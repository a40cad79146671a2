//! The binary `lk-go` from outside: what it prints where, and its exit codes.

use std::error::Error;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use hound::{SampleFormat, WavSpec, WavWriter};
use integration_tests::program::{binary, lk_go};
use serde_json::Value;
use tempfile::TempDir;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/austen_16k.wav");
const GOLDEN_EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/austen_16k.events.json");

/// Runs `lk-go vad FILE` with more arguments.
fn vad(file: impl AsRef<Path>, arguments: &[&str]) -> Result<Output> {
    Ok(lk_go()?.arg("vad").arg(file.as_ref()).args(arguments).output()?)
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
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

fn golden_samples() -> Result<Vec<i16>> {
    Ok(hound::WavReader::open(GOLDEN)?.samples().collect::<hound::Result<_>>()?)
}

#[test]
fn help_and_usage() -> Result {
    let bare = lk_go()?.output()?;
    assert_eq!(bare.status.code(), Some(2));
    assert!(stderr(&bare).contains("Usage: lk-go [OPTIONS] <COMMAND>"), "{}", stderr(&bare));
    for arguments in [&["--help"][..], &["plugin", "--help"], &["plugin", "list", "--help"], &["vad", "--help"]] {
        let help = lk_go()?.args(arguments).output()?;
        assert_eq!(help.status.code(), Some(0));
        for line in ["Exit codes:", "  5  not found", "130  interrupted"] {
            assert!(stdout(&help).contains(line), "{arguments:?}\n{}", stdout(&help));
        }
    }
    assert!(stdout(&lk_go()?.args(["vad", "--help"]).output()?).contains("lk-go vad recording.wav --set"));
    assert!(stdout(&lk_go()?.arg("--version").output()?).starts_with("lk-go "));
    for (arguments, words) in [
        (&["vads"][..], "did you mean `vad`?"),
        (&["vad"], "`<FILE.wav>` is missing"),
        (&["vad", GOLDEN, "--format", "xml"], "choose from `json`, `text`"),
        (&["plugin", "lock", "--kind"], "`--kind` does not belong here"),
    ] {
        assert_refused(&lk_go()?.args(arguments).output()?, 2, &[words]);
    }
    assert_eq!(lk_go()?.arg("plugin").output()?.status.code(), Some(2));
    Ok(())
}

#[test]
fn nothing_that_the_user_wrote_steers_the_terminal() -> Result {
    let evil = "a\u{1b}[31mb\nc\u{9b}d\u{7f}";
    let folder = TempDir::new()?;
    let path = folder.path().join(format!("{evil}.wav"));
    let name = "a\u{fffd}[31mb\u{fffd}c\u{fffd}d\u{fffd}.wav` ";
    assert_refused(&vad(&path, &[])?, 4, &[name, "is not there"]);
    fs::write(&path, "RIFF")?;
    assert_refused(&vad(&path, &[])?, 4, &[name, "ends inside its header"]);
    fs::write(&path, fs::read(write(&folder, "none.wav", MONO_16_BIT, [0_i16; 0])?)?)?;
    let warning = stderr(&vad(&path, &[])?);
    assert!(warning.contains(name) && warning.lines().count() == 1, "{warning:?}");
    for (arguments, code) in [
        (&["vad", GOLDEN, "--plugin", evil][..], 5),
        (&["vad", GOLDEN, "--set", &format!("{evil}=1")], 3),
        (&["vad", GOLDEN, "--set", &format!("activation_threshold={evil}")], 3),
        (&["plugin", "list", "--kind", evil], 5),
        (&["vad", GOLDEN, "--set", evil], 2),
        (&["vad", GOLDEN, "--format", evil], 2),
        (&["vad", GOLDEN, evil], 2),
        (&["vad", GOLDEN, &format!("--{evil}")], 2),
        (&[evil], 2),
    ] {
        assert_refused(&lk_go()?.args(arguments).output()?, code, &["[31mb"]);
    }
    Ok(())
}

#[test]
fn a_setting_without_equals_sign_is_a_usage_error() -> Result {
    assert_refused(&vad(GOLDEN, &["--set", "threshold"])?, 2, &["`threshold` has no `=`"]);
    assert_refused(&vad(GOLDEN, &["--set", "=1"])?, 2, &["no key"]);
    Ok(())
}

#[test]
fn the_table_lists_plugins_one_a_line_by_kind_and_name() -> Result {
    let output = lk_go()?.args(["plugin", "list"]).output()?;
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    let text = stdout(&output);
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["KIND", "NAME", "VERSION", "PACKAGE", "SOURCE", "DESCRIPTION"]);
    let names: Vec<_> = rows[1..].iter().map(|row| (row[0], row[1])).collect();
    assert!(names.is_sorted(), "{names:?}");
    for plugin in [("llm", "fake"), ("stt", "fake"), ("tts", "fake"), ("vad", "fake"), ("vad", "silero")] {
        assert!(names.contains(&plugin), "{plugin:?} is not in {names:?}");
    }
    assert!(rows[1..].iter().all(|row| row[4] == "static"), "{text}");
    Ok(())
}

#[test]
fn a_kind_narrows_the_list() -> Result {
    let text = stdout(&lk_go()?.args(["plugin", "list", "--kind", "vad"]).output()?);
    assert!(text.lines().skip(1).all(|line| line.starts_with("vad ")), "{text}");
    let unknown = lk_go()?.args(["plugin", "list", "--kind", "sst"]).output()?;
    assert_refused(&unknown, 5, &["`sst` is not a kind of plugin; did you mean `stt`?"]);
    Ok(())
}

#[test]
fn the_json_list_describes_each_plugin_and_its_config() -> Result {
    let output = lk_go()?.args(["plugin", "list", "--format", "json"]).output()?;
    let list: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!((&list["format"], &list["refused"]), (&Value::from(1), &Value::Array(Vec::new())));
    let plugins = list["plugins"].as_array().ok_or("`plugins` is no list")?;
    for plugin in plugins {
        let keys: Vec<&String> = plugin.as_object().ok_or("no object")?.keys().collect();
        let mut expected = [
            "kind",
            "name",
            "version",
            "package",
            "source",
            "origin",
            "description",
            "license",
            "models",
            "fields",
            "schema",
        ];
        expected.sort_unstable();
        assert_eq!(keys, expected);
    }
    let silero = plugins.iter().find(|plugin| plugin["name"] == "silero").ok_or("silero is not listed")?;
    assert_eq!((&silero["kind"], &silero["package"]), (&Value::from("vad"), &Value::from("lk-plugins")));
    let origin = silero["origin"].as_str().unwrap_or_default();
    assert!(origin.rsplit_once(':').is_some_and(|(_, line)| line.parse::<u32>().is_ok()), "{origin}");
    let fields = silero["fields"].as_array().ok_or("silero describes no fields")?;
    let threshold = fields.iter().find(|field| field["name"] == "activation_threshold").ok_or("no threshold")?;
    assert_eq!((&threshold["type"], &threshold["default"]), (&Value::from("number"), &Value::from(0.5)));
    assert_eq!((&threshold["required"], &threshold["secret"]), (&Value::from(false), &Value::from(false)));
    let rate = fields.iter().find(|field| field["name"] == "sample_rate").ok_or("no rate")?;
    let choices: Vec<_> =
        rate["choices"].as_array().ok_or("no choices")?.iter().map(|choice| &choice["value"]).collect();
    assert_eq!(choices, [8_000, 16_000]);
    let tts = plugins.iter().find(|plugin| plugin["kind"] == "tts").ok_or("no tts is listed")?;
    let voice = tts["fields"].as_array().and_then(|fields| fields.iter().find(|field| field["name"] == "voice"));
    let voice = voice.ok_or("no voice")?;
    assert_eq!((&voice["type"], &voice["choices"][0]["value"]), (&Value::from("choice"), &Value::from("tone")));
    assert_eq!(voice["choices"][0]["doc"], "A sine.");
    Ok(())
}

#[test]
fn edges_are_livekits() -> Result {
    let golden: Vec<Value> = serde_json::from_slice(&fs::read(GOLDEN_EVENTS)?)?;
    let golden: Vec<&Value> = golden.iter().filter(|event| event["type"] != "inference_done").collect();
    let found = edges(GOLDEN)?;
    assert_eq!(found.len(), golden.len());
    for (found, golden) in found.iter().zip(golden) {
        for key in ["type", "samples_index", "timestamp", "speech_duration", "silence_duration", "speaking"] {
            assert_eq!(found[key], golden[key], "{key} of {found}");
        }
    }
    assert_eq!((&found[0]["samples_index"], &found[0]["timestamp"]), (&Value::from(21_504), &Value::from(1.344)));
    Ok(())
}

#[test]
fn all_events_have_every_key_and_clean_numbers() -> Result {
    let output = vad(GOLDEN, &["--format", "json", "--events", "all"])?;
    let events = events(&output)?;
    let windows = events.iter().filter(|event| event["type"] == "inference_done").count();
    assert_eq!(windows, 1007, "32.23 s in windows of 32 ms");
    for event in &events {
        assert_eq!(event.as_object().map(serde_json::Map::len), Some(10), "{event}");
        for key in ["timestamp", "speech_duration", "silence_duration", "raw_accumulated_speech"] {
            let text = event[key].to_string();
            assert!(text.split_once('.').is_some_and(|(_, digits)| digits.len() <= 3), "{key}: {text}");
        }
        assert!(event["probability"].as_f64().is_some_and(|value| (0.0..=1.0).contains(&value)), "{event}");
    }
    Ok(())
}

#[test]
fn text_shows_segments_a_picture_and_totals() -> Result {
    let output = vad(GOLDEN, &[])?;
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "SEGMENT  START (s)  END (s)  LENGTH (s)");
    // The first start is 1.344 s less the 0.064 s that it took to be sure; the end 4.448 s less 0.576 s of silence.
    assert_eq!(lines[1].split_whitespace().collect::<Vec<_>>(), ["1", "1.280", "3.872", "2.592"]);
    let picture = lines.iter().find(|line| line.contains('█')).ok_or("no picture")?;
    assert_eq!(picture.chars().count(), 80, "the width where there is no terminal");
    assert!(picture.starts_with("···█") && picture.ends_with("█···"), "{picture}");
    for total in ["audio            32.230 s", "segments         5", "than real time)"] {
        assert!(text.contains(total), "{text}");
    }
    let all = stdout(&vad(GOLDEN, &["--events", "all"])?);
    assert!(all.contains("inference_done") && all.contains("PROBABILITY") && all.contains("START (s)"), "{all}");
    Ok(())
}

#[test]
fn settings_reach_the_plugin_and_the_last_of_a_key_counts() -> Result {
    let deaf = vad(GOLDEN, &["--format", "json", "--set", "min_silence_duration=5"])?;
    let usual = edges(GOLDEN)?;
    assert!(events(&deaf)?.len() < usual.len());
    let twice =
        vad(GOLDEN, &["--format", "json", "--set", "min_silence_duration=5", "--set", "min_silence_duration=0.55"])?;
    assert_eq!(events(&twice)?, usual);
    Ok(())
}

#[test]
fn wrong_settings_and_unknown_plugins_have_their_own_codes() -> Result {
    let settings = ["--set", "activation_treshold=0.5", "--set", "min_silence_duration=long"];
    assert_refused(
        &vad(GOLDEN, &settings)?,
        3,
        &[
            "`activation_treshold` is not an option",
            "did you mean `activation_threshold`",
            "`min_silence_duration`",
            "`long`",
        ],
    );
    assert_refused(&vad(GOLDEN, &["--plugin", "silreo"])?, 5, &["`silreo`", "did you mean `silero`"]);
    Ok(())
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

#[test]
fn silence_has_no_segments() -> Result {
    let folder = TempDir::new()?;
    let output = vad(silence(&folder)?, &[])?;
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    assert!(stdout(&output).contains("segments         0\n"), "{}", stdout(&output));
    assert!(!stdout(&output).contains('█'), "{}", stdout(&output));
    Ok(())
}

#[test]
fn a_reader_that_goes_away_is_no_error() -> Result {
    for arguments in [&["vad", GOLDEN, "--format", "json", "--events", "all"][..], &["plugin", "list"], &["--help"]] {
        let mut child =
            Command::new(binary()?).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        drop(child.stdout.take());
        let output = child.wait_with_output()?;
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()), "{arguments:?}");
    }
    Ok(())
}

/// A full disk, as Linux offers it.
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_an_error() -> Result {
    let full = fs::OpenOptions::new().write(true).open("/dev/full")?;
    let output = Command::new(binary()?).args(["plugin", "list"]).stdout(full).stderr(Stdio::piped()).output()?;
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains("could not be written"), "{}", stderr(&output));
    Ok(())
}

/// Ctrl-C while the pipe has nothing more to give: what was found is printed.
#[cfg(unix)]
#[test]
fn an_interrupt_prints_what_was_found() -> Result {
    let mut child = Command::new(binary()?)
        .args(["vad", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no input")?;
    // More than the pipe and the reader hold together: once it is written, most of it was used. The last sample never comes, so
    // that nothing but Ctrl-C ends the reading.
    let recording = fs::read(GOLDEN)?;
    input.write_all(&recording[..recording.len() - 2])?;
    Command::new("kill").args(["-INT", &child.id().to_string()]).status()?;
    let (mut found, mut message) = (String::new(), String::new());
    child.stdout.take().ok_or("no output")?.read_to_string(&mut found)?;
    child.stderr.take().ok_or("no output")?.read_to_string(&mut message)?;
    assert_eq!(child.wait()?.code(), Some(130), "{message}");
    // Kept open until here, so that it was not the end of the pipe that ended the reading.
    drop(input);
    assert!(message.starts_with("note: interrupted after ") && message.contains(" s of 32.230 s"), "{message}");
    assert!(found.lines().next().is_some_and(|line| line.contains("start_of_speech")), "{found}");
    Ok(())
}

/// Ctrl-C while a named pipe waits for its writer: the first one ends it.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_ends_the_wait_for_a_writer() -> Result {
    let folder = TempDir::new()?;
    let pipe = folder.path().join("pipe.wav");
    assert!(Command::new("mkfifo").arg(&pipe).status()?.success());
    let mut child =
        Command::new(binary()?).arg("vad").arg(&pipe).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // Ctrl-C is listened to before the thread starts that opens the pipe.
    let tasks = format!("/proc/{}/task", child.id());
    let waits = || {
        let mut names = fs::read_dir(&tasks)?.map(|task| fs::read_to_string(task?.path().join("comm")));
        std::io::Result::Ok(names.any(|name| name.is_ok_and(|name| name.trim() == "reader")))
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    while !waits()? && Instant::now() < deadline {
        assert_eq!(child.try_wait()?, None, "it did not wait");
        std::thread::yield_now();
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status()?;
    while child.try_wait()?.is_none() {
        if Instant::now() > deadline {
            child.kill()?;
        }
        std::thread::yield_now();
    }
    let output = child.wait_with_output()?;
    assert_eq!((output.status.code(), stdout(&output)), (Some(130), String::new()), "{}", stderr(&output));
    assert_eq!(stderr(&output), "note: interrupted before the recording was opened\n");
    Ok(())
}
