//! `lk-go llm`, `stt` and `tts` from outside, with the plugins that need nothing.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use hound::WavReader;
use integration_tests::program::{binary, lk_go, stderr, stdout};
use serde_json::Value;
use tempfile::TempDir;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/austen_16k.wav");

fn run(arguments: &[&str]) -> Result<Output> {
    Ok(lk_go()?.args(arguments).output()?)
}

fn piped(arguments: &[&str], input: &[u8]) -> Result<Output> {
    Ok(lk_go()?.args(arguments).write_stdin(input).output()?)
}

fn json_lines(output: &Output) -> Result<Vec<Value>> {
    Ok(stdout(output).lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?)
}

fn assert_fails(output: &Output, code: i32, message: &str) {
    assert_eq!(output.status.code(), Some(code), "{}", stderr(output));
    assert!(stderr(output).contains(message), "{}", stderr(output));
    assert!(output.stdout.is_empty(), "{}", stdout(output));
}

#[test]
fn an_answer_is_the_words_and_a_line_break() -> Result {
    let answer = run(&["llm", "--plugin", "fake", "good morning"])?;
    assert_eq!((stdout(&answer).as_str(), answer.status.code()), ("you said: good morning\n", Some(0)));
    assert!(answer.stderr.is_empty());
    // The answer's own line break is enough, and the prompt's last one is not part of it.
    let answer = piped(&["llm", "-", "--plugin", "fake", "--set", r#"replies=["{input}!\n"]"#], b"two\nlines\r\n")?;
    assert_eq!(stdout(&answer), "two\nlines!\n");
    Ok(())
}

#[test]
fn an_answer_in_json_has_its_chunks_usage_and_times() -> Result {
    let answer = run(&["llm", "hi", "--plugin", "fake", "--system", "Be brief.", "--format", "json"])?;
    let lines = json_lines(&answer)?;
    let text: String = lines.iter().filter_map(|line| line["content"].as_str()).collect();
    assert_eq!(text, "you said: hi");
    let usage = lines.iter().find_map(|line| line["usage"].as_object()).ok_or("usage")?;
    // The system's two words and the one of the prompt.
    assert_eq!((&usage["prompt_tokens"], &usage["completion_tokens"]), (&3.into(), &3.into()));
    let end = lines.last().ok_or("a last line")?;
    assert_eq!((&end["type"], &end["complete"]), (&"end".into(), &true.into()));
    assert!(end["time_to_first_token"].as_f64() <= end["duration"].as_f64());
    Ok(())
}

#[test]
fn a_recording_is_transcribed_whole_and_piece_by_piece() -> Result {
    let config = tempfile::Builder::new().suffix(".toml").tempfile()?;
    fs::write(config.path(), "transcripts = ['from the file']\nlanguage = 'de'\n")?;
    let file = config.path().to_str().ok_or("UTF-8")?;
    for how in [&[][..], &["--stream"]] {
        let heard = run(&[&["stt", GOLDEN, "--plugin", "fake", "--config", file], how].concat())?;
        assert_eq!((stdout(&heard).as_str(), heard.status.code()), ("from the file\n", Some(0)), "{}", stderr(&heard));
    }
    // What is written on the command line goes before the file.
    let arguments =
        ["--config", file, "--set", r#"transcripts=["from the line"]"#, "--language", "fr", "--format", "json"];
    let heard = run(&[&["stt", GOLDEN, "--stream", "--plugin", "fake"], &arguments[..]].concat())?;
    let lines = json_lines(&heard)?;
    let types: Vec<&str> = lines.iter().filter_map(|line| line["type"].as_str()).collect();
    assert_eq!(types.first(), Some(&"start_of_speech"));
    assert_eq!(types[types.len() - 3..], ["final_transcript", "recognition_usage", "end_of_speech"]);
    let transcript = &lines[types.len() - 3]["alternatives"][0];
    assert_eq!((&transcript["text"], &transcript["language"]), (&"from the line".into(), &"fr".into()));
    assert_eq!(transcript["end_time"].as_f64(), lines[types.len() - 2]["usage"]["audio_duration"].as_f64());
    Ok(())
}

#[test]
fn a_recording_from_a_pipe_is_transcribed() -> Result {
    let heard = piped(&["stt", "-", "--plugin", "fake", "--stream"], &fs::read(GOLDEN)?)?;
    assert_eq!(stdout(&heard), "the quick brown fox jumps over the lazy dog\n");
    Ok(())
}

#[test]
fn speech_is_a_wav_file() -> Result {
    let folder = TempDir::new()?;
    let path = folder.path().join("speech.wav");
    let file = path.to_str().ok_or("UTF-8")?;
    let spoken = run(&["tts", "hello", "--plugin", "fake", "-o", file, "--format", "json"])?;
    let line = json_lines(&spoken)?.remove(0);
    // Fifty milliseconds a character.
    assert_eq!((&line["sample_rate"], line["audio_duration"].as_f64()), (&24_000.into(), Some(0.25)));
    assert!(line["time_to_first_audio"].as_f64() <= line["duration"].as_f64());
    assert_eq!(WavReader::open(&path)?.len(), 6_000);
    // Standard output gets the same file, and what there is to say goes elsewhere.
    let spoken = piped(&["tts", "-", "--plugin", "fake", "-o", "-"], b"hello\n")?;
    assert_eq!(spoken.stdout, fs::read(&path)?);
    assert!(stderr(&spoken).contains("0.250 s of speech at 24000 Hz"), "{}", stderr(&spoken));
    let spoken = run(&["tts", "hello", "--plugin", "fake", "-o", "-", "--format", "json"])?;
    let line: Value = serde_json::from_str(&stderr(&spoken))?;
    assert_eq!((&line["type"], &line["file"]), (&"speech".into(), &Value::Null));
    Ok(())
}

#[test]
fn a_failure_leaves_the_old_file() -> Result {
    let folder = TempDir::new()?;
    let path = folder.path().join("speech.wav");
    fs::write(&path, "before")?;
    let file = path.to_str().ok_or("UTF-8")?;
    assert_fails(&run(&["tts", " ", "--plugin", "fake", "-o", file])?, 6, "no audio came for the text");
    assert_eq!(fs::read(&path)?, b"before");
    assert_eq!(fs::read_dir(folder.path())?.count(), 1);
    Ok(())
}

#[test]
fn mistakes_say_what_to_do_and_have_their_exit_codes() -> Result {
    let nowhere = "no-such-folder/speech.wav";
    for (arguments, code, message) in [
        (&["llm", "hi", "--plugin", "fak"][..], 5, "did you mean `fake`?"),
        (&["llm", "hi", "--plugin", "silero"], 5, "there is no `llm` plugin `silero`"),
        (&["llm", "hi", "--plugin", "fake", "--set", "replie=x"], 3, "did you mean `replies`?"),
        (&["stt", "no-such.wav", "--plugin", "fake"], 4, "`no-such.wav` is not there"),
        (&["stt", "Cargo.toml", "--plugin", "fake"], 4, "`Cargo.toml`"),
        (&["tts", "hi", "--plugin", "fake", "-o", nowhere], 4, "make the folder first"),
        (&["llm", "hi", "--plugin", "fake", "--config", "no-such.toml"], 4, "`no-such.toml` cannot be read"),
        (&["llm", "hi", "--plugin", "fake", "--config", "Cargo.lock"], 3, "choose from `.json`, `.toml`"),
        (&["tts", "hi", "--plugin", "fake"], 2, "--output"),
    ] {
        assert_fails(&run(arguments)?, code, message);
    }
    for command in [&["llm"][..], &["tts", "-o", "speech.wav"]] {
        let with = |text| [command, &["--plugin", "fake", text]].concat();
        assert_fails(&run(&with(""))?, 4, "the text is empty");
        assert_fails(&piped(&with("-"), b"\n")?, 4, "standard input is empty");
    }
    assert_fails(&piped(&["llm", "-", "--plugin", "fake"], b"\xff")?, 4, "standard input is not UTF-8");
    Ok(())
}

#[cfg(unix)]
#[test]
fn speech_does_not_replace_the_text_that_is_spoken() -> Result {
    let folder = TempDir::new()?;
    let text = folder.path().join("text");
    fs::write(&text, "hello")?;
    let mut tts = Command::new(binary()?);
    tts.args(["tts", "-", "--plugin", "fake", "-o"]).arg(&text).stdin(fs::File::open(&text)?);
    assert_fails(&tts.output()?, 2, "standard input and `--output` are the same file");
    assert_eq!(fs::read(&text)?, b"hello");
    Ok(())
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_waiting_for_a_plugin() -> Result {
    // The recording never ends: its pipe stays open.
    let mut child = Command::new(binary()?)
        .args(["stt", "-", "--plugin", "fake", "--stream", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut pipe = child.stdin.take().ok_or("a pipe")?;
    pipe.write_all(&fs::read(GOLDEN)?[..100_000])?;
    // The first event: it is listening.
    let mut first = [0];
    std::io::Read::read_exact(child.stdout.as_mut().ok_or("output")?, &mut first)?;
    Command::new("kill").args(["-INT", &child.id().to_string()]).status()?;
    let output = child.wait_with_output()?;
    drop(pipe);
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("interrupted before the transcript was complete"), "{}", stderr(&output));
    Ok(())
}
