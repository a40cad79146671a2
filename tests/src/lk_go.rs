//! The binary `lk-go`, built for the test that asks for it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The binary, built in the profile of these tests: Cargo offers `CARGO_BIN_EXE_…` only inside the binary's own package.
///
/// # Errors
///
/// When it does not build.
pub fn binary() -> Result<&'static Path, Box<dyn Error>> {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BINARY.get_or_init(|| build().map_err(|error| error.to_string())).as_deref().map_err(|error| error.as_str().into())
}

fn build() -> Result<PathBuf, Box<dyn Error>> {
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
