//! What `lk-go` prints where: colours, locales, readers that go away, and what a person sees in a terminal.

use std::error::Error;
use std::process::{Command, Stdio};

use integration_tests::program::{binary, lk_go};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

#[cfg(target_os = "linux")]
mod interrupted;
#[cfg(unix)]
mod terminal;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/austen_16k.wav");

#[test]
fn a_locale_of_ascii_gets_ascii() -> Result {
    let printed = |arguments: &[&str], locale| -> Result<String> {
        let output = lk_go()?.args(arguments).env("LC_ALL", locale).output()?;
        Ok(String::from_utf8([output.stdout, output.stderr].concat())?)
    };
    let folder = tempfile::TempDir::new()?;
    let reply = folder.path().join("reply.wav");
    let reply = reply.to_str().ok_or("a path")?;
    let long = "long".repeat(100);
    for arguments in [&["vad", GOLDEN][..], &["run", "--in", GOLDEN, "--out", reply], &["plugin", "show", &long]] {
        assert!(!printed(arguments, "C.UTF-8")?.is_ascii(), "{arguments:?}");
        let text = printed(arguments, "C")?;
        assert!(text.is_ascii(), "{text}");
    }
    for help in [&["build", "--help"][..], &["plugin", "schema", "--help"]] {
        assert!(printed(help, "C")?.is_ascii(), "{help:?}");
    }
    Ok(())
}

#[test]
fn colours_are_as_they_are_asked_for() -> Result {
    let has_escapes = |arguments: &[&str], force: &str| -> Result<bool> {
        let output = lk_go()?.args(arguments).env_remove("NO_COLOR").env("CLICOLOR_FORCE", force).output()?;
        Ok([output.stdout, output.stderr].concat().contains(&0x1b))
    };
    for told in [&["plugin", "show", "sliero"][..], &["plugn"], &["plugin"], &["plugin", "list", "--help"]] {
        let with = |color| [told, &["--color", color]].concat();
        assert!(has_escapes(&with("always"), "0")? && has_escapes(told, "1")?, "{told:?}");
        assert!(!has_escapes(&with("never"), "1")? && !has_escapes(told, "0")?, "{told:?}");
    }
    Ok(())
}

#[test]
fn a_reader_that_goes_away_ends_nothing_badly() -> Result {
    for arguments in [
        &["plugin", "list"][..],
        &["plugin", "show", "stt/openai"],
        &["plugin", "schema", "--all"],
        &["plugin", "check", "vad/fake"],
        &["doctor"],
        &["vad", GOLDEN],
        &["llm", "--plugin", "fake", "hello"],
        &["help"],
    ] {
        let mut child =
            Command::new(binary()?).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        drop(child.stdout.take());
        let output = child.wait_with_output()?;
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*message), (Some(0), ""), "{arguments:?}");
    }
    Ok(())
}

/// What a script takes for the whole must be the whole.
#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error() -> Result {
    for arguments in [
        &["--help"][..],
        &["help", "build"],
        &["plugin", "show", "--help"],
        &["--version"],
        &["plugin", "list"],
        &["plugin", "schema", "--all"],
        &["doctor", "--format", "json"],
        &["run", "--print-config"],
        &["completions", "bash"],
        &["man"],
        &["llm", "--plugin", "fake", "hello"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full")?;
        let output = Command::new(binary()?)
            .args(arguments)
            .env("NO_COLOR", "1")
            .stdout(full)
            .stderr(Stdio::piped())
            .output()?;
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{arguments:?}: {message}");
        let wanted =
            "error: the result could not be written to standard output; look at where it goes\ncaused by: No space";
        assert!(message.starts_with(wanted), "{arguments:?}: {message}");
    }
    Ok(())
}

#[test]
fn every_command_has_a_man_page_and_completions() -> Result {
    let folder = tempfile::TempDir::new()?;
    let written = lk_go()?.arg("man").arg(folder.path().join("man1")).output()?;
    assert_eq!(written.status.code(), Some(0), "{}", String::from_utf8_lossy(&written.stderr));
    let page = std::fs::read_to_string(folder.path().join("man1/lk-go-plugin-list.1"))?;
    assert!(page.contains(".TH lk-go-plugin-list 1") && page.contains("LK_PLUGIN_PATH"), "{page}");
    let blocked = lk_go()?.args(["man", "/dev/null/man1"]).output()?;
    assert_eq!(blocked.status.code(), Some(4));
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = String::from_utf8(lk_go()?.args(["completions", shell]).output()?.stdout)?;
        for word in ["download-files", "doctor", "plugin"] {
            assert!(script.contains(word), "{shell} does not complete `{word}`");
        }
    }
    Ok(())
}
