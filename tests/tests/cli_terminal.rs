//! What `lk-go` prints where: colours, locales, and readers that go away.

use std::error::Error;
use std::process::{Command, Stdio};

use integration_tests::program::{binary, lk_go};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/austen_16k.wav");

#[test]
fn a_locale_of_ascii_gets_ascii() -> Result {
    let drawn = |locale| -> Result<String> {
        Ok(String::from_utf8(lk_go()?.args(["vad", GOLDEN]).env("LC_ALL", locale).output()?.stdout)?)
    };
    assert!(!drawn("C.UTF-8")?.is_ascii());
    assert!(drawn("C")?.is_ascii());
    Ok(())
}

#[test]
fn colours_are_as_they_are_asked_for() -> Result {
    let has_escapes = |arguments: &[&str], force: &str| -> Result<bool> {
        let output = lk_go()?.args(arguments).env_remove("NO_COLOR").env("CLICOLOR_FORCE", force).output()?;
        Ok(output.stderr.contains(&0x1b))
    };
    let wrong = ["plugin", "show", "sliero"];
    let with = |color| [&wrong[..], &["--color", color]].concat();
    assert!(has_escapes(&with("always"), "0")? && has_escapes(&wrong, "1")?);
    assert!(!has_escapes(&with("never"), "1")? && !has_escapes(&wrong, "0")?);
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
