//! `lk-go plugin check` of plugins in files.

use std::process::{Command, Output};

use serde_json::Value;

use super::Folder;
use super::build::{self, fixture};

fn check(folder: Option<&Folder>, arguments: &[&str]) -> Output {
    let home = tempfile::TempDir::new().unwrap();
    let mut lk_go = Command::new(build::lk_go());
    lk_go.args(["plugin", "check"]).args(arguments).env("XDG_CACHE_HOME", home.path()).env_remove("LK_PLUGIN_PATH");
    if let Some(folder) = folder {
        lk_go.env("LK_PLUGIN_PATH", folder.0.path());
    }
    lk_go.output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    })
}

#[test]
fn a_file_is_checked_as_its_source_would_be() {
    // Its `vad/fake` and the others have the names of what is linked.
    for file in [build::example(), fixture("wraps-fake")] {
        let checked = check(None, &[file.to_str().unwrap(), "--format", "json"]);
        assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stdout));
        let plugins = json(&checked)["plugins"].as_array().unwrap().clone();
        assert!(!plugins.is_empty());
        for plugin in plugins {
            assert_eq!((&plugin["status"], &plugin["source"]), (&"passed".into(), &file.to_str().unwrap().into()));
        }
    }
    let program = check(None, &[build::lk_go().to_str().unwrap()]);
    assert_eq!(program.status.code(), Some(7));
    assert!(String::from_utf8_lossy(&program.stderr).contains("is a program, not a shared object"));
}

#[test]
fn findings_have_their_reason_and_their_exit_code() {
    let folder = Folder::of(&[&fixture("all-kinds")]);
    let checked = check(Some(&folder), &["llm/any", "--format", "json"]);
    assert_eq!(checked.status.code(), Some(1), "{}", String::from_utf8_lossy(&checked.stdout));
    let document = json(&checked);
    let plugin = &document["plugins"][0];
    assert_eq!((&plugin["plugin"], &plugin["status"]), (&"llm/any".into(), &"findings".into()));
    let bare = plugin["checks"].as_array().unwrap().iter().find(|check| check["name"] == "is-described").unwrap();
    assert_eq!((&bare["verdict"], &bare["detail"]), (&"finding".into(), &"it has no description".into()));
    let text = String::from_utf8(check(Some(&folder), &["llm/any"]).stdout).unwrap();
    assert!(text.contains("\nllm/any  is-described          it has no description (the rule: "), "{text}");
}
