//! The Python SDK: a process of its own that reads when it is told to, and tells what that took.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::{Anything, Turn};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python_sdk.py");

pub(crate) struct PythonSdk {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Of the package and of Python.
    pub(crate) version: String,
}

impl PythonSdk {
    pub(crate) fn start(python: &Path, host: &str) -> Anything<Self> {
        let mut process = Command::new(python)
            .args([SCRIPT, host])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("`{}` does not start: {error}", python.display()))?;
        let orders = process.stdin.take().ok_or("no input")?;
        let answers = BufReader::new(process.stdout.take().ok_or("no output")?);
        let mut sdk = Self { process, orders, answers, version: String::new() };
        sdk.version = sdk.line()?;
        Ok(sdk)
    }

    pub(crate) fn turn(&mut self, message: &str, replies: usize) -> Anything<Turn> {
        writeln!(self.orders, "{message} {replies}")?;
        let line = self.line()?;
        let numbers: Vec<u64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [letters, cpu, first] = numbers[..] else { return Err(format!("`{line}` is no answer").into()) };
        Ok(Turn { letters: letters as usize, cpu: Duration::from_nanos(cpu), first: Duration::from_nanos(first) })
    }

    fn line(&mut self) -> Anything<String> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err("the Python script ended; what it says stands above".into());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for PythonSdk {
    fn drop(&mut self) {
        self.process.kill().and_then(|()| self.process.wait()).ok();
    }
}
