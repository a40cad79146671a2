//! Everything that `lk-go --format json` prints is as `docs/schemas/lk-go.schema.json` says, to the last key.

use std::collections::BTreeSet;
use std::error::Error;

use integration_tests::program::lk_go;
use jsonschema::Validator;
use serde_json::{Value, json};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/austen_16k.wav");
const SCHEMAS: &str = include_str!("../../docs/schemas/lk-go.schema.json");
const PAGE: &str = include_str!("../../docs/json.md");

/// The schema of one command.
fn schema(command: &str) -> Result<Validator> {
    let all: Value = serde_json::from_str(SCHEMAS)?;
    jsonschema::draft202012::meta::validate(&all).map_err(|error| error.to_string())?;
    let mut one = json!({"$ref": format!("#/$defs/{}", command.replace(' ', "%20"))});
    one["$defs"] = all["$defs"].clone();
    Ok(jsonschema::validator_for(&one)?)
}

/// What a command prints, value by value; at least `least` of them.
fn holds(command: &str, arguments: &[&str], code: i32, least: usize) -> Result {
    let schema = schema(command)?;
    let arguments = [&command.split(' ').collect::<Vec<_>>()[..], arguments, &["--format", "json"]].concat();
    let output = lk_go()?.args(&arguments).env("LK_PLUGIN_PATH", "/no/such/folder").output()?;
    let (printed, message) = (String::from_utf8(output.stdout)?, String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {message}");
    let values =
        serde_json::Deserializer::from_str(&printed).into_iter().collect::<serde_json::Result<Vec<Value>>>()?;
    assert!(values.len() >= least, "{arguments:?}: {printed}");
    for value in values {
        let errors: Vec<String> =
            schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new(), "{arguments:?} printed {value}");
    }
    Ok(())
}

#[test]
fn every_command_prints_what_its_schema_says() -> Result {
    let folder = tempfile::TempDir::new()?;
    let speech = folder.path().join("speech.wav");
    let speech = speech.to_str().ok_or("a path")?;
    let program = integration_tests::program::binary()?.to_str().ok_or("a path")?;
    holds("plugin list", &[], 0, 1)?;
    holds("plugin show", &["vad/silero"], 0, 1)?;
    holds("plugin show", &["stt/openai"], 0, 1)?;
    holds("plugin check", &["vad/fake", "stt/stream"], 3, 1)?;
    holds("plugin download-files", &["--dry-run"], 0, 1)?;
    holds("run", &["--in", GOLDEN, "--out", speech], 0, 20)?;
    holds("vad", &[GOLDEN, "--events", "all"], 0, 1000)?;
    holds("llm", &["--plugin", "fake", "hello"], 0, 3)?;
    holds("stt", &[GOLDEN, "--plugin", "fake"], 0, 1)?;
    holds("stt", &[GOLDEN, "--plugin", "fake", "--stream"], 0, 5)?;
    holds("tts", &["hello", "--plugin", "fake", "-o", speech], 0, 1)?;
    if cfg!(target_os = "linux") {
        holds("plugin list", &[program, "/etc/passwd"], 4, 1)?;
        holds("plugin show", &[program], 0, 1)?;
        holds("doctor", &[], 1, 1)?;
    }
    Ok(())
}

#[test]
fn a_key_that_the_schema_does_not_know_is_found() -> Result {
    let schema = schema("tts")?;
    let mut line = json!({"type": "speech", "file": null, "request_id": "1", "sample_rate": 24000, "channels": 1,
        "audio_duration": 1.0, "time_to_first_audio": null, "duration": 0.1});
    assert!(schema.is_valid(&line));
    line["new"] = 1.into();
    assert!(!schema.is_valid(&line));
    Ok(())
}

#[test]
fn the_page_lists_the_commands_of_the_schema() -> Result {
    let all: Value = serde_json::from_str(SCHEMAS)?;
    let definitions: BTreeSet<&str> =
        all["$defs"].as_object().ok_or("definitions")?.keys().map(String::as_str).collect();
    let named: BTreeSet<&str> =
        PAGE.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0)).collect();
    let parts = BTreeSet::from(["field", "metrics", "module", "plugin", "refusal"]);
    assert_eq!(named, definitions.difference(&parts).copied().collect());
    Ok(())
}
