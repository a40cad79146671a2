//! `lk-go plugin list` and `plugin lock` with plugins in files.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use integration_tests::program::{binary, stderr, stdout};
use integration_tests::shared_object::{SharedObject, module_note};
use serde_json::Value;

use crate::{folder, good, target, write};

fn lk_go() -> Command {
    let mut command = Command::new(binary().unwrap());
    command.env("NO_COLOR", "1");
    ["LK_PLUGIN_PATH", "LK_PLUGIN_STRICT", "LK_PLUGIN_INSECURE"].iter().for_each(|name| {
        command.env_remove(name);
    });
    command
}

fn list(path: impl AsRef<OsStr>, arguments: &[&str]) -> Output {
    lk_go().env("LK_PLUGIN_PATH", path).args(["plugin", "list"]).args(arguments).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The first words of each line.
fn rows(text: &str, words: usize) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().take(words).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn plugins_on_the_search_path_are_listed_with_their_file() {
    let folder = folder();
    let file = write(&folder, "energy.so", SharedObject::new(target(), &["energy", "quiet"]).bytes());
    let output = list(folder.path(), &["--kind", "vad"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    let source = file.display();
    let expected = [
        "KIND NAME VERSION PACKAGE SOURCE".to_owned(),
        format!("vad energy 0.1.0 fixture {source}"),
        "vad fake 0.1.0 lk-plugins static".to_owned(),
        format!("vad quiet 0.1.0 fixture {source}"),
        "vad silero 0.1.0 lk-plugins static".to_owned(),
    ];
    assert_eq!(rows(&stdout(&output), 5), expected);
    let document = json(&list(folder.path(), &["--format", "json"]));
    assert_eq!(document["refused"], Value::Array(Vec::new()));
    assert_eq!(document["files"][0]["module"]["exports"][0], "fixture");
    let energy = document["plugins"].as_array().unwrap().iter().find(|plugin| plugin["name"] == "energy").unwrap();
    assert_eq!((&energy["source"], &energy["origin"]), (&file.to_str().unwrap().into(), &"src/lib.rs:7".into()));
    assert_eq!(energy["schema"]["additionalProperties"], false);
}

#[test]
fn a_package_that_is_exported_for_nothing_is_told() {
    let folder = folder();
    let note = module_note(target(), r#""wrapper","fixture","my_stt""#)
        .replace("\"package\":\"fixture", "\"package\":\"wrapper");
    let file = write(&folder, "energy.so", good("energy").with_module(&[note]).bytes());
    let told =
        format!("warning: `{}` exports the plugins of `my_stt`, and none is in it; write the package", file.display());
    let named = lk_go().args(["plugin", "list"]).arg(&file).output().unwrap();
    // The wrapper's own package need not have any.
    for output in [named, list(folder.path(), &[])] {
        assert_eq!(output.status.code(), Some(0));
        assert!(stdout(&output).contains("energy") && stderr(&output).starts_with(&told), "{}", stderr(&output));
        assert_eq!(stderr(&output).matches("warning").count(), 1);
    }
}

#[test]
fn refused_files_stand_below_the_table_and_are_fatal_when_asked() {
    let folder = folder();
    let text = write(&folder, OsStr::from_bytes(b"\xff\x1b[31m.so"), "text");
    let twin = write(&folder, "twin.so", SharedObject::new(target(), &["silero"]).bytes());
    let path = format!("plugins:{}", folder.path().display());
    let output = list(&path, &[]);
    let printed = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let (table, refused) = printed.split_once("\n\n").unwrap();
    assert!(table.lines().count() >= 6 && !table.contains("twin.so"), "{table}");
    let rows = rows(refused, 3);
    assert_eq!(rows[0], "REFUSED CHECK REASON");
    assert_eq!(rows[1], "plugins 1 search-path");
    assert_eq!(rows[2], format!("{} 11 names", twin.display()));
    assert!(rows[3].ends_with("\u{fffd}\u{fffd}[31m.so 7 format"), "{rows:?}");
    assert!(refused.contains("this program itself (lk-plugins 0.1.0 at lk-plugins/src/silero"), "{refused}");

    let document = json(&list(&path, &["--format", "json"]));
    let checks: Vec<_> = document["refused"].as_array().unwrap().iter().map(|file| file["check"].clone()).collect();
    assert_eq!(checks, [1, 11, 7]);
    assert_eq!(document["refused"][1]["name"], "names");
    assert!(document["refused"][2]["remedy"].is_string());

    for (value, code) in [("1", 7), ("yes", 7), ("0", 0), ("", 0)] {
        let mut command = lk_go();
        command.env("LK_PLUGIN_PATH", &path).env("LK_PLUGIN_STRICT", value).args(["plugin", "list"]);
        let output = command.output().unwrap();
        assert_eq!((output.status.code(), stdout(&output)), (Some(code), printed.clone()), "{value}");
        assert_eq!(stderr(&output).contains("LK_PLUGIN_STRICT"), code == 7);
    }
    fs::remove_file(text).unwrap();
}

#[test]
fn insecure_is_said_with_a_one() {
    let folder = folder();
    let file = write(&folder, "energy.so", good("energy").bytes());
    fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
    for (value, listed) in [("1", true), ("yes", false), ("0", false)] {
        let mut command = lk_go();
        command.env("LK_PLUGIN_PATH", folder.path()).env("LK_PLUGIN_INSECURE", value).args(["plugin", "list"]);
        let printed = stdout(&command.output().unwrap());
        assert_eq!(rows(&printed, 2).contains(&"vad energy".to_owned()), listed, "{printed}");
        assert_eq!(printed.contains("chmod go-w"), !listed);
    }
}

#[test]
fn files_are_listed_that_are_not_loaded() {
    let folder = folder();
    let mut other = good("energy");
    other.machine = 22; // s390
    let other = write(&folder, "other", other.bytes());
    let text = write(&folder, "text", "text");
    let good = lk_go().args(["plugin", "list"]).arg(binary().unwrap()).arg(&other).output().unwrap();
    assert_eq!((good.status.code(), stderr(&good)), (Some(0), String::new()));
    let printed = rows(&stdout(&good), 2);
    assert!(printed.contains(&"vad silero".to_owned()) && printed.contains(&"vad energy".to_owned()), "{printed:?}");
    let linked = json(&lk_go().args(["plugin", "list", "--format", "json"]).output().unwrap());
    let in_file = json(&lk_go().args(["plugin", "list", "--format", "json"]).arg(binary().unwrap()).output().unwrap());
    let mut plugins = in_file["plugins"].clone();
    plugins.as_array_mut().unwrap().iter_mut().for_each(|plugin| plugin["source"] = "static".into());
    assert_eq!(plugins, linked["plugins"]);

    let mixed = lk_go().args(["plugin", "list"]).args([&text, &other]).output().unwrap();
    assert_eq!(mixed.status.code(), Some(4));
    assert!(stdout(&mixed).contains("energy") && stdout(&mixed).contains("is not an ELF file"), "{}", stdout(&mixed));
    let speakers = lk_go().args(["plugin", "list", "/proc/self/exe", "--kind", "tts"]).output().unwrap();
    assert_eq!(speakers.status.code(), Some(0), "{}", stderr(&speakers));
    assert_eq!(rows(&stdout(&speakers), 2), ["KIND NAME", "tts fake", "tts fallback", "tts openai", "tts stream"]);
    let none = Path::new("/bin/sh");
    if none.exists() {
        let output = lk_go().args(["plugin", "list"]).arg(none).output().unwrap();
        assert_eq!((output.status.code(), stdout(&output)), (Some(0), String::new()));
        assert!(stderr(&output).contains("no plugin is in"), "{}", stderr(&output));
    }
}

#[test]
fn a_directory_is_locked_by_its_name_or_by_the_search_path() {
    let folder = folder();
    let file = write(&folder, "energy.so", good("energy").bytes());
    let locked = lk_go().args(["plugin", "lock"]).arg(folder.path()).output().unwrap();
    assert_eq!((locked.status.code(), stderr(&locked)), (Some(0), String::new()));
    assert!(stdout(&locked).contains(&format!("{} ", file.display())), "{}", stdout(&locked));
    fs::write(&file, good("changed").bytes()).unwrap();
    let refused = stdout(&list(folder.path(), &[]));
    assert!(refused.contains("6 lock") && refused.contains("run `lk-go plugin lock`"), "{refused}");
    let again = lk_go().env("LK_PLUGIN_PATH", folder.path()).args(["plugin", "lock"]).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
    assert!(stdout(&list(folder.path(), &[])).contains("vad   changed"));

    let bare = lk_go().args(["plugin", "lock"]).output().unwrap();
    assert_eq!(bare.status.code(), Some(2));
    assert!(stderr(&bare).contains("there is no directory to lock"), "{}", stderr(&bare));
    let missing = lk_go().args(["plugin", "lock", "/nothing/here"]).output().unwrap();
    assert_eq!((missing.status.code(), stdout(&missing)), (Some(7), String::new()));
    assert!(stderr(&missing).contains("`/nothing/here` is not there"), "{}", stderr(&missing));
}

#[test]
fn a_program_with_more_rights_than_its_caller_takes_nothing_from_the_environment() {
    const NOBODY: u32 = 65_534;
    let folder = folder();
    let file = write(&folder, "energy.so", good("energy").bytes());
    // Whether such programs get their rights here, is seen at one that shows them.
    let privileged = |program: &Path, name: &str| {
        let copy = folder.path().join(name);
        fs::copy(program, &copy).unwrap();
        fs::set_permissions(&copy, Permissions::from_mode(0o4755)).unwrap();
        let mut command = Command::new(copy);
        command.uid(NOBODY).env("NO_COLOR", "1");
        command
    };
    let shown = privileged(Path::new("/bin/cat"), "cat").arg("/proc/self/status").output();
    let has_rights = shown.is_ok_and(|output| stdout(&output).contains(&format!("Uid:\t{NOBODY}\t0\t")));
    if !has_rights {
        eprintln!("skipped: set-user-ID programs get no rights here, or this test is not run by root");
        return;
    }
    let mut command = privileged(binary().unwrap(), "lk-go");
    let output = command.env("LK_PLUGIN_PATH", folder.path()).args(["plugin", "list"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("`LK_PLUGIN_PATH` is not followed"), "{}", stderr(&output));
    assert!(stdout(&output).contains("silero") && !stdout(&output).contains("energy"), "{}", stdout(&output));
    // Nor for a file that is named.
    fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
    let mut command = privileged(binary().unwrap(), "lk-go");
    let output = command.env("LK_PLUGIN_INSECURE", "1").args(["plugin", "check"]).arg(&file).output().unwrap();
    assert!(stderr(&output).contains("can be written by everybody"), "{}", stderr(&output));
}
