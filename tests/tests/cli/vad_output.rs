//! `vad`: what it finds, and how it shows that.

use std::fs;

use integration_tests::program::{stderr, stdout};
use serde_json::Value;
use tempfile::TempDir;

use crate::{GOLDEN, Result, assert_refused, edges, events, silence, vad};

const GOLDEN_EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/austen_16k.events.json");

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
fn silence_has_no_segments() -> Result {
    let folder = TempDir::new()?;
    let output = vad(silence(&folder)?, &[])?;
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    assert!(stdout(&output).contains("segments         0\n"), "{}", stdout(&output));
    assert!(!stdout(&output).contains('█'), "{}", stdout(&output));
    Ok(())
}
