//! Plugins in files, where this program was built without them.

use std::path::{Path, PathBuf};

use lk_plugin::Registry;

use crate::error::{Error, Result};
use crate::listing::List;
use crate::output;

/// Why there are none.
const WHY: &str = if cfg!(target_os = "linux") {
    "this lk-go was built without the feature `dynamic`, and takes no plugins from files"
} else {
    "plugins in files are read on Linux alone; link them into the program instead"
};

/// Nothing is probed here.
pub(crate) fn be_probe() {}

/// Warns of a search path that is not followed.
pub(crate) fn on_search_path(_: &Registry, _: &mut List) -> bool {
    warn();
    false
}

/// Refuses.
///
/// # Errors
///
/// Always.
pub(crate) fn probed(_: &Registry, _: &mut List) -> Result<bool> {
    Err(Error::Refused(WHY.to_owned()))
}

/// Warns of a search path that is not followed.
///
/// # Errors
///
/// None here.
pub(crate) fn load(_: &Registry) -> Result<()> {
    warn();
    Ok(())
}

fn warn() {
    if std::env::var_os("LK_PLUGIN_PATH").is_some_and(|path| !path.is_empty()) {
        output::warning(format_args!("`LK_PLUGIN_PATH` is not followed: {WHY}"));
    }
}

/// Refuses.
///
/// # Errors
///
/// Always.
pub(crate) fn inspect(_: &[PathBuf], _: &mut List) -> Result<()> {
    Err(Error::Refused(WHY.to_owned()))
}

/// Refuses.
///
/// # Errors
///
/// Always.
pub(crate) fn load_file(_: &Registry, _: &Path) -> Result<()> {
    Err(Error::Refused(WHY.to_owned()))
}

/// Refuses.
///
/// # Errors
///
/// Always.
pub(crate) fn lock(_: &[PathBuf]) -> Result<Vec<(String, String)>> {
    Err(Error::Refused(WHY.to_owned()))
}
