//! What a person sees: `lk-go` in a real pseudo-terminal.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::num::NonZero;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use integration_tests::program::binary;
use ptyprocess::{PtyProcess, WaitStatus};
use vt100::{Color, Parser};

use super::{GOLDEN, Result};

/// What Ctrl-C is on its way to a terminal.
pub(super) const CTRL_C: &[u8] = b"\x03";

/// How long something may take to be seen.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Enough to hold everything that is printed here.
const ROWS: u16 = 200;

/// A terminal with a program in it.
pub(super) struct Terminal {
    process: PtyProcess,
    keys: File,
    output: Receiver<Vec<u8>>,
    screen: Parser,
    columns: u16,
}

impl Terminal {
    pub(super) fn run(columns: u16, arguments: &[&str]) -> Result<Self> {
        Self::run_in("C.UTF-8", columns, arguments)
    }

    pub(super) fn run_in(locale: &str, columns: u16, arguments: &[&str]) -> Result<Self> {
        Self::start(columns, arguments, |command| command.env("LC_ALL", locale))
    }

    /// With what the function adds to the environment.
    pub(super) fn start(
        columns: u16,
        arguments: &[&str],
        with: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Result<Self> {
        let mut command = Command::new("sh");
        // Not before the terminal has its width.
        command.args(["-c", "read start; exec \"$0\" \"$@\""]).arg(binary()?).args(arguments);
        for variable in ["NO_COLOR", "CLICOLOR_FORCE", "OPENAI_API_KEY", "OPENAI_BASE_URL", "LK_PLUGIN_PATH"] {
            command.env_remove(variable);
        }
        with(command.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8"));
        let mut process = PtyProcess::spawn(command)?;
        process.set_echo(false, None)?;
        process.set_window_size(columns, ROWS)?;
        let mut source = process.get_raw_handle()?;
        let mut keys = process.get_raw_handle()?;
        let (sender, output) = channel();
        // Linux ends a terminal without a program with an error.
        thread::spawn(move || {
            let mut block = [0; 4096];
            while let Ok(length @ 1..) = source.read(&mut block) {
                if sender.send(block[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        keys.write_all(b"\n")?;
        let size = |length: u16| NonZero::new(length).ok_or("a terminal has a size");
        let screen = Parser::new(size(ROWS)?, size(columns)?, 0);
        Ok(Self { process, keys, output, screen, columns })
    }

    pub(super) fn press(&mut self, keys: &[u8]) -> Result {
        Ok(self.keys.write_all(keys)?)
    }

    pub(super) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until the screen has this.
    pub(super) fn wait_for(&mut self, text: &str) -> Result {
        while !self.text().contains(text) {
            let block = self
                .output
                .recv_timeout(PATIENCE)
                .map_err(|error| format!("`{text}` is not on the screen ({error}):\n{}", self.text()))?;
            self.screen.process(&block);
        }
        Ok(())
    }

    /// Waits for the program's end; its exit code.
    pub(super) fn end(&mut self) -> Result<i32> {
        while let Ok(block) = self.output.recv_timeout(PATIENCE) {
            self.screen.process(&block);
        }
        match self.process.wait()? {
            WaitStatus::Exited(_, code) => Ok(code),
            // As a shell says it.
            WaitStatus::Signaled(_, signal, _) => Ok(128 + signal as i32),
            other => Err(format!("{other:?}").into()),
        }
    }

    /// The colour of the first character of this text.
    pub(super) fn color_of(&self, text: &str) -> Result<Color> {
        for (row, line) in self.screen.screen().rows(0, self.columns).enumerate() {
            if let Some(column) = line.find(text) {
                let column = line[..column].chars().count();
                let cell = self.screen.screen().cell(row.try_into()?, column.try_into()?).ok_or("a cell")?;
                return Ok(cell.fgcolor());
            }
        }
        Err(format!("`{text}` is not on the screen:\n{}", self.text()).into())
    }
}

#[test]
fn every_command_fits_a_narrow_terminal() -> Result {
    let folder = tempfile::TempDir::new()?;
    let speech = folder.path().join("speech.wav");
    let speech = speech.to_str().ok_or("a path")?;
    let place = folder.path().to_str().ok_or("a path")?;
    let written = folder.path().join("my-ears");
    let written = written.to_str().ok_or("a path")?;
    let program = binary()?.to_str().ok_or("a path")?;
    for (arguments, seen) in [
        (&["plugin", "list"][..], "KIND  NAME"),
        #[cfg(target_os = "linux")]
        (&["plugin", "list", program], "llm   openai"),
        (&["plugin", "show", "vad/silero"], "Example config (TOML)"),
        (&["plugin", "schema", "vad/silero"], "\"title\": \"vad/silero\""),
        (&["plugin", "check", "vad/fake"], "passed"),
        #[cfg(target_os = "linux")]
        (&["plugin", "lock", place], "LOCKED"),
        (&["plugin", "new", "my-ears", "--kind", "stt", "--path", written], "cargo test"),
        (&["plugin", "download-files", "--dry-run"], "no plugin"),
        (&["doctor"], "no problems"),
        (&["completions", "bash"], "COMPREPLY"),
        (&["man"], ".SH SUBCOMMANDS"),
        (&["man", place], "wrote the man pages"),
        (&["help"], "Usage: lk-go"),
        (&["plugin", "--help"], "download-files"),
        (&["build", "--help"], "--framework"),
        (&["--version"], "lk-go 0.1.0"),
        (&["run", "--in", GOLDEN, "--out", speech], "answers          33"),
        (&["vad", GOLDEN], "real-time factor"),
        (&["llm", "--plugin", "fake", "hello"], "you said: hello"),
        (&["stt", GOLDEN, "--plugin", "fake"], "the quick brown fox"),
        (&["tts", "hello", "--plugin", "fake", "-o", speech], "speech.wav"),
    ] {
        let mut terminal = Terminal::run(60, arguments)?;
        let code = terminal.end()?;
        let text = terminal.text();
        assert_eq!(code, 0, "{arguments:?}\n{text}");
        assert!(text.contains(seen), "`{seen}` is not on the screen of {arguments:?}:\n{text}");
    }
    // The last column is wrapped, and nothing of it is lost.
    let mut terminal = Terminal::run(60, &["plugin", "list"])?;
    terminal.end()?;
    let words = terminal.text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("vad silero 0.1.0 lk-plugins static Detects speech"), "{words}");
    Ok(())
}

#[test]
fn mistakes_are_red_and_notes_are_not() -> Result {
    for (arguments, code) in [
        (&["plugin", "list", "--kind", "sst"][..], 5),
        (&["plugin", "show", "siler"], 5),
        (&["plugin", "schema", "siler"], 5),
        (&["plugin", "check", "vad/siler"], 5),
        (&["plugin", "lock", "/no/where"], 7),
        (&["plugin", "new", "ears", "--kind", "sst"], 5),
        (&["plugin", "download-files", "vad/siler"], 5),
        (&["plugin", "lst"], 2),
        (&["run", "/no/where.toml", "--in", GOLDEN], 4),
        (&["vad", "/no/where.wav"], 4),
        (&["llm", "hello"], 3),
        (&["stt", GOLDEN], 3),
        (&["tts", "hello", "-o", "/no/where.wav"], 3),
        (&["build", "--with", "./no/where"], 4),
        (&["doctor", "--format", "yaml"], 2),
        (&["completions", "cmd"], 2),
        (&["man", "/dev/null/man1"], 4),
    ] {
        let mut terminal = Terminal::run(80, arguments)?;
        let ended = terminal.end()?;
        assert_eq!(ended, code, "{arguments:?}\n{}", terminal.text());
        assert_eq!(terminal.color_of("error:")?, Color::Idx(1), "{arguments:?}");
        // The label alone.
        let text = terminal.text();
        let sentence = text.split_once("error: ").and_then(|(_, rest)| rest.split(' ').next()).ok_or("a sentence")?;
        assert_eq!(terminal.color_of(sentence)?, Color::Default, "{arguments:?}");
    }
    let mut plain = Terminal::run(80, &["plugin", "show", "siler", "--color", "never"])?;
    plain.end()?;
    assert_eq!(plain.color_of("error:")?, Color::Default);
    let folder = tempfile::TempDir::new()?;
    let written = folder.path().join("fake");
    let mut noted =
        Terminal::run(80, &["plugin", "new", "fake", "--kind", "stt", "--path", written.to_str().ok_or("a path")?])?;
    assert_eq!((noted.end()?, noted.color_of("note:")?), (0, Color::Idx(6)));
    Ok(())
}

#[test]
fn progress_is_seen_and_ctrl_c_ends_it() -> Result {
    progress_is_seen("C.UTF-8")?;
    progress_is_seen("C")
}

fn progress_is_seen(locale: &str) -> Result {
    let folder = tempfile::TempDir::new()?;
    let pipe = folder.path().join("speech.wav");
    assert!(Command::new("mkfifo").arg(&pipe).status()?.success());
    let mut terminal = Terminal::run_in(locale, 80, &["vad", pipe.to_str().ok_or("a path")?])?;
    let recording = fs::read(GOLDEN)?;
    let mut writer = fs::OpenOptions::new().write(true).open(&pipe)?;
    writer.write_all(&recording[..recording.len() / 2])?;
    terminal.wait_for(" %")?;
    let progress = terminal.text();
    assert_eq!(progress.is_ascii(), locale == "C", "{progress}");
    terminal.press(CTRL_C)?;
    assert_eq!(terminal.end()?, 130, "{}", terminal.text());
    drop(writer);
    let text = terminal.text();
    // What was found is printed, and the bar is gone.
    assert!(text.contains("note: interrupted after ") && text.contains("SEGMENT  START (s)"), "{text}");
    assert!(!text.contains(" left"), "{text}");
    Ok(())
}

#[test]
fn ctrl_c_ends_the_waiting_for_a_provider() -> Result {
    // It takes connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let base_url = format!("base_url=http://{}/v1", silent.local_addr()?);
    let folder = tempfile::TempDir::new()?;
    let speech = folder.path().join("speech.wav");
    let settings = ["--set", &base_url, "--set", "api_key=none"];
    for arguments in
        [&["llm", "hello"][..], &["stt", GOLDEN], &["tts", "hello", "-o", speech.to_str().ok_or("a path")?]]
    {
        let mut terminal = Terminal::run(80, &[arguments, &settings].concat())?;
        // Connected: from now on it waits.
        let connection = silent.accept()?;
        terminal.press(CTRL_C)?;
        let code = terminal.end()?;
        assert_eq!(code, 130, "{arguments:?}\n{}", terminal.text());
        assert!(!terminal.text().contains("panicked"), "{}", terminal.text());
        drop(connection);
    }
    assert!(!speech.exists());
    Ok(())
}
