//! `lk-go run` from outside: a whole voice agent, with plugins that need nothing.

use std::error::Error;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use hound::WavReader;
use integration_tests::program::{binary, lk_go, stderr, stdout};
use integration_tests::server::{Reply, Server};
use serde_json::Value;
use tempfile::TempDir;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/austen_16k.wav");

fn run(arguments: &[&str]) -> Result<Output> {
    Ok(lk_go()?.arg("run").args(arguments).output()?)
}

fn json_lines(output: &Output) -> Result<Vec<Value>> {
    Ok(stdout(output).lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?)
}

/// The lines of that type, one field of each.
fn fields<'v>(lines: &'v [Value], r#type: &str, field: &str) -> Vec<&'v Value> {
    lines.iter().filter(|line| line["type"] == r#type).map(|line| &line[field]).collect()
}

fn numbers(lines: &[Value], r#type: &str, field: &str) -> Vec<f64> {
    fields(lines, r#type, field).into_iter().filter_map(Value::as_f64).collect()
}

/// Where the file has sound: stretches of milliseconds, from the first that is not silent to the last, with gaps below 100 ms
/// left aside.
fn sound(path: &Path) -> Result<Vec<(usize, usize)>> {
    let mut wav = WavReader::open(path)?;
    let samples: Vec<i16> = wav.samples().collect::<std::result::Result<_, _>>()?;
    let per_millisecond = wav.spec().sample_rate as usize / 1_000;
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for (index, chunk) in samples.chunks(per_millisecond).enumerate() {
        if chunk.iter().any(|sample| sample.unsigned_abs() > 100) {
            match spans.last_mut() {
                Some((_, end)) if index - *end < 100 => *end = index + 1,
                _ => spans.push((index, index + 1)),
            }
        }
    }
    Ok(spans)
}

#[test]
fn without_a_config_each_turn_is_answered_in_a_file_as_long_as_the_conversation() -> Result {
    let folder = TempDir::new()?;
    let reply = folder.path().join("reply.wav");
    let file = reply.to_str().ok_or("UTF-8")?;
    let done = run(&["--in", GOLDEN, "--out", file, "--format", "json"])?;
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let lines = json_lines(&done)?;
    let heard: Vec<&str> = fields(&lines, "transcript", "text").into_iter().filter_map(Value::as_str).collect();
    assert_eq!(heard.len(), 5, "five sentences: {heard:?}");
    assert_eq!((heard[0], heard[4]), ("good morning", "thank you"));
    // The events of a turn are in order.
    let of_turn =
        |turn: u64| lines.iter().filter(move |line| line["turn"] == turn).filter_map(|line| line["type"].as_str());
    assert_eq!(
        of_turn(1).collect::<Vec<_>>(),
        ["speech_started", "speech_ended", "transcript", "first_token", "reply", "first_audio", "reply_ended"]
    );
    // Every plugin reports.
    for metrics in ["vad_metrics", "stt_metrics", "llm_metrics", "tts_metrics"] {
        assert!(lines.iter().any(|line| line["type"] == metrics), "{metrics}");
    }
    let end = lines.last().ok_or("a last line")?;
    assert_eq!((&end["type"], &end["turns"], &end["complete"]), (&"end".into(), &5.into(), &true.into()));
    assert_eq!(end["answered"].as_u64().zip(end["interrupted"].as_u64()).map(|(one, two)| one + two), Some(5));
    // The file has each answer where it was heard, and ends with the conversation.
    let length = WavReader::open(&reply)?.duration();
    assert_eq!(f64::from(length) / 24_000.0, end["output"].as_f64().unwrap_or_default());
    let (starts, ends) = (numbers(&lines, "first_audio", "at"), numbers(&lines, "reply_ended", "at"));
    let spans = sound(&reply)?;
    assert_eq!(spans.len(), 5, "{spans:?}");
    for ((start, end), (first, last)) in spans.iter().zip(starts.iter().zip(&ends)) {
        let near = |millis: usize, at: f64| (millis as f64 - at * 1_000.0).abs() <= 11.0;
        assert!(near(*start, *first) && near(*end, *last), "{start}..{end} ms, but told {first}..{last} s");
    }
    // Nothing is heard while the speaker speaks: answers that went on then were cut off.
    let speech: Vec<_> = numbers(&lines, "speech_started", "at");
    assert!(ends.iter().zip(&speech[1..]).all(|(end, next)| end <= next), "{ends:?} {speech:?}");
    Ok(())
}

#[test]
fn people_get_the_words_the_latencies_a_picture_and_totals() -> Result {
    let done = run(&["--in", GOLDEN])?;
    let text = stdout(&done);
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    for part in [
        "s  user   good morning\n",
        "s  agent  Good morning.\n",
        "Not a word. I … [cut off]\n",
        "TURN  SILENCE (s)  TRANSCRIPT (s)  TOKEN (s)  AUDIO (s)  TOTAL (s)  OUTCOME\n",
        "\nuser   ···█",
        "\nagent  ····",
        "plugins          vad/silero, stt/fake, llm/fake, tts/fake\n",
        "turns            5: 3 answered, 2 interrupted\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(stderr(&done).starts_with("note: without a config only the vad is real"), "{}", stderr(&done));
    Ok(())
}

#[test]
fn the_config_that_is_printed_is_the_one_that_is_used() -> Result {
    let folder = TempDir::new()?;
    let config = folder.path().join("agent.toml");
    fs::write(&config, run(&["--print-config"])?.stdout)?;
    let words = |output: &Output| {
        stdout(output).lines().take_while(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let (one, two) = (run(&["--in", GOLDEN])?, run(&[config.to_str().ok_or("UTF-8")?, "--in", GOLDEN])?);
    assert_eq!(words(&one), words(&two));
    assert!(!words(&one).is_empty() && stderr(&two).is_empty(), "{}", stderr(&two));
    Ok(())
}

#[test]
fn answers_are_not_cut_off_when_they_must_not_be() -> Result {
    let done = run(&["--in", GOLDEN, "--no-interruptions", "--format", "json"])?;
    let lines = json_lines(&done)?;
    assert!(fields(&lines, "reply_ended", "interrupted").iter().all(|interrupted| **interrupted == false));
    assert_eq!(fields(&lines, "reply_ended", "heard"), fields(&lines, "reply", "text"));
    Ok(())
}

#[test]
fn settings_go_before_the_file_and_another_plugin_starts_with_an_empty_config() -> Result {
    let arguments =
        ["--in", GOLDEN, "--set", "stt.transcripts=[\"one\"]", "--set", "llm.system=hm", "--set", "tts.plugin=stream"];
    let done = run(&[&arguments[..], &["--set", "tts.tts=fake", "--set", "llm.replies=[\"{input}, then\"]"]].concat())?;
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert!(stdout(&done).contains("agent  one, then\n") && stdout(&done).contains("tts/stream"), "{}", stdout(&done));
    Ok(())
}

#[test]
fn all_that_is_wrong_with_a_config_is_told_at_once() -> Result {
    let folder = TempDir::new()?;
    let config = folder.path().join("agent.toml");
    fs::write(
        &config,
        r#"
            sesion = 1
            [vad]
            plugin = "silero"
            activation_treshold = 0.5
            [stt]
            plugin = "fake"
            languge = "en"
            interim_every = "often"
            [llm]
            plugin = "opnai"
            system = 5
            [tts]
            voice = "tone"
            [session]
            interruptions = 3
        "#,
    )?;
    let file = config.to_str().ok_or("UTF-8")?;
    let done = run(&[file, "--in", GOLDEN, "--set", "ttts.voice=tone"])?;
    assert_eq!((done.status.code(), stdout(&done).as_str()), (Some(3), ""));
    for problem in [
        "error: `sesion` is not a table of this config; did you mean `session`? choose from",
        "error: `ttts` is not a table of this config; did you mean `tts`?",
        "error: vad/silero: `vad.activation_treshold` is not an option; did you mean `activation_threshold`?",
        "`stt.interim_every` must be an integer",
        "`stt.languge` is not an option; did you mean `language`?",
        "error: `llm.system` must be text",
        "error: there is no `llm` plugin `opnai`; did you mean `openai`?",
        "error: `tts.plugin` is missing; name a plugin",
        "error: `session.interruptions` must be `true` or `false`, but is `3`",
    ] {
        assert!(stderr(&done).contains(problem), "{problem:?} is not in\n{}", stderr(&done));
    }
    assert_eq!(stderr(&done).lines().count(), 8, "{}", stderr(&done));
    Ok(())
}

#[test]
fn other_mistakes_have_their_exit_codes() -> Result {
    for (arguments, code, message) in [
        (&[][..], 2, "`--in <FILE.wav>` is missing"),
        (&["--in", "no-such.wav"], 4, "`no-such.wav` is not there"),
        (&["no-such.toml", "--in", GOLDEN], 4, "`no-such.toml` cannot be read"),
        (&["--in", GOLDEN, "--out", "no-such-folder/x.wav"], 4, "make the folder first"),
        (&["--in", GOLDEN, "--set", "llm.plugin=no-such"], 5, "there is no `llm` plugin `no-such`"),
        (&["--in", GOLDEN, "--set", "llm.plugin=openai"], 3, "OPENAI_API_KEY"),
        (
            &["--in", GOLDEN, "--set", "llm.systm=x"],
            3,
            "`llm.systm` is not an option; did you mean `system`? choose from",
        ),
        (
            &["--in", GOLDEN, "--set", "tts.plugn=x"],
            3,
            "`tts.plugn` is not an option; did you mean `plugin`? choose from",
        ),
        (&["--in", GOLDEN, "--set", "stt"], 2, "`stt` has no `=`"),
        (
            &["--in", GOLDEN, "--set", "stt=fake"],
            2,
            "`--set stt=…` names no key in a table; write `--set TABLE.KEY=VALUE`",
        ),
        (
            &["--in", GOLDEN, "--set", "stt.=3"],
            2,
            "`--set stt.=…` names no key in a table; write `--set TABLE.KEY=VALUE`",
        ),
        (&["--print-config", "--in", GOLDEN], 2, "--in"),
    ] {
        let done = run(arguments)?;
        assert_eq!((done.status.code(), stdout(&done).as_str()), (Some(code), ""), "{}", stderr(&done));
        assert!(stderr(&done).contains(message), "{}", stderr(&done));
    }
    Ok(())
}

#[test]
fn what_is_read_is_not_replaced() -> Result {
    let folder = TempDir::new()?;
    let (call, config) = (folder.path().join("call.wav"), folder.path().join("agent.toml"));
    fs::copy(GOLDEN, &call)?;
    fs::write(&config, run(&["--print-config"])?.stdout)?;
    let (call, config) = (call.to_str().ok_or("UTF-8")?, config.to_str().ok_or("UTF-8")?);
    for (arguments, input) in
        [(&["--in", call, "--out", call][..], "`--in`"), (&[config, "--in", call, "--out", config], "`<CONFIG.toml>`")]
    {
        let before = (fs::read(call)?, fs::read(config)?);
        let done = run(arguments)?;
        assert_eq!((done.status.code(), stdout(&done).as_str()), (Some(2), ""), "{}", stderr(&done));
        assert!(stderr(&done).contains(&format!("{input} and `--out` are the same file")), "{}", stderr(&done));
        assert_eq!((fs::read(call)?, fs::read(config)?), before);
    }
    Ok(())
}

#[test]
fn standard_output_can_be_the_answers_and_standard_input_the_recording() -> Result {
    let folder = TempDir::new()?;
    let reply = folder.path().join("reply.wav");
    fs::write(&reply, run(&["--in", GOLDEN, "--out", "-"])?.stdout)?;
    let piped = lk_go()?.args(["run", "--in", "-", "--out", "-"]).write_stdin(fs::read(GOLDEN)?).output()?;
    assert_eq!(piped.stdout, fs::read(&reply)?, "{}", stderr(&piped));
    assert_eq!(sound(&reply)?.len(), 5);
    Ok(())
}

#[test]
fn events_go_to_standard_error_when_standard_output_is_the_answers() -> Result {
    let spoken = run(&["--in", GOLDEN, "--out", "-", "--format", "json"])?;
    let told = stderr(&spoken);
    let (lines, notes): (Vec<&str>, Vec<&str>) = told.lines().partition(|line| line.starts_with('{'));
    assert!(notes.len() == 1 && notes[0].starts_with("note: without a config"), "{notes:?}");
    let lines = lines.into_iter().map(serde_json::from_str).collect::<std::result::Result<Vec<Value>, _>>()?;
    assert_eq!(fields(&lines, "transcript", "text").len(), 5);
    assert!(lines.iter().any(|line| line["type"] == "tts_metrics"));
    assert_eq!(lines.last().map(|line| &line["type"]), Some(&"end".into()));
    assert!(spoken.stdout.starts_with(b"RIFF"));
    Ok(())
}

#[test]
fn a_provider_that_is_down_fails_three_turns_and_what_there_is_is_kept() -> Result {
    let folder = TempDir::new()?;
    let reply = folder.path().join("reply.wav");
    let server = Server::always(Reply::json(503, r#"{"error": {"message": "overloaded"}}"#));
    let url = format!("llm.base_url={}", server.url());
    let settings =
        ["--set", "llm.plugin=openai/some-model", "--set", &url, "--set", "llm.max_retry=0", "--set", "llm.api_key=k"];
    let done = run(&[&["--in", GOLDEN, "--out", reply.to_str().ok_or("UTF-8")?], &settings[..]].concat())?;
    assert_eq!(done.status.code(), Some(6), "{}", stderr(&done));
    assert!(stderr(&done).contains("error: turn 1: llm/openai/some-model: "), "{}", stderr(&done));
    assert!(stderr(&done).contains("note: 3 turns in a row failed"), "{}", stderr(&done));
    assert!(stdout(&done).contains("turns            3: 0 answered, 0 interrupted, 3 failed"), "{}", stdout(&done));
    let json = run(&[&["--in", GOLDEN, "--format", "json"], &settings[..]].concat())?;
    let failed: Vec<Value> = stdout(&json)
        .lines()
        .map(serde_json::from_str)
        .filter(|line| line.as_ref().map_or(true, |line: &Value| line["type"] == "failed"))
        .collect::<serde_json::Result<_>>()?;
    let said = |line: &Value| line["error"].as_str().is_some_and(|error| error.contains("overloaded"));
    assert!(failed.len() == 3 && failed.iter().all(said), "{failed:?}");
    let chats = server.requests().iter().filter(|request| request.path.ends_with("/chat/completions")).count();
    assert_eq!(chats, 6);
    assert!(sound(&reply)?.is_empty() && WavReader::open(&reply)?.duration() > 24_000);
    Ok(())
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_what_there_is() -> Result {
    let folder = TempDir::new()?;
    let reply = folder.path().join("reply.wav");
    // The recording never ends: its pipe stays open.
    let mut child = Command::new(binary()?)
        .args(["run", "--in", "-", "--format", "json", "--out"])
        .arg(&reply)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut pipe = child.stdin.take().ok_or("a pipe")?;
    pipe.write_all(&fs::read(GOLDEN)?[..500_000])?;
    let mut output = child.stdout.take().ok_or("output")?;
    // Until the first answer was heard.
    let mut told = Vec::new();
    while !String::from_utf8_lossy(&told).contains("reply_ended") {
        let mut byte = [0];
        output.read_exact(&mut byte)?;
        told.push(byte[0]);
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status()?;
    output.read_to_end(&mut told)?;
    let ended = child.wait_with_output()?;
    drop(pipe);
    assert_eq!(ended.status.code(), Some(130), "{}", stderr(&ended));
    assert!(stderr(&ended).contains("note: interrupted after "), "{}", stderr(&ended));
    let last =
        String::from_utf8_lossy(&told).lines().last().map(serde_json::from_str::<Value>).ok_or("a last line")??;
    assert_eq!((&last["type"], &last["complete"]), (&"end".into(), &false.into()));
    assert!(!sound(&reply)?.is_empty());
    Ok(())
}

#[test]
fn in_real_time_it_takes_as_long_as_the_recording() -> Result {
    let folder = TempDir::new()?;
    let short = folder.path().join("short.wav");
    let mut wav = hound::WavWriter::create(
        &short,
        hound::WavSpec {
            channels: 2,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        },
    )?;
    for _ in 0..44_100 {
        wav.write_sample(0_i16)?;
    }
    wav.finalize()?;
    let done = run(&["--in", short.to_str().ok_or("UTF-8")?, "--realtime", "--format", "json"])?;
    let end = json_lines(&done)?.pop().ok_or("a last line")?;
    assert_eq!((end["input"].as_f64(), &end["turns"]), (Some(0.5), &0.into()));
    assert!(stderr(&done).contains("note: vad/silero heard nobody speak"), "{}", stderr(&done));
    assert!(end["processing_time"].as_f64() >= Some(0.5), "{end}");
    Ok(())
}
