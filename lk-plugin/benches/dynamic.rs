//! A plugin in a `.so` against the same plugin linked in, in one run.
//!
//! ```text
//! cargo bench -p lk-plugin --features dynamic --bench dynamic
//! ```
//!
//! The plugin is `dynamic/plugin` beside this file: included here as a module, and built as a `cdylib` by this bench. The
//! two take turns of a few milliseconds, and the ratio is the median of the turns' ratios, so that a slow moment of the
//! machine does not decide.
//!
//! - `push, empty`: 512 samples to a listener that does nothing: what the boundary itself costs.
//! - `push, energy`: 512 samples whose energy is summed up, one sample after the other.
//! - `token`: a chunk of a chat that is not there yet: Pending, the waker is kept, wake, Ready.
//! - `token, by a driver`: the same from an async function that sends its events, as plugins that speak to a server do.
//! - `inspect`: what is in a file, opening included; nothing of it runs.
//! - `load`, `resident`: a whole file from its checks to its plugins in a registry, not probed (a probe is a process), and
//!   what the process grows by; each time another copy of the file.
//! - `load of a file with`: the same with more and more plugins in one file; beside it what inspecting it takes, and a
//!   registry of as many plugins that are there already.
//!
//! `cargo bench … | python3 lk-plugin/benches/curves.py FOLDER` draws the latter.

use std::fs;
use std::hint::black_box;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use futures_core::Stream;
use lk_plugin::dynamic::{LoadOptions, SearchPath};
use lk_plugin::{AudioFrameRef, ChatContext, ChatOptions, Config, Llm, Registry, Vad};

#[path = "dynamic/many.rs"]
mod many;
#[path = "dynamic/plugin/src/plugin.rs"]
mod plugin;

const TURN: Duration = Duration::from_millis(4);
const ROUNDS: usize = 151;

fn main() {
    // Cargo passes `--bench` to benches, and nothing to `cargo test --benches`, which only wants to see it build.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let file = plugin_file();
    let mut copies = Copies::new();
    let loaded = load(&copies.add(&file));
    let linked = Registry::linked().unwrap_or_else(|error| stop(&error.to_string()));

    say("| what | linked, ns | in a .so, ns | ratio | goal |\n|---|---:|---:|---:|---|");
    for (name, row, goal) in [("empty", "push, empty", "at most 10 ns"), ("energy", "push, energy", "at most 1.05")] {
        let mut streams = [&linked, &loaded].map(|registry| {
            let vad = registry.create::<dyn Vad>(name, &Config::new()).unwrap_or_else(|error| stop(&error.to_string()));
            vad.stream().unwrap_or_else(|error| stop(&error.to_string()))
        });
        let samples = [7_i16; 512];
        let mut events = Vec::with_capacity(64);
        compare(row, goal, &mut |which, count| {
            for _ in 0..count {
                if let Ok(frame) = AudioFrameRef::new(black_box(&samples), 16_000, 1) {
                    events.clear();
                    let _ = black_box(streams[which].push(frame, &mut events));
                }
            }
        });
    }
    let mut chats = [&linked, &loaded].map(|registry| {
        let llm = registry.create::<dyn Llm>("tokens", &Config::new()).unwrap_or_else(|error| stop(&error.to_string()));
        llm.chat(&ChatContext::new(), &ChatOptions::default()).unwrap_or_else(|error| stop(&error.to_string()))
    });
    compare("token", "at most 1.3", &mut |which, count| {
        // Counted, as the wakers of all executors are.
        let waker = Waker::from(Arc::new(Flag(AtomicBool::new(false))));
        let mut context = Context::from_waker(&waker);
        for _ in 0..count {
            let pending = Pin::new(&mut chats[which]).poll_next(&mut context);
            assert!(pending.is_pending());
            let ready = Pin::new(&mut chats[which]).poll_next(&mut context);
            assert!(matches!(black_box(ready), Poll::Ready(Some(Ok(_)))));
        }
    });

    let mut chats = [&linked, &loaded].map(|registry| {
        let llm = registry.create::<dyn Llm>("driven", &Config::new()).unwrap_or_else(|error| stop(&error.to_string()));
        llm.chat(&ChatContext::new(), &ChatOptions::default()).unwrap_or_else(|error| stop(&error.to_string()))
    });
    compare("token, by a driver", "", &mut |which, count| {
        let waker = Waker::from(Arc::new(Flag(AtomicBool::new(false))));
        let mut context = Context::from_waker(&waker);
        for _ in 0..count {
            let token = loop {
                if let Poll::Ready(token) = Pin::new(&mut chats[which]).poll_next(&mut context) {
                    break token;
                }
            };
            assert!(matches!(black_box(token), Some(Ok(_))));
        }
    });

    let mut times: Vec<f64> = (0..1001).map(|_| timed_inspection(&file)).collect();
    times.sort_by(f64::total_cmp);
    say(&format!("| inspect | | {:.0} | | at most 60000 |", times[times.len() / 2]));

    let folders: Vec<PathBuf> = (0..100).map(|_| copies.add(&file)).collect();
    let before = resident();
    let mut times: Vec<f64> = folders
        .iter()
        .map(|folder| {
            let start = Instant::now();
            std::mem::forget(load(folder));
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    let grown = resident().saturating_sub(before) / 100;
    let length = fs::metadata(&file).map_or(0, |metadata| metadata.len());
    say(&format!(
        "\nload, per file of {} KiB: {:.0} µs; resident: {grown} KiB more",
        length / 1024,
        median(&mut times)
    ));
    many::measure(&mut copies);
}

/// Copies of files, each in a folder of its own: a process loads a file once.
struct Copies {
    folder: tempfile::TempDir,
    count: usize,
}

impl Copies {
    fn new() -> Self {
        Self { folder: tempfile::TempDir::new().unwrap_or_else(|error| stop(&error.to_string())), count: 0 }
    }

    /// The folder of one more copy.
    fn add(&mut self, file: &Path) -> PathBuf {
        let folder = self.folder.path().join(format!("copy-{}", self.count));
        self.count += 1;
        let copy = folder.join("plugin.so");
        let copied = fs::create_dir(&folder)
            .and_then(|()| fs::copy(file, &copy))
            .and_then(|_| fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)));
        copied.unwrap_or_else(|error| stop(&error.to_string()));
        folder
    }
}

/// A registry with the plugins of the file in that folder.
fn load(folder: &Path) -> Registry {
    let registry = Registry::empty();
    let report = registry.load_path(&LoadOptions::new(SearchPath::new(folder)).without_probe());
    if let Some(refused) = report.refused.first() {
        stop(&refused.to_string());
    }
    registry
}

/// A task that is told to go on.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// Calls `run(0, count)` (linked) and `run(1, count)` (in a `.so`) in turns, and prints a row.
fn compare(row: &str, goal: &str, run: &mut dyn FnMut(usize, u32)) {
    let timed = |which: usize, count: u32, run: &mut dyn FnMut(usize, u32)| {
        let start = Instant::now();
        run(which, count);
        start.elapsed().as_secs_f64() * 1e9 / f64::from(count)
    };
    let one = timed(1, 10_000, run).max(1.0);
    let count = (TURN.as_nanos() as f64 / one) as u32;
    let (mut linked, mut loaded, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let times = [timed(0, count, run), timed(1, count, run)];
        linked.push(times[0]);
        loaded.push(times[1]);
        ratios.push(times[1] / times[0]);
    }
    let (linked, loaded, ratio) = (median(&mut linked), median(&mut loaded), median(&mut ratios));
    say(&format!("| {row} | {linked:.1} | {loaded:.1} | {ratio:.3} | {goal} |"));
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The plugin as a file.
fn plugin_file() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/dynamic/plugin");
    let read = |file| fs::read_to_string(here.join(file)).unwrap_or_else(|error| stop(&error.to_string()));
    let sources = [("lib.rs", read("src/lib.rs")), ("plugin.rs", read("src/plugin.rs"))];
    build("bench-plugin", &read("Cargo.toml"), &sources)
}

/// Builds a package as a file, with the profile of releases.
fn build(package: &str, manifest: &str, sources: &[(&str, String)]) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dynamic");
    let folder = target.join("sources").join(package);
    let manifest = manifest.replace("{core}", env!("CARGO_MANIFEST_DIR"));
    let written = fs::create_dir_all(folder.join("src")).and_then(|()| {
        write(&folder.join("Cargo.toml"), &manifest)?;
        sources.iter().try_for_each(|(file, text)| write(&folder.join("src").join(file), text))?;
        // The lock file of the workspace has all versions that are needed.
        fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"), folder.join("Cargo.lock"))
    });
    written.unwrap_or_else(|error| stop(&error.to_string()));
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--offline", "--quiet"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", &target)
        .status();
    if !built.is_ok_and(|status| status.success()) {
        stop(&format!("`{package}` does not build"));
    }
    target.join(format!("release/lib{}.so", package.replace('-', "_")))
}

/// Writes what is not there yet: Cargo goes by the time.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|there| there == text) { Ok(()) } else { fs::write(path, text) }
}

/// Nanoseconds to read what is in a file, opening included.
fn timed_inspection(file: &Path) -> f64 {
    let start = Instant::now();
    if let Err(refusal) = black_box(lk_plugin::dynamic::inspect(black_box(file))) {
        stop(&refusal.to_string());
    }
    start.elapsed().as_nanos() as f64
}

/// What of this process is in memory, in KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::panic, reason = "a bench that cannot run says why")]
fn stop(reason: &str) -> ! {
    panic!("{reason}")
}
