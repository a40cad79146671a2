//! Cargo inside a test: for programs and files that a test builds as an author would.

use std::path::PathBuf;
use std::process::Command;

/// Where all of them are built: one folder, so that what they share is built once.
///
/// # Errors
///
/// When this is no test of a target folder.
pub fn target() -> Result<PathBuf, Box<dyn std::error::Error>> {
    // target/debug/deps/linking-0123456789abcdef
    let test = std::env::current_exe()?;
    Ok(test.ancestors().nth(3).ok_or("a test lies in the target folder")?.join("built-by-tests"))
}

/// The Cargo that builds these tests, without the network and without what nobody looks at in a test: debug information.
///
/// # Errors
///
/// As [`target`].
pub fn cargo() -> Result<Command, Box<dyn std::error::Error>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.env("CARGO_TARGET_DIR", target()?).env("CARGO_NET_OFFLINE", "true").env("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo.env_remove("RUSTFLAGS");
    Ok(cargo)
}
