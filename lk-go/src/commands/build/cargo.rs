//! Cargo, which does the work. What it says goes where ours goes, as it is.

use std::env;
use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde::Deserialize;
use serde_json::Value;

use super::spec::Spec;
use crate::cli::BuildProfile;
use crate::error::{Error, Result};
use crate::interrupt::{self, Interruptible};
use crate::terminal;

/// The variables by which a user says where Cargo builds.
const TARGET_DIR: [&str; 2] = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"];

/// What Cargo cannot know: what to do about crates that want it.
const OTHER_CORE: &str = "another `lk-plugin`, give that with `--framework`";

/// Cargo at work on one package.
pub(super) struct Cargo {
    manifest: PathBuf,
    is_offline: bool,
}

/// What `cargo metadata` tells, as far as it is needed.
#[derive(Deserialize)]
pub(super) struct Metadata {
    pub(super) packages: Vec<MetadataPackage>,
    pub(super) resolve: Resolve,
}

#[derive(Deserialize)]
pub(super) struct MetadataPackage {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) targets: Vec<Target>,
}

#[derive(Deserialize)]
pub(super) struct Target {
    pub(super) crate_types: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Resolve {
    pub(super) root: Option<String>,
    pub(super) nodes: Vec<Node>,
}

#[derive(Deserialize)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) deps: Vec<Dependency>,
}

#[derive(Deserialize)]
pub(super) struct Dependency {
    /// What the crate is called in Rust.
    pub(super) name: String,
    pub(super) pkg: String,
}

impl Cargo {
    /// For the package in this folder.
    pub(super) fn new(folder: &Path, is_offline: bool) -> Self {
        Self { manifest: folder.join("Cargo.toml"), is_offline }
    }

    /// Adds a dependency.
    ///
    /// # Errors
    ///
    /// When there is no Cargo, or it refuses.
    pub(super) fn add(&self, spec: &Spec) -> Result<()> {
        let added = self.run("add", |command| command.arg("--quiet").args(spec.arguments()))?;
        added.map(drop).ok_or_else(|| {
            let offline = if self.is_offline { "; `--offline` takes only what is on this machine" } else { "" };
            Error::Build(format!(
                "`{}` cannot be a dependency; Cargo says why, above; {}{offline}; if it wants {OTHER_CORE}",
                spec.text,
                spec.advice()
            ))
        })
    }

    /// What the package depends on.
    ///
    /// # Errors
    ///
    /// When there is no Cargo, or it finds no versions that fit together.
    pub(super) fn metadata(&self) -> Result<Metadata> {
        let host = self.host()?;
        // For other platforms Cargo would want crates that are not here.
        let arguments = ["--format-version", "1", "--filter-platform", &host];
        let output = self.run("metadata", |command| command.args(arguments))?.ok_or_else(|| {
            Error::Build(format!("the crates do not fit together; Cargo says why, above; if they want {OTHER_CORE}"))
        })?;
        serde_json::from_slice(&output.stdout).map_err(|error| unreadable("metadata", &error))
    }

    /// Builds the package, and says where its program is.
    ///
    /// # Errors
    ///
    /// When there is no Cargo, or the package does not compile.
    pub(super) fn build(&self, profile: BuildProfile) -> Result<PathBuf> {
        let profile = match profile {
            BuildProfile::Release => "release",
            BuildProfile::Dev => "dev",
        };
        let output = self
            .run("build", |command| {
                command.args(["--profile", profile, "--message-format", "json-render-diagnostics"])
            })?
            .ok_or_else(|| Error::Build("the crates do not compile; the compiler says why, above".to_owned()))?;
        let messages = output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
        // Of the programs that were built the package's own is the last.
        let mut programs =
            messages.filter_map(|message: Value| Some(PathBuf::from(message.get("executable")?.as_str()?)));
        programs.next_back().ok_or_else(|| unreadable("build", &"it names no program"))
    }

    /// The platform that Cargo runs on.
    fn host(&self) -> Result<String> {
        let output = output(Command::new(program()).arg("-vV"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let host = text.lines().find_map(|line| line.strip_prefix("host: "));
        host.map(str::to_owned).ok_or_else(|| unreadable("-vV", &"it names no host"))
    }

    /// The output of a command that did not fail, nor was interrupted.
    fn run(&self, verb: &str, with: impl FnOnce(&mut Command) -> &mut Command) -> Result<Option<Output>> {
        let mut command = Command::new(program());
        command.arg(verb).arg("--manifest-path").arg(&self.manifest);
        if self.is_offline {
            command.arg("--offline");
        }
        with(&mut command);
        // Kept, so that the next build compiles only what is new.
        if TARGET_DIR.iter().all(|variable| env::var_os(variable).is_none())
            && let Some(cache) = lk_plugin::models::user_cache()
        {
            command.env(TARGET_DIR[0], cache.join("build"));
        }
        // Else Cargo looks at the environment as we do.
        if let Some(wanted) = terminal::chosen_color() {
            command.env("CARGO_TERM_COLOR", wanted);
        }
        let output = output(&mut command)?;
        Ok(output.status.success().then_some(output))
    }
}

fn program() -> OsString {
    env::var_os("CARGO").filter(|cargo| !cargo.is_empty()).unwrap_or_else(|| "cargo".into())
}

/// What a command prints for us; what it has to say to people goes to standard error. After Ctrl-C nothing is started any
/// more, and what runs is ended.
fn output(command: &mut Command) -> Result<Output> {
    unless_interrupted()?;
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
    let mut child = child.map_err(|error| {
        let is_missing = error.kind() == io::ErrorKind::NotFound;
        Error::Input {
            file: format!("`{}`", command.get_program().to_string_lossy()),
            problem: if is_missing { "is not there" } else { "cannot be started" }.to_owned(),
            advice: "install Rust (https://rustup.rs), or set `CARGO` to the path of Cargo".to_owned(),
            source: (!is_missing).then(|| error.into()),
        }
    })?;
    let verb = command.get_args().next().unwrap_or_default().to_string_lossy();
    let mut stdout = Vec::new();
    if let Some(pipe) = child.stdout.take() {
        let read = Interruptible::open(|| Ok(pipe)).and_then(|mut pipe| pipe.read_to_end(&mut stdout));
        read.map_err(|error| unreadable(&verb, &error))?;
    }
    let status = interrupt::end(&mut child).map_err(|error| unreadable(&verb, &error))?;
    Ok(Output { status, stdout, stderr: Vec::new() })
}

/// Whether to go on.
///
/// # Errors
///
/// After Ctrl-C.
pub(super) fn unless_interrupted() -> Result<()> {
    if interrupt::requested() { Err(Error::Build("interrupted".to_owned())) } else { Ok(()) }
}

fn unreadable(verb: &str, reason: &dyn std::fmt::Display) -> Error {
    Error::Build(format!("what `cargo {verb}` said cannot be understood ({reason}); is it a recent Cargo?"))
}
