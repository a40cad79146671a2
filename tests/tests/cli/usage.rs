//! Help, and command lines that are wrong.

use std::fs;

use integration_tests::program::{lk_go, stderr, stdout};
use tempfile::TempDir;

use crate::{GOLDEN, MONO_16_BIT, Result, assert_refused, vad, write};

#[test]
fn help_and_usage() -> Result {
    let bare = lk_go()?.output()?;
    assert_eq!(bare.status.code(), Some(2));
    assert!(stderr(&bare).contains("Usage: lk-go [OPTIONS] <COMMAND>"), "{}", stderr(&bare));
    for arguments in [&["--help"][..], &["plugin", "--help"], &["plugin", "list", "--help"], &["vad", "--help"]] {
        let help = lk_go()?.args(arguments).output()?;
        assert_eq!(help.status.code(), Some(0));
        for line in ["Exit codes:", "  5  not found", "130  interrupted"] {
            assert!(stdout(&help).contains(line), "{arguments:?}\n{}", stdout(&help));
        }
    }
    assert!(stdout(&lk_go()?.args(["vad", "--help"]).output()?).contains("lk-go vad recording.wav --set"));
    assert!(stdout(&lk_go()?.arg("--version").output()?).starts_with("lk-go "));
    for (arguments, words) in [
        (&["vads"][..], "did you mean `vad`?"),
        (&["vad"], "`<FILE.wav>` is missing"),
        (&["vad", GOLDEN, "--format", "xml"], "choose from `json`, `text`"),
        (&["plugin", "lock", "--kind"], "`--kind` does not belong here"),
    ] {
        assert_refused(&lk_go()?.args(arguments).output()?, 2, &[words]);
    }
    assert_eq!(lk_go()?.arg("plugin").output()?.status.code(), Some(2));
    Ok(())
}

#[test]
fn nothing_that_the_user_wrote_steers_the_terminal() -> Result {
    let evil = "a\u{1b}[31mb\nc\u{9b}d\u{7f}";
    let folder = TempDir::new()?;
    let path = folder.path().join(format!("{evil}.wav"));
    let name = "a\u{fffd}[31mb\u{fffd}c\u{fffd}d\u{fffd}.wav` ";
    assert_refused(&vad(&path, &[])?, 4, &[name, "is not there"]);
    fs::write(&path, "RIFF")?;
    assert_refused(&vad(&path, &[])?, 4, &[name, "ends inside its header"]);
    fs::write(&path, fs::read(write(&folder, "none.wav", MONO_16_BIT, [0_i16; 0])?)?)?;
    let warning = stderr(&vad(&path, &[])?);
    assert!(warning.contains(name) && warning.lines().count() == 1, "{warning:?}");
    for (arguments, code) in [
        (&["vad", GOLDEN, "--plugin", evil][..], 5),
        (&["vad", GOLDEN, "--set", &format!("{evil}=1")], 3),
        (&["vad", GOLDEN, "--set", &format!("activation_threshold={evil}")], 3),
        (&["plugin", "list", "--kind", evil], 5),
        (&["vad", GOLDEN, "--format", evil], 2),
        (&["vad", GOLDEN, evil], 2),
        (&["vad", GOLDEN, &format!("--{evil}")], 2),
        (&[evil], 2),
    ] {
        assert_refused(&lk_go()?.args(arguments).output()?, code, &["[31mb"]);
    }
    Ok(())
}

#[test]
fn a_setting_without_equals_sign_is_a_usage_error() -> Result {
    assert_refused(&vad(GOLDEN, &["--set", "threshold"])?, 2, &["`threshold` has no `=`"]);
    assert_refused(&vad(GOLDEN, &["--set", "=1"])?, 2, &["no key"]);
    Ok(())
}

#[test]
fn a_key_that_slipped_out_of_its_setting_is_not_shown() -> Result {
    let long = "s3cret".repeat(60) + "==";
    for (line, code) in [
        ("vad api_key=s3cret", 4),
        ("stt api_key=s3cret --plugin fake", 4),
        (&format!("vad x.wav --config api_key={long}"), 2),
        (&format!("run --in x.wav stt.api_key={long}"), 2),
        ("vad x.wav --set sk_s3cret", 2),
        ("vad x.wav --set api_key= s3cret", 2),
        ("vad x.wav --set api_key s3cret", 2),
        ("vad x.wav --set api_key:s3cret", 2),
        ("vad x.wav --config api_key=s3cret", 2),
        ("vad x.wav api_key=s3cret", 2),
        ("run --in x.wav api_key=s3cret", 2),
        ("llm --plugin fake --set api_key= s3cret", 2),
        ("plugin check stt/openai --set api_key= s3cret", 2),
        ("plugin show stt/openai --set api_key= s3cret", 2),
        ("plugin check stt/openai api_key=s3cret", 5),
    ] {
        let output = lk_go()?.args(line.split(' ')).output()?;
        assert_refused(&output, code, &[if line.contains("api_key") { "api_key" } else { "`sk_s…` has no" }]);
        assert!(!stderr(&output).contains("s3cret"), "{line}\n{}", stderr(&output));
    }
    let help = lk_go()?.args(["vad", "--set", "api_key=", "x.wav", "--help"]).output()?;
    assert!(stdout(&help).contains("Usage: lk-go vad"), "{}", stderr(&help));
    let empty = lk_go()?.args(["llm", "--plugin", "fake", "--set", "replies=", "--", "hi"]).output()?;
    assert_refused(&empty, 3, &["`replies` must have at least 1 item"]);
    Ok(())
}
