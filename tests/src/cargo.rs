//! Cargo inside a test: for programs and files that a test builds as an author would.

use std::fs;
use std::path::{Path, PathBuf};
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

/// A compiler that never ends: what `RUSTC_WRAPPER` names, and a folder in which each process of it has a file.
///
/// # Errors
///
/// When the disk refuses.
#[cfg(unix)]
pub fn endless_compiler(folder: &Path) -> Result<(PathBuf, PathBuf), Box<dyn std::error::Error>> {
    use std::os::unix::fs::PermissionsExt as _;

    let (wrapper, running) = (folder.join("endless"), folder.join("running"));
    fs::create_dir(&running)?;
    // Cargo asks it about itself first.
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in\n*' --crate-name ___ '*) ;;\n*' --crate-name '*) : >'{}'/$$; exec sleep 60;;\nesac\nexec \"$@\"\n",
        running.display()
    );
    fs::write(&wrapper, script)?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))?;
    Ok((wrapper, running))
}

/// The processes of such a compiler; none before it is at work.
///
/// # Errors
///
/// When the disk refuses.
pub fn processes(running: &Path) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    fs::read_dir(running)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}
