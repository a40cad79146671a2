//! `lk-go plugin lock`: from now on these contents alone are loaded from there.

use crate::cli::LockArgs;
use crate::error::{Exit, Result};
use crate::{output, plugin_files};

/// Writes the lock file of each directory.
///
/// # Errors
///
/// When there is no directory to lock, or one that cannot be.
pub(super) fn run(arguments: &LockArgs) -> Result<Exit> {
    let locked = plugin_files::lock(&arguments.directories)?;
    let rows = locked.into_iter().map(|(file, sha256)| [file, sha256]);
    output::result(&output::table(["LOCKED", "SHA256"], rows, &[]))?;
    Ok(Exit::Good)
}
