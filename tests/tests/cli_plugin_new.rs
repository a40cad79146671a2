//! `lk-go plugin new` from outside: what it writes builds and passes its own tests, and it writes over nothing.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Output;

use integration_tests::cargo::{cargo, target};
use integration_tests::program::{assert_refused, lk_go, stderr, stdout};
use tempfile::TempDir;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn new(folder: &Path, arguments: &[&str]) -> Result<Output> {
    Ok(lk_go()?.current_dir(folder).args(["plugin", "new"]).args(arguments).output()?)
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

#[test]
fn what_is_written_builds_and_passes_everything_at_once() -> Result {
    let workspace = TempDir::new()?;
    let folder = workspace.path();
    // One of each kind; names that are words of Rust, begin with a digit, or are long; and one that is also a file.
    let crates = [
        ("my-ears", "stt", "my-ears", &[][..]),
        ("a-voice-with-rather-a-long-name", "tts", "a-voice-with-rather-a-long-name", &[]),
        ("fn", "llm", "plugins/fn", &["--path", "plugins/fn"]),
        ("3", "vad", "3", &[]),
        ("gate", "vad", "gate", &["--dynamic", "--framework", REPOSITORY]),
    ];
    for (name, kind, path, more) in crates {
        let written = new(folder, &[&[name, "--kind", kind][..], more].concat())?;
        assert_eq!((written.status.code(), stderr(&written)), (Some(0), String::new()));
        let next = format!("wrote the plugin `{kind}/{name}` into `{path}`:\n    .github/workflows/ci.yml\n");
        assert!(stdout(&written).starts_with(&next), "{}", stdout(&written));
        assert!(stdout(&written).ends_with(&format!("next:\n    cd {path}\n    cargo test\n")), "{}", stdout(&written));
        assert_eq!(names(&folder.join(path))?, [".github", ".gitignore", "Cargo.toml", "README.md", "src", "tests"]);
        // The file below is checked so; what is linked, in the test of `lk-go build`.
        let readme = fs::read_to_string(folder.join(path).join("README.md"))?;
        assert!(readme.contains(&format!("\ntarget/lk-go plugin check {kind}/{name}\n")), "{readme}");
        let of_file = readme.contains(&format!("\nlk-go plugin check target/release/lib{name}.so\n"));
        assert_eq!(of_file, more.contains(&"--dynamic"), "{readme}");
    }
    // All in one workspace: what they share is built once, and with the versions that are at hand.
    let paths = crates.map(|(_, _, path, _)| path);
    let members = format!("[workspace]\nresolver = \"3\"\nmembers = {paths:?}\n");
    fs::write(folder.join("Cargo.toml"), members)?;
    fs::copy(format!("{REPOSITORY}/Cargo.lock"), folder.join("Cargo.lock"))?;
    for command in [
        &["fmt", "--all", "--check"][..],
        &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
        &["test", "--workspace"],
        &["build", "--package", "gate"],
    ] {
        let done = cargo()?.args(command).current_dir(folder).output()?;
        assert!(done.status.success(), "{command:?}\n{}{}", stdout(&done), stderr(&done));
        if command[0] == "test" {
            let passed = stdout(&done).matches("test it_keeps_the_contract ... ok").count();
            assert_eq!(passed, crates.len(), "{}", stdout(&done));
        }
    }
    #[cfg(target_os = "linux")]
    {
        let file = target()?.join("debug/libgate.so");
        let listed = lk_go()?.args(["plugin", "list"]).arg(&file).output()?;
        assert!(stdout(&listed).contains("Hears speech where it is loud"), "{}{}", stdout(&listed), stderr(&listed));
        let checked = lk_go()?.args(["plugin", "check"]).arg(file).output()?;
        let passed = stdout(&checked).contains("vad/gate") && stdout(&checked).contains("  passed\n");
        assert!(passed && checked.status.success(), "{}{}", stdout(&checked), stderr(&checked));
    }
    Ok(())
}

#[test]
fn nothing_is_overwritten_and_nothing_is_left() -> Result {
    let folder = TempDir::new()?;
    let path = folder.path();
    fs::create_dir(path.join("taken"))?;
    fs::write(path.join("taken/notes"), "mine")?;
    fs::write(path.join("file"), "mine")?;
    for (arguments, code, message) in [
        (
            &["taken", "--kind", "stt"][..],
            4,
            "`taken` is a folder with something in it; name another one with `--path`",
        ),
        (&["ears", "--kind", "stt", "--path", "file"], 4, "`file` is in the way"),
        (&["ears", "--kind", "stt", "--path", "file/ears"], 4, "`file/ears` is in the way"),
        (&["My_Ears", "--kind", "stt"], 2, "`My_Ears` is not a plugin name; use lower-case letters and digits"),
        (&["ears", "--kind", "sst"], 5, "did you mean `stt`?"),
        (&["ears", "--kind", "stt", "--framework", "nowhere"], 4, "`nowhere` is not there; give the folder of a clone"),
        (&["ears", "--kind", "stt", "--framework", "taken"], 4, "`taken` has no framework in it"),
        (&["ears"], 2, "`--kind <KIND>` is missing"),
    ] {
        assert_refused(&new(path, arguments)?, code, message);
    }
    assert_eq!(names(path)?, ["file", "taken"]);
    assert_eq!(names(&path.join("taken"))?, ["notes"]);
    Ok(())
}

#[test]
fn an_empty_folder_is_filled_also_the_one_where_the_user_is() -> Result {
    let folder = TempDir::new()?;
    let written = new(folder.path(), &["ears", "--kind", "stt", "--path", "."])?;
    assert_eq!(written.status.code(), Some(0), "{}", stderr(&written));
    assert_eq!(names(folder.path())?, [".github", ".gitignore", "Cargo.toml", "README.md", "src", "tests"]);
    Ok(())
}

#[test]
fn the_framework_may_come_from_anywhere_and_a_workspace_around_is_no_trouble() -> Result {
    let folder = TempDir::new()?;
    let path = folder.path();
    fs::write(path.join("Cargo.toml"), "[workspace]\nmembers = [\"member\"]\n")?;
    let written = new(path, &["ears", "--kind", "stt", "--framework", "https://example.org/lk-plugin.git#v1"])?;
    assert_eq!(written.status.code(), Some(0), "{}", stderr(&written));
    let manifest = fs::read_to_string(path.join("ears/Cargo.toml"))?;
    let dependency = r#"lk-plugin = { git = "https://example.org/lk-plugin.git", rev = "v1" }"#;
    assert!(manifest.contains(dependency) && manifest.contains("\n[workspace]\n"), "{manifest}");
    let written = new(path, &["member", "--kind", "stt", "--framework", "0.1"])?;
    assert_eq!(written.status.code(), Some(0), "{}", stderr(&written));
    let manifest = fs::read_to_string(path.join("member/Cargo.toml"))?;
    assert!(manifest.contains(r#"lk-plugin = { version = "0.1" }"#) && !manifest.contains("[workspace]"), "{manifest}");
    Ok(())
}

#[test]
fn a_name_that_is_linked_already_is_pointed_out() -> Result {
    let folder = TempDir::new()?;
    let written = new(folder.path(), &["fake", "--kind", "stt"])?;
    assert_eq!(written.status.code(), Some(0));
    assert!(stderr(&written).contains("this lk-go has a `stt/fake` already"), "{}", stderr(&written));
    Ok(())
}
