//! Runs that end before they are done: readers that go away, full disks, Ctrl-C.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use integration_tests::program::{binary, stderr, stdout};
use tempfile::TempDir;

use crate::{GOLDEN, Result};

#[test]
fn a_reader_that_goes_away_is_no_error() -> Result {
    for arguments in [&["vad", GOLDEN, "--format", "json", "--events", "all"][..], &["plugin", "list"], &["--help"]] {
        let mut child =
            Command::new(binary()?).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        drop(child.stdout.take());
        let output = child.wait_with_output()?;
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()), "{arguments:?}");
    }
    Ok(())
}

/// A full disk, as Linux offers it.
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_an_error() -> Result {
    let full = fs::OpenOptions::new().write(true).open("/dev/full")?;
    let output = Command::new(binary()?).args(["plugin", "list"]).stdout(full).stderr(Stdio::piped()).output()?;
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains("could not be written"), "{}", stderr(&output));
    Ok(())
}

/// Ctrl-C while the pipe has nothing more to give: what was found is printed.
#[cfg(unix)]
#[test]
fn an_interrupt_prints_what_was_found() -> Result {
    let mut child = Command::new(binary()?)
        .args(["vad", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no input")?;
    // More than the pipe and the reader hold together: once it is written, most of it was used. The last sample never comes, so
    // that nothing but Ctrl-C ends the reading.
    let recording = fs::read(GOLDEN)?;
    input.write_all(&recording[..recording.len() - 2])?;
    Command::new("kill").args(["-INT", &child.id().to_string()]).status()?;
    let (mut found, mut message) = (String::new(), String::new());
    child.stdout.take().ok_or("no output")?.read_to_string(&mut found)?;
    child.stderr.take().ok_or("no output")?.read_to_string(&mut message)?;
    assert_eq!(child.wait()?.code(), Some(130), "{message}");
    // Kept open until here, so that it was not the end of the pipe that ended the reading.
    drop(input);
    assert!(message.starts_with("note: interrupted after ") && message.contains(" s of 32.230 s"), "{message}");
    assert!(found.lines().next().is_some_and(|line| line.contains("start_of_speech")), "{found}");
    Ok(())
}

/// Ctrl-C while a named pipe waits for its writer: the first one ends it.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_ends_the_wait_for_a_writer() -> Result {
    let folder = TempDir::new()?;
    let pipe = folder.path().join("pipe.wav");
    assert!(Command::new("mkfifo").arg(&pipe).status()?.success());
    let mut child =
        Command::new(binary()?).arg("vad").arg(&pipe).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // Ctrl-C is listened to before the thread starts that opens the pipe.
    let tasks = format!("/proc/{}/task", child.id());
    let waits = || {
        let mut names = fs::read_dir(&tasks)?.map(|task| fs::read_to_string(task?.path().join("comm")));
        std::io::Result::Ok(names.any(|name| name.is_ok_and(|name| name.trim() == "reader")))
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    while !waits()? && Instant::now() < deadline {
        assert_eq!(child.try_wait()?, None, "it did not wait");
        std::thread::yield_now();
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status()?;
    while child.try_wait()?.is_none() {
        if Instant::now() > deadline {
            child.kill()?;
        }
        std::thread::yield_now();
    }
    let output = child.wait_with_output()?;
    assert_eq!((output.status.code(), stdout(&output)), (Some(130), String::new()), "{}", stderr(&output));
    assert_eq!(stderr(&output), "note: interrupted before the recording was opened\n");
    Ok(())
}
