//! `lk-go plugin download-files`, where this program was built without it.

use crate::BuiltIns;
use crate::cli::DownloadArgs;
use crate::error::{Error, Exit, Result};

/// Refuses.
///
/// # Errors
///
/// Always.
pub(super) fn run(_: &DownloadArgs, _: BuiltIns<'_>) -> Result<Exit> {
    Err(Error::Refused(
        "this lk-go was built without the feature `download`, and downloads no files; build one with it".to_owned(),
    ))
}
