//! The openai plugins against servers that others wrote, through the command line. `tests/real/run.sh` installs and starts
//! the servers, says in the environment where they are, and runs these tests; nothing else does.

use std::error::Error;
use std::process::Output;

use hound::{SampleFormat, WavSpec, WavWriter};
use integration_tests::program::lk_go;
use lk_plugin::{ChatContext, ChatOptions, ChatRole, Config, Llm, Registry, Tool};
use serde_json::Value;
use tempfile::TempDir;

use lk_plugins as _;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/austen_16k.wav");
const SEGMENTS: &str = include_str!("../golden/austen.segments.json");

/// The most words of a hundred that may be wrong.
const MAX_WORD_ERROR_RATE: f64 = 0.25;

fn server(variable: &str) -> Result<String> {
    std::env::var(variable).map_err(|_| format!("{variable} is not set; run tests/real/run.sh").into())
}

/// Runs `lk-go` with a server and its key; nothing that it prints may have the key in it.
fn run(base_url: &str, key: &str, arguments: &[&str]) -> Result<Output> {
    let output = lk_go()?.args(arguments).env("OPENAI_BASE_URL", base_url).env("OPENAI_API_KEY", key).output()?;
    for stream in [&output.stdout, &output.stderr] {
        assert!(!String::from_utf8_lossy(stream).contains(key), "{}", String::from_utf8_lossy(stream));
    }
    Ok(output)
}

/// Standard output of a command that must succeed.
fn succeed(base_url: &str, arguments: &[&str]) -> Result<String> {
    let output = run(base_url, "test-key", arguments)?;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// The words as they are counted: lower case, hyphens as spaces, no other punctuation.
fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace('-', " ");
    let letters = |word: &str| word.chars().filter(|char| char.is_alphanumeric()).collect::<String>();
    text.split_whitespace().map(letters).filter(|word| !word.is_empty()).collect()
}

/// The edits that make one text the other, as a part of the first's words.
fn word_error_rate(expected: &str, heard: &str) -> f64 {
    let (expected, heard) = (words(expected), words(heard));
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, word) in expected.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in heard.iter().enumerate() {
            let substituted = diagonal + usize::from(word != other);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[heard.len()] as f64 / expected.len() as f64
}

fn assert_heard(expected: &str, heard: &str) {
    let rate = word_error_rate(expected, heard);
    assert!(rate <= MAX_WORD_ERROR_RATE, "{:.0} % of the words are wrong: {heard}", rate * 100.0);
}

#[test]
fn words_are_counted_as_they_should_be() {
    assert_eq!(word_error_rate("He was well-off.", "he was well off"), 0.0);
    assert_eq!(word_error_rate("one two three four", "one too three"), 0.5);
    assert_eq!(word_error_rate("one", ""), 1.0);
}

#[test]
#[ignore = "needs a server: tests/real/run.sh aimock"]
fn a_chat_needs_aimock() -> Result {
    let url = server("LK_REAL_AIMOCK")?;
    assert_eq!(succeed(&url, &["llm", "say hello"])?, "Hello from a server that somebody else wrote.\n");
    let answer = run(&url, "a-wrong-key", &["llm", "say hello"])?;
    let told = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert_eq!(answer.status.code(), Some(6), "{told}");
    assert!(told.contains("401"), "{told}");
    let answer = run(&url, "test-key", &["llm", "refuse me"])?;
    let told = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert!(told.contains("no such luck") && told.contains("400"), "{told}");
    // 429 with Retry-After, then the answer: the plugin tries again.
    assert_eq!(succeed(&url, &["llm", "be busy once"])?, "here I am\n");
    Ok(())
}

#[test]
#[ignore = "needs a server: tests/real/run.sh aimock"]
fn an_answer_that_breaks_off_needs_aimock() -> Result {
    let answer = run(&server("LK_REAL_AIMOCK")?, "test-key", &["llm", "break off"])?;
    let told = String::from_utf8_lossy(&answer.stderr).into_owned();
    // What came stands there, and that it is not all is said.
    assert!(String::from_utf8_lossy(&answer.stdout).starts_with("one "), "{told}");
    assert_eq!(answer.status.code(), Some(6), "{told}");
    Ok(())
}

#[test]
#[ignore = "needs a server: tests/real/run.sh aimock"]
fn parallel_tool_calls_needs_aimock() -> Result {
    let mut config = Config::new();
    config.insert("base_url", server("LK_REAL_AIMOCK")?);
    config.insert("api_key", "test-key");
    let llm = Registry::global().create::<dyn Llm>("openai/gpt-4o", &config)?;
    let mut context = ChatContext::new();
    context.add_message(ChatRole::User, "weather in two cities");
    let schema =
        r#"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}"#;
    let options = ChatOptions::default().with_tools([Tool::new("get_weather", "The weather in a city.", schema)]);
    let answer = pollster::block_on(llm.chat(&context, &options)?.collect_response())?;
    let cities: std::result::Result<Vec<Value>, _> =
        answer.tool_calls.iter().map(|call| serde_json::from_str(&call.arguments)).collect();
    assert_eq!(cities?, [serde_json::json!({"city": "Paris"}), serde_json::json!({"city": "Oslo"})]);
    assert_ne!(answer.tool_calls[0].call_id, answer.tool_calls[1].call_id);
    Ok(())
}

#[test]
#[ignore = "needs a server: tests/real/run.sh aimock"]
fn a_transcription_needs_aimock() -> Result {
    let url = server("LK_REAL_AIMOCK")?;
    for arguments in [
        &["stt", GOLDEN, "--plugin", "openai/whisper-1"][..],
        &["stt", GOLDEN, "--plugin", "openai/gpt-4o-mini-transcribe"],
    ] {
        assert_eq!(succeed(&url, arguments)?, "what the server heard\n");
    }
    Ok(())
}

#[test]
#[ignore = "needs servers: tests/real/run.sh speech"]
fn recorded_speech_comes_back_needs_speech_servers() -> Result {
    let segments: Value = serde_json::from_str(SEGMENTS)?;
    let texts: Vec<&str> = segments["segments"]
        .as_array()
        .ok_or("segments")?
        .iter()
        .filter_map(|segment| segment["text"].as_str())
        .collect();
    let heard = succeed(&server("LK_REAL_WHISPER")?, &["stt", GOLDEN, "--plugin", "openai/openai/whisper-tiny.en"])?;
    assert_heard(&texts.join(" "), &heard);
    Ok(())
}

#[test]
#[ignore = "needs servers: tests/real/run.sh speech"]
fn a_recording_of_another_rate_and_two_channels_comes_back_needs_speech_servers() -> Result {
    // The first sentence alone, as stereo at 8 kHz.
    let folder = TempDir::new()?;
    let path = folder.path().join("stereo.wav");
    let spec = WavSpec { channels: 2, sample_rate: 8_000, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut writer = WavWriter::create(&path, spec)?;
    for sample in hound::WavReader::open(GOLDEN.replace("16k", "8k"))?.into_samples::<i16>().take(8_000 * 4 + 4_000) {
        let sample = sample?;
        writer.write_sample(sample)?;
        writer.write_sample(sample)?;
    }
    writer.finalize()?;
    let file = path.to_str().ok_or("UTF-8")?;
    let arguments = ["stt", file, "--plugin", "openai/openai/whisper-tiny.en", "--set", "response_format=verbose_json"];
    let heard = succeed(&server("LK_REAL_WHISPER")?, &[&arguments[..], &["--format", "json"]].concat())?;
    let event: Value = serde_json::from_str(heard.lines().next().ok_or("an event")?)?;
    let transcript = &event["alternatives"][0];
    assert_heard("he was not an ill disposed young man", transcript["text"].as_str().unwrap_or_default());
    let end = transcript["end_time"].as_f64().unwrap_or_default();
    assert!((2.0..=4.5).contains(&end), "{heard}");
    Ok(())
}

#[test]
#[ignore = "needs servers: tests/real/run.sh speech"]
fn synthesized_speech_is_understood_in_every_format_needs_speech_servers() -> Result {
    let (piper, whisper) = (server("LK_REAL_PIPER")?, server("LK_REAL_WHISPER")?);
    let text = "The quick brown fox jumps over the lazy dog, and then it goes home to sleep until the morning.";
    let folder = TempDir::new()?;
    // The server makes the compressed ones with ffmpeg.
    let compressed: &[&str] =
        if std::env::var_os("LK_REAL_FFMPEG").is_some() { &["mp3", "opus", "flac", "aac"] } else { &[] };
    for format in [&["pcm", "wav"], compressed].concat() {
        let path = folder.path().join(format!("{format}.wav"));
        let file = path.to_str().ok_or("UTF-8")?;
        let setting = format!("response_format={format}");
        let done = succeed(&piper, &["tts", text, "-o", file, "--set", &setting, "--format", "json"])?;
        let done: Value = serde_json::from_str(&done)?;
        // Whatever rate the server speaks at (22.05 kHz), the plugin's own is what comes out, at the right speed.
        let reader = hound::WavReader::open(&path)?;
        assert_eq!(reader.spec().sample_rate, 24_000);
        let (told, there) =
            (done["audio_duration"].as_f64().unwrap_or_default(), f64::from(reader.duration()) / 24_000.0);
        assert!((told - there).abs() < 1e-6, "{told} s told, {there} s in the file");
        let heard = succeed(&whisper, &["stt", file, "--plugin", "openai/openai/whisper-tiny.en"])?;
        assert_heard(text, &heard);
    }
    Ok(())
}

#[test]
#[ignore = "needs servers: tests/real/run.sh speech"]
fn a_wrong_key_is_told_needs_speech_servers() -> Result {
    let folder = TempDir::new()?;
    let path = folder.path().join("none.wav");
    let arguments = ["tts", "hello", "-o", path.to_str().ok_or("UTF-8")?];
    let output = run(&server("LK_REAL_PIPER")?, "a-wrong-key", &arguments)?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(6), "{told}");
    assert!(told.contains("401"), "{told}");
    assert!(!path.exists());
    Ok(())
}
