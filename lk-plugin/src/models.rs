//! Where the model files of plugins are on this machine.
//!
//! A plugin declares the files that it wants (`models(file(…))` in the attribute), `lk-go plugin download-files` puts them
//! where [`path`] says, and the plugin opens them there. Nothing here touches the network.
//!
//! The folder is `LK_MODEL_DIR`, else `lk-plugin/models` in the user's cache folder: `$XDG_CACHE_HOME` or `~/.cache`,
//! `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows. In it each package has a folder of its own.

use std::env;
use std::path::PathBuf;

use crate::error::{Error, ErrorKind, Result};
use crate::hint::shown;

/// The environment variable that names the folder.
pub const VARIABLE: &str = "LK_MODEL_DIR";

/// The folder of all packages' files, whether it is there or not.
///
/// # Errors
///
/// [`Config`](ErrorKind::Config) when `LK_MODEL_DIR` is not an absolute path, or is not set and there is no home.
pub fn folder() -> Result<PathBuf> {
    match env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from) {
        Some(folder) if folder.is_absolute() => Ok(folder),
        Some(folder) => Err(Error::config(format!(
            "`{VARIABLE}` is `{}`, which depends on where a program is started; give a path from the root",
            shown(&folder.to_string_lossy())
        ))),
        None => user_cache().map(|cache| cache.join("models")).ok_or_else(|| {
            Error::config(format!("there is no home to keep model files in; set `{VARIABLE}` to a folder for them"))
        }),
    }
}

/// The place of a package's file, whether it is there or not.
///
/// ```
/// let path = lk_plugin::models::path("my-ears", "model.onnx")?;
/// assert!(path.ends_with("my-ears/model.onnx"));
/// assert!(lk_plugin::models::path("my-ears", "../model.onnx").is_err());
/// # Ok::<(), lk_plugin::Error>(())
/// ```
///
/// # Errors
///
/// As [`folder`]; [`InvalidInput`](ErrorKind::InvalidInput) when a name could lead out of it.
pub fn path(package: &str, name: &str) -> Result<PathBuf> {
    let is_package = |name: &str| {
        !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_'))
    };
    if !is_package(package) {
        return Err(Error::invalid_input(format!(
            "`{}` is not the name of a package; use letters, digits, `-` and `_`",
            shown(package)
        )));
    }
    let leads_away = |letter: char| matches!(letter, '/' | '\\' | ':') || letter.is_control();
    if name.is_empty() || name.starts_with('.') || name.contains(leads_away) {
        return Err(Error::invalid_input(format!(
            "`{}` is not a file name; use one without slashes, such as `model.onnx`",
            shown(name)
        )));
    }
    Ok(folder()?.join(package).join(name))
}

/// The place of a package's file that must be there; a plugin calls [`model_file!`](crate::model_file) instead, which knows
/// the package. Only that it is there is checked, not what it holds: `lk-go plugin download-files --verify` does that.
///
/// # Errors
///
/// As [`path`]; [`NotFound`](ErrorKind::NotFound) when it is not there, with how to get it.
pub fn find(package: &str, name: &str) -> Result<PathBuf> {
    let path = path(package, name)?;
    if path.is_file() {
        return Ok(path);
    }
    Err(Error::new(
        ErrorKind::NotFound,
        format!(
            "the model file `{}` is not there; get it with `lk-go plugin download-files`, or set `{VARIABLE}` to where \
             the model files are",
            path.display()
        ),
    ))
}

/// The place of a file that this package's plugins declared in their `models(…)`.
///
/// ```no_run
/// # fn load(_: std::path::PathBuf) {}
/// let model = lk_plugin::model_file!("model.onnx")?;
/// load(model);
/// # Ok::<(), lk_plugin::Error>(())
/// ```
///
/// # Errors
///
/// As [`models::find`](crate::models::find).
#[macro_export]
macro_rules! model_file {
    ($name:expr) => {
        $crate::models::find(::core::env!("CARGO_PKG_NAME"), $name)
    };
}

/// What lk-plugin keeps for this user and could make again: `lk-plugin` in the user's cache folder, by the platform's
/// convention. `None` when there is no home.
#[must_use]
pub fn user_cache() -> Option<PathBuf> {
    let absolute = |variable: &str| env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = if cfg!(windows) {
        absolute("LOCALAPPDATA")
    } else if cfg!(target_vendor = "apple") {
        absolute("HOME").map(|home| home.join("Library").join("Caches"))
    } else {
        absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))
    };
    cache.map(|cache| cache.join("lk-plugin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for name in ["", ".", "..", ".hidden", "a/b", "../b", "a\\b", "c:d", "a\nb", "a\0b"] {
            assert!(path("package", name).is_err_and(|error| error.kind() == ErrorKind::InvalidInput), "{name:?}");
        }
        for package in ["", ".", "..", "a/b", "a.b", "a b"] {
            assert!(
                path(package, "model.onnx").is_err_and(|error| error.kind() == ErrorKind::InvalidInput),
                "{package}"
            );
        }
    }

    #[test]
    fn a_file_is_in_its_packages_folder() -> Result<()> {
        let path = path("my-package", "model.onnx")?;
        assert_eq!(path, folder()?.join("my-package").join("model.onnx"));
        let error = crate::model_file!("no-such-model.onnx").err().map(|error| (error.kind(), error.to_string()));
        let (kind, message) = error.ok_or_else(|| Error::invalid_input("it is there"))?;
        assert_eq!(kind, ErrorKind::NotFound);
        assert!(
            message.contains("no-such-model.onnx` is not there; get it with `lk-go plugin download-files`"),
            "{message}"
        );
        Ok(())
    }
}
