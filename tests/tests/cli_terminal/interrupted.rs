//! What takes its time, in a real pseudo-terminal: how far it is, and Ctrl-C in the middle of it.

use std::fs;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use integration_tests::cargo::{cargo, endless_compiler, processes};
use integration_tests::model_files::{Machine, content, plain, rest};
use integration_tests::server::Server;
use vt100::Color;

use super::terminal::{CTRL_C, PATIENCE, Terminal};
use super::{GOLDEN, Result};

#[test]
fn a_download_is_seen_and_goes_on_after_ctrl_c() -> Result {
    for locale in ["C.UTF-8", "C"] {
        let server = Server::start([plain("200 OK", &content(), 30_000).hold(), rest(30_000)]);
        let machine = Machine::with_one_file(&server)?;
        let download = || {
            Terminal::start(100, &["plugin", "download-files"], |command| {
                for proxy in ["http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"] {
                    command.env_remove(proxy);
                }
                command.env("LC_ALL", locale).envs(machine.environment())
            })
        };
        let mut terminal = download()?;
        terminal.wait_for("29.30 KiB of 97.66 KiB")?;
        let progress = terminal.text();
        assert!(progress.starts_with("`model.bin` of vad/gate "), "{progress}");
        assert_eq!(progress.is_ascii(), locale == "C", "{progress}");
        terminal.press(CTRL_C)?;
        assert_eq!(terminal.end()?, 130, "{}", terminal.text());
        let text = terminal.text();
        assert!(text.contains("missing") && !text.contains("29.30 KiB of"), "{text}");
        assert!(text.contains("note: interrupted; what came so far is kept"), "{text}");
        assert_eq!(terminal.color_of("note:")?, Color::Idx(6));
        assert_eq!(fs::read(machine.part())?, content()[..30_000]);

        let mut terminal = download()?;
        assert_eq!(terminal.end()?, 0, "{}", terminal.text());
        assert!(terminal.text().contains("downloaded"), "{}", terminal.text());
        assert_eq!(server.requests()[1].header("range"), Some("bytes=30000-"));
        assert_eq!(
            (fs::read(machine.model("model.bin"))?, machine.names()?),
            (content(), vec!["model.bin".to_owned()])
        );
    }
    Ok(())
}

#[test]
fn a_download_that_fails_is_told_in_red_and_the_bar_is_gone() -> Result {
    let server = Server::start([]);
    let machine = Machine::with_one_file(&server)?;
    let mut terminal =
        Terminal::start(100, &["plugin", "download-files"], |command| command.envs(machine.environment()))?;
    assert_eq!(terminal.end()?, 6, "{}", terminal.text());
    assert_eq!(terminal.color_of("error:")?, Color::Idx(1));
    let text = terminal.text();
    assert!(text.contains("failed  vad/gate") && !text.contains(" left"), "{text}");
    Ok(())
}

/// Waits until it is so.
fn wait_until(is_so: impl Fn() -> bool) -> Result {
    let start = Instant::now();
    while !is_so() {
        if start.elapsed() > PATIENCE {
            return Err("what should happen does not".into());
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Whether a process has ended, though perhaps nobody has taken notice of it.
fn has_ended(process: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{process}/stat"));
    state.ok().and_then(|state| state.rsplit(") ").next().map(|rest| rest.starts_with('Z'))).unwrap_or(true)
}

#[test]
fn ctrl_c_ends_a_build_and_all_that_it_started() -> Result {
    let folder = tempfile::TempDir::new()?;
    let (wrapper, running) = endless_compiler(folder.path())?;
    let (work, temporary) = (folder.path().join("work"), folder.path().join("temporary"));
    for path in [&work, &temporary] {
        fs::create_dir(path)?;
    }
    let energy_vad = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/energy-vad");
    let arguments = ["build", "--with", energy_vad, "--offline", "--profile", "dev", "-o", "mine"];
    let mut terminal = Terminal::start(100, &arguments, |command| {
        if let Ok(cargo) = cargo() {
            command.envs(cargo.get_envs().filter_map(|(name, value)| Some((name, value?))));
        }
        command.env("CARGO", env!("CARGO")).env("RUSTC_WRAPPER", &wrapper).env("TMPDIR", &temporary).current_dir(&work);
        // Nothing is built.
        command.env("CARGO_TARGET_DIR", folder.path().join("target"));
        // As where a person sits: under a CI Cargo shows no progress.
        command.env_remove("CI").env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "80")
    })?;
    // Cargo's own words and colours, as they are.
    terminal.wait_for("Compiling ")?;
    assert!(matches!(terminal.color_of("Compiling")?, Color::Idx(2 | 10)));
    terminal.wait_for("Building [")?;
    wait_until(|| processes(&running).is_ok_and(|processes| !processes.is_empty()))?;
    terminal.press(CTRL_C)?;
    assert_eq!(terminal.end()?, 130, "{}", terminal.text());
    let text = terminal.text();
    // Nothing of Cargo's bar is left behind it.
    let note = "note: interrupted before the build was complete; nothing was written";
    assert!(text.lines().any(|line| line == note), "{text}");
    assert!(!text.contains("Building [") && !text.contains("error:"), "{text}");
    let processes = processes(&running)?;
    wait_until(|| processes.iter().all(|process| has_ended(process)))?;
    assert_eq!(fs::read_dir(&work)?.count(), 0);
    for left in fs::read_dir(&temporary)? {
        let name = left?.file_name();
        assert!(!name.to_string_lossy().starts_with("lk-go-build-"), "{name:?}");
    }
    Ok(())
}

#[test]
fn checks_are_seen_and_ctrl_c_ends_them() -> Result {
    // It takes connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let base_url = format!("base_url=http://{}/v1", silent.local_addr()?);
    let mut terminal =
        Terminal::run(100, &["plugin", "check", "llm/openai", "--set", &base_url, "--set", "api_key=none"])?;
    let connection = silent.accept()?;
    terminal.wait_for("checking llm/openai")?;
    terminal.press(CTRL_C)?;
    assert_eq!(terminal.end()?, 130, "{}", terminal.text());
    let text = terminal.text();
    assert!(text.contains("not checked: interrupted") && !text.contains("checking llm"), "{text}");
    drop(connection);
    Ok(())
}

#[test]
fn ctrl_c_ends_a_conversation_and_its_answers_are_whole() -> Result {
    let folder = tempfile::TempDir::new()?;
    let reply = folder.path().join("reply.wav");
    let arguments = ["run", "--in", GOLDEN, "--realtime", "--out", reply.to_str().ok_or("a path")?];
    let mut terminal = Terminal::run(80, &arguments)?;
    terminal.wait_for("user   good morning")?;
    terminal.press(CTRL_C)?;
    assert_eq!(terminal.end()?, 130, "{}", terminal.text());
    assert!(terminal.text().contains("note: interrupted after "), "{}", terminal.text());
    assert!(hound::WavReader::open(&reply)?.duration() > 24_000);
    Ok(())
}
