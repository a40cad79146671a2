//! What a streamed token costs: `llm/openai`, async-openai, bare reqwest and the Python SDK against one local server, in
//! one run.
//!
//! ```text
//! cargo run --release --manifest-path lk-plugins/benches/openai/Cargo.toml -- --python PYTHON
//! ```
//!
//! `PYTHON` is one where `pip install openai` was done; without it the other three are measured.
//!
//! The server is a process of its own on the second core, and sends as fast as it is read: what is counted is reading, not
//! waiting. The clients take turns on the first core, all their threads pinned to it; their CPU time is what the system
//! counts for the process while the replies are read, start-up left out. Each is a client as its users have it: a tokio
//! runtime of one thread that reads the stream (the plugin has a runtime of its own besides), or Python's `asyncio`. A ratio
//! is the median of the turns' ratios.

mod client;
mod python;
mod server;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use client::Client;

/// How many tokens the replies have, and one for the time to the first.
const REPLIES: [usize; 3] = [100, 1_000, 10_000];
/// Tokens of a turn, however many replies that takes.
const TOKENS: usize = 10_000;
const ROUNDS: usize = 15;
const FIRST_TOKENS: usize = 301;

const NO_PYTHON: &str = "openai for Python: with `--python PYTHON`, a Python where `pip install openai` was done";

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Anything<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let python = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => return server::serve(),
        [] => None,
        ["--python", python] => Some(PathBuf::from(python)),
        _ => return Err("usage: openai-bench [--python PYTHON]".into()),
    };
    let mut server = Command::new(env::current_exe()?).arg("serve").stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(server.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    pin_to(0);
    let outcome = measure(line.trim(), python);
    server.kill()?;
    outcome
}

/// What reading some replies took.
struct Turn {
    letters: usize,
    cpu: Duration,
    /// From the request to the first token of the last reply.
    first: Duration,
}

fn measure(host: &str, python: Option<PathBuf>) -> Anything<()> {
    let mut clients = vec![Client::ours(host)?, Client::async_openai(host)?, Client::bare(host)?];
    if let Some(python) = &python {
        clients.push(Client::python(python, host)?);
    }
    println!("| what | llm/openai, µs | other | other, µs | ours / other |\n|---|---:|---|---:|---:|");
    for tokens in REPLIES {
        let replies = TOKENS / tokens;
        let row = format!("CPU of a token, replies of {tokens}");
        compare(&mut clients, &row, ROUNDS, tokens, replies, |turn| turn.cpu.as_secs_f64() * 1e6 / TOKENS as f64)?;
    }
    compare(&mut clients, "time to the first token", FIRST_TOKENS, 1, 1, |turn| turn.first.as_secs_f64() * 1e6)?;
    println!("\n{}", clients.last().and_then(Client::version).unwrap_or(NO_PYTHON));
    Ok(())
}

/// Prints ours beside each of the others.
fn compare(
    clients: &mut [Client],
    row: &str,
    rounds: usize,
    tokens: usize,
    replies: usize,
    figure: impl Fn(&Turn) -> f64,
) -> Anything<()> {
    let mut figures = vec![Vec::new(); clients.len()];
    for round in 0..=rounds {
        for (client, figures) in clients.iter_mut().zip(&mut figures) {
            let turn = client.turn(tokens, replies)?;
            if turn.letters != tokens * replies * server::LETTERS {
                return Err(format!("{} read {} letters", client.name(), turn.letters).into());
            }
            // The first round warms connections and caches.
            if round > 0 {
                figures.push(figure(&turn));
            }
        }
    }
    let ours = median(&figures[0]);
    for (client, theirs) in clients.iter().zip(&figures).skip(1) {
        let ratios: Vec<f64> = figures[0].iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
        println!("| {row} | {ours:.2} | {} | {:.2} | {:.3} |", client.name(), median(theirs), median(&ratios));
    }
    Ok(())
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// This thread, and all that it starts from here on, where there is that core.
fn pin_to(core: usize) {
    let mut set = CpuSet::new();
    set.set(core).and_then(|()| sched_setaffinity(Pid::from_raw(0), &set)).ok();
}
