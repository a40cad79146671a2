//! Check 13: a helper process loads the file first, so that one whose constructors abort, crash, exit or hang takes that
//! process with it and not this one.
//!
//! The helper is an executable that calls [`probe_main`] first in its `main`: this program itself, when it does, or one
//! that is named. It gets the file as its standard input (the same bytes, whatever happens to the name), answers on its
//! standard output and ends. Its exit code alone proves nothing, because a constructor can call `exit(0)`: the answer has
//! a random mark that only comes after everything was loaded.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process_group, set_parent_process_death_signal, setrlimit};
use serde::{Deserialize, Serialize};

use super::candidate::{Candidate, OpenCandidate};
use super::check::Check;
use super::lock::sha256;
use super::open::{OpenModule, Unopened};
use super::report::Fault;

/// How long a file may take to load.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The most that is read of a helper's answer: constructors may print.
const MAX_ANSWER: u64 = 1 << 20;

/// The first argument of a helper.
const COMMAND: &str = "__lk-plugin-probe";

/// What to do when the file and what is in memory are two things.
pub(super) const REBUILD: &str = "build it again from one source, with one version of lk-plugin";

/// Whether this program's own executable is a helper.
static IS_HELPER: AtomicBool = AtomicBool::new(false);

/// Who probes files.
#[derive(Debug, Clone, Default)]
pub(super) enum Helper {
    /// This program itself, if it can.
    #[default]
    Own,
    /// The executable of that name.
    Named(PathBuf),
    /// Nobody.
    None,
}

/// Whether a file was loaded by a helper process before it was loaded here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Probe {
    /// It was, just now.
    Done,
    /// It was at some time: the same bytes, by the same version.
    Cached,
    /// It was not: there is no helper. See [`probe_main`](super::probe_main).
    NotProbed,
}

/// Makes this program its own helper: call it first in `main`, before anything that has an effect.
///
/// [`Registry::load_path`](crate::Registry::load_path) then starts the program's executable again for each file that it
/// has to probe; in that process this function loads the file, answers and does not return. In every other process it
/// returns at once.
pub fn probe_main() {
    IS_HELPER.store(true, Ordering::Relaxed);
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() == Some(OsStr::new(COMMAND)) {
        let (mark, symbol) = (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
        let good = answer(&mark.to_string_lossy(), &symbol.to_string_lossy());
        // Also runs the file's destructors, which would run at this program's end too.
        std::process::exit(i32::from(!good));
    }
}

/// What a helper says.
#[derive(Serialize, Deserialize)]
enum Answer {
    /// The ABI, and kind and name of each plugin in memory.
    Loaded { abi: [u32; 2], plugins: Vec<(String, String)> },
    /// What the system's loader said.
    NotLoaded(String),
    /// What is wrong with what was loaded.
    Nonsense(String),
}

fn answer(mark: &str, symbol: &str) -> bool {
    // Of 1 byte, since a limit of 0 does not hold for core dumps that go to a program.
    let none = Rlimit { current: Some(1), maximum: Some(1) };
    let _ = setrlimit(Resource::Core, none);
    end_with_host();
    let file = io::stdin().as_fd().try_clone_to_owned();
    let answer =
        match file.map_err(|error| Unopened::System(error.to_string())).and_then(|file| OpenModule::open(file, symbol))
        {
            Ok(module) => Answer::Loaded {
                abi: module.abi(),
                plugins: module.plugins().map(|(kind, name)| (kind.as_str().to_owned(), name.to_owned())).collect(),
            },
            Err(Unopened::System(reason)) => Answer::NotLoaded(reason),
            Err(Unopened::Module(reason)) => Answer::Nonsense(reason),
        };
    let text = serde_json::to_string(&answer).unwrap_or_default();
    let mut stdout = io::stdout().lock();
    // A line of its own, whatever the file's constructors printed.
    writeln!(stdout, "\n{mark} {text}").and_then(|()| stdout.flush()).is_ok()
}

/// Has this process end with the one that started it: a constructor that hangs would keep it for ever.
fn end_with_host() {
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    // That one may be gone already; then nobody is left to read the answer.
    let stdout = io::stdout();
    let mut answer = [PollFd::new(&stdout, PollFlags::OUT)];
    if poll(&mut answer, Some(&Timespec::default())).is_ok() && answer[0].revents().contains(PollFlags::ERR) {
        std::process::exit(1);
    }
}

impl Helper {
    /// Has the file loaded by a helper, unless that was done before.
    pub(super) fn probe(&self, open: &OpenCandidate, cache: Option<&Path>) -> Result<Probe, Fault> {
        let helper = match self {
            Self::Named(path) => path.clone(),
            Self::Own if IS_HELPER.load(Ordering::Relaxed) => PathBuf::from("/proc/self/exe"),
            Self::Own | Self::None => return Ok(Probe::NotProbed),
        };
        let entry = cache.and_then(|cache| Some(cache.join(cache_name(&open.file)?)));
        if entry.as_ref().is_some_and(|entry| entry.exists()) {
            return Ok(Probe::Cached);
        }
        run(&helper, open)?;
        if let Some(entry) = entry {
            // Who cannot remember probes again.
            let _ = remember(&entry);
        }
        Ok(Probe::Done)
    }
}

/// What stands for these bytes, probed by this version.
fn cache_name(file: &File) -> Option<String> {
    let hash: String = sha256(file).ok()?.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{hash}-{}", env!("CARGO_PKG_VERSION")))
}

fn remember(entry: &Path) -> io::Result<()> {
    if let Some(folder) = entry.parent() {
        std::fs::create_dir_all(folder)?;
    }
    File::create_new(entry).map(drop)
}

fn run(helper: &Path, open: &OpenCandidate) -> Result<(), Fault> {
    let candidate = &open.candidate;
    let cannot = |what: &str, error: io::Error| {
        bad(
            format!("could not be probed: {what} (`{}`): {error}", helper.display()),
            "look at the helper, or name another",
        )
    };
    let mark: String = std::iter::repeat_with(fastrand::alphanumeric).take(16).collect();
    let file = open.file.try_clone().map_err(|error| cannot("its descriptor could not be copied", error))?;
    let child = Command::new(helper)
        .args([COMMAND, &mark, &candidate.module().symbol])
        .stdin(Stdio::from(file))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Its own group, so that what the file starts ends with it.
        .process_group(0)
        .spawn()
        .map_err(|error| cannot("the helper did not start", error))?;
    let (answer, status) = watch(child);
    let loaded = answer.lines().rev().find_map(|line| line.strip_prefix(&mark)).map(serde_json::from_str::<Answer>);
    match (loaded, status) {
        (Some(Ok(Answer::NotLoaded(reason))), _) => Err(cannot_be_loaded(Check::Probe, &reason, candidate)),
        (Some(Ok(Answer::Nonsense(reason))), _) => Err(bad(reason, REBUILD)),
        (Some(Ok(Answer::Loaded { abi, plugins })), Some(status)) if status.success() => {
            compare(candidate, abi, plugins.iter().map(|(kind, name)| (kind.as_str(), name.as_str())))
                .map_err(|reason| bad(reason, REBUILD))
        }
        (_, None) => Err(bad(
            format!("was not loaded within {} s in a helper process", TIMEOUT.as_secs()),
            "look at what its constructors, and those of its libraries, do",
        )),
        (Some(_), Some(status)) => Err(bad(
            format!("was loaded by a helper process, which then {}", ended(status)),
            "look at what its destructors, and those of its libraries, do",
        )),
        (None, Some(status)) => Err(bad(
            format!("was not loaded by a helper process, which {} first", ended(status)),
            "look at what its constructors, and those of its libraries, do; if it is the helper, have it call \
             `lk_plugin::dynamic::probe_main()` first in its `main`",
        )),
    }
}

/// The system's loader said no.
pub(super) fn cannot_be_loaded(check: Check, reason: &str, candidate: &Candidate) -> Fault {
    let remedy = if candidate.uses_origin() {
        "`$ORIGIN` leads nowhere here, because files are opened by descriptor; link with absolute library paths"
    } else {
        "install what it needs, or build it again on this machine"
    };
    Fault::new(check, format!("cannot be loaded: {reason}"), remedy)
}

/// Whether the plugins in memory are those of the notes.
pub(super) fn compare<'p>(
    candidate: &Candidate,
    abi: [u32; 2],
    plugins: impl Iterator<Item = (&'p str, &'p str)>,
) -> Result<(), String> {
    let name = |(kind, name): (&str, &str)| format!("`{kind}/{name}`");
    let mut in_memory: Vec<String> = plugins.map(name).collect();
    let mut in_notes: Vec<String> =
        candidate.plugins().iter().map(|plugin| name((&plugin.kind, &plugin.name))).collect();
    in_memory.sort_unstable();
    in_notes.sort_unstable();
    if in_memory != in_notes {
        let list = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        return Err(format!("exports {} in memory, but {} in its notes", list(&in_memory), list(&in_notes)));
    }
    let noted = candidate.module().abi;
    if abi != noted {
        return Err(format!(
            "has the layout {}.{} in memory, but {}.{} in its notes",
            abi[0], abi[1], noted[0], noted[1]
        ));
    }
    Ok(())
}

/// What the helper printed, and how it ended; `None` when it had to be killed.
fn watch(mut child: Child) -> (String, Option<ExitStatus>) {
    let deadline = Instant::now() + TIMEOUT;
    let (sender, receiver) = mpsc::channel();
    let stdout = child.stdout.take();
    // It ends with the pipe: at the latest when the whole group is killed.
    let reading = thread::Builder::new().name("lk-plugin-probe".to_owned()).spawn(move || {
        let mut answer = Vec::new();
        if let Some(stdout) = stdout {
            let _ = stdout.take(MAX_ANSWER).read_to_end(&mut answer);
        }
        let _ = sender.send(answer);
    });
    let answer = match reading {
        Ok(_) => receiver.recv_timeout(TIMEOUT).unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    let mut status = None;
    let mut pause = Duration::from_micros(50);
    while status.is_none() && Instant::now() < deadline {
        status = child.try_wait().ok().flatten();
        if status.is_none() {
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // Also what it started and left behind.
        let _ = kill_process_group(group, Signal::KILL);
    }
    if status.is_none() {
        // It may have left its group.
        let _ = child.kill();
        let _ = child.wait();
    }
    (String::from_utf8_lossy(&answer).into_owned(), status)
}

fn ended(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("was killed by signal {signal}"),
        (None, Some(code)) => format!("ended with exit code {code}"),
        (None, None) => "ended".to_owned(),
    }
}

fn bad(reason: impl Into<String>, remedy: &str) -> Fault {
    Fault::new(Check::Probe, reason, remedy)
}
