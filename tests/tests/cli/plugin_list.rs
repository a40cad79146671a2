//! `plugin list`.

use integration_tests::program::{lk_go, stderr, stdout};
use serde_json::Value;

use crate::{Result, assert_refused};

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
