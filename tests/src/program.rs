//! The binary `lk-go`, for tests that run it as its users do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

/// The binary, which Cargo built along with these tests (see `[[bin]]` in `Cargo.toml`), under the name that it has for users.
///
/// # Errors
///
/// When it cannot be given that name.
pub fn binary() -> Result<&'static Path, Box<dyn std::error::Error>> {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BINARY.get_or_init(|| named().map_err(|error| error.to_string())).as_deref().map_err(|error| error.as_str().into())
}

fn named() -> Result<PathBuf, Box<dyn std::error::Error>> {
    let tests = std::env::current_exe()?;
    // target/debug/deps/cli-0123456789abcdef
    let folder = tests.ancestors().nth(2).ok_or("a test lies in the target folder")?;
    let file = |name: &str| folder.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let named = folder.join("under-test").join(file("lk-go").file_name().ok_or("a binary has a name")?);
    // Another file first, and then in one step: other tests may be running it.
    let aside = tempfile::tempdir_in(folder)?;
    let link = aside.path().join("lk-go");
    fs::create_dir_all(folder.join("under-test"))?;
    fs::hard_link(file("lk-go-under-test"), &link)?;
    fs::rename(link, &named)?;
    Ok(named)
}

/// The binary with a plain environment: no colours, no key, no server.
///
/// # Errors
///
/// As [`binary`].
pub fn lk_go() -> Result<assert_cmd::Command, Box<dyn std::error::Error>> {
    let mut command = assert_cmd::Command::new(binary()?);
    command.env("NO_COLOR", "1");
    for variable in ["RUST_BACKTRACE", "OPENAI_API_KEY", "OPENAI_BASE_URL", "LK_PLUGIN_PATH"] {
        command.env_remove(variable);
    }
    Ok(command)
}

/// What it printed to standard output.
#[must_use]
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it printed to standard error.
#[must_use]
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// That a run failed with this code, said this, and left nothing on standard output.
///
/// # Panics
///
/// When it did not.
#[track_caller]
pub fn assert_refused(output: &Output, code: i32, message: &str) {
    assert_eq!(output.status.code(), Some(code), "{}", stderr(output));
    assert!(stderr(output).contains(message), "`{message}` is not in: {}", stderr(output));
    assert_eq!(stdout(output), "");
}
