//! The binary `lk-go`, for tests that run it as its users do.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The binary, built in the profile of these tests: Cargo offers `CARGO_BIN_EXE_…` only inside the binary's own package.
///
/// # Errors
///
/// When it does not build.
pub fn binary() -> Result<&'static Path, Box<dyn std::error::Error>> {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BINARY.get_or_init(|| build().map_err(|error| error.to_string())).as_deref().map_err(|error| error.as_str().into())
}

fn build() -> Result<PathBuf, Box<dyn std::error::Error>> {
    let tests = std::env::current_exe()?;
    // target/debug/deps/cli-0123456789abcdef
    let folder = tests.ancestors().nth(2).ok_or("a test lies in the target folder")?;
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "lk-go", "--profile", profile])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    if !built.success() {
        return Err("lk-go does not build".into());
    }
    Ok(folder.join("lk-go").with_extension(std::env::consts::EXE_EXTENSION))
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
