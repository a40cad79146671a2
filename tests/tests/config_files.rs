//! Config files: the same values from each format, and where a file is wrong.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use std::fs;

use lk_plugin::{Config, ErrorKind, PluginConfig};
use serde_json::json;

const JSON: &str = r#"{"name": "anna", "speed": 1, "retry": {"pause": 0.5}, "formats": ["mp3"], "none": null}"#;
const TOML: &str = "name = 'anna' # who\nspeed = 1\nformats = ['mp3']\n[retry]\npause = 0.5\n";
const YAML: &str = "name: anna # who\nspeed: 1\nretry:\n  pause: 0.5\nformats:\n- mp3\nnone:\n";

#[test]
fn all_formats_give_the_same() {
    for config in [Config::from_json(JSON), Config::from_toml(TOML), Config::from_yaml(YAML)] {
        let config = config.unwrap();
        assert_eq!(config.get("name"), Some(&json!("anna")));
        assert_eq!(config.get("speed"), Some(&json!(1)));
        assert_eq!(config.get("retry"), Some(&json!({"pause": 0.5})));
        assert_eq!(config.get("formats"), Some(&json!(["mp3"])));
        assert!(config.get("none").is_none_or(|none| none.is_null()) && !config.is_text("name"));
    }
}

#[test]
fn a_file_is_read_as_its_ending_says() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in
        [("a.json", JSON), ("a.toml", TOML), ("a.yaml", YAML), ("b.YML", YAML), ("bom.toml", "\u{feff}name = 'anna'")]
    {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        assert_eq!(Config::from_file(&path).unwrap().get("name"), Some(&json!("anna")), "{name}");
    }
    let missing = Config::from_file(folder.path().join("none.toml")).err().unwrap();
    assert_eq!(missing.kind(), ErrorKind::Io);
    assert!(missing.to_string().ends_with("none.toml` cannot be read"), "{missing}");
    for name in ["a.ini", "a"] {
        let other = Config::from_file(name).err().unwrap();
        assert_eq!(
            other.to_string(),
            format!("`{name}` does not end as a config file does; choose from `.json`, `.toml`, `.yaml`, `.yml`")
        );
    }
}

#[test]
fn a_file_that_cannot_be_parsed_is_named_with_the_line_and_without_its_values() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text, place) in [
        ("a.json", "{\n  \"api_key\": \"sk-1\",\n  \"b\": sk-1\n}", "JSON at line 3, column 8"),
        ("a.toml", "a = 1\napi_key = \"sk-1\" sk-1\n", "TOML at line 2, column 18"),
        ("a.yaml", "a: 1\napi_key: \"sk-1\" sk-1\n", "YAML at line 2, column 17"),
        ("twice.json", "{\"a\": 1,\n \"a\": \"sk-1\"}", "JSON at line 2, column 13"),
        ("twice.toml", "a = 1\na = \"sk-1\"", "TOML at line 2, column 1"),
        ("twice.yaml", "a: 1\na: \"sk-1\"", "YAML at line 2, column 1"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let error = Config::from_file(&path).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.to_string(), format!("`{}` cannot be read as {place}", path.display()), "{:?}", error.chain());
        let shown = format!("{:?} {error:?}", error.chain());
        assert!(!error.chain().is_empty() && !shown.contains("sk-"), "{shown}");
    }
}

#[test]
fn only_tables_are_configs() {
    for (read, wanted) in [
        (Config::from_json("[1]"), "the config must be a JSON object; write `{\"key\": value}`"),
        (Config::from_json("null"), "the config must be a JSON object; write `{\"key\": value}`"),
        (Config::from_yaml("- a\n- b\n"), "the config must be a YAML mapping; write `key: value`"),
        (Config::from_yaml("just text"), "the config must be a YAML mapping; write `key: value`"),
    ] {
        assert_eq!(read.err().unwrap().to_string(), wanted);
    }
    for empty in [
        Config::from_json("{}"),
        Config::from_toml("# nothing\n"),
        Config::from_yaml("# nothing\n"),
        Config::from_yaml(""),
    ] {
        assert!(empty.unwrap().is_empty());
    }
}

#[test]
fn what_json_has_no_value_for_is_refused_by_the_field() {
    #[derive(Debug, PluginConfig)]
    struct Speed {
        #[expect(dead_code, reason = "it is always refused")]
        speed: Option<f64>,
    }
    for (config, shown) in [
        (Config::from_toml("speed = nan"), "NaN"),
        (Config::from_toml("speed = -inf"), "-inf"),
        (Config::from_toml("speed = 1979-05-27"), "1979-05-27"),
        (Config::from_yaml("speed: .nan"), ".nan"),
        (Config::from_yaml("speed: -.inf"), "-.inf"),
        (Config::from_yaml("speed: no"), "no"),
    ] {
        let error = Speed::from_config(&config.unwrap()).err().unwrap();
        assert_eq!(error.to_string(), format!("`speed` must be a number, but is the text `{shown}`"));
    }
}

#[test]
fn yaml_bombs_are_refused() {
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (name, before) in ('b'..='j').zip('a'..='i') {
        let list = vec![format!("*{before}"); 10].join(", ");
        bomb.push_str(&format!("{name}: &{name} [{list}]\n"));
    }
    assert_eq!(Config::from_yaml(&bomb).err().map(|error| error.kind()), Some(ErrorKind::Config));
}
