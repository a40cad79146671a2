//! What stands behind `--with`: a crate, a folder or a repository.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::framework::git_url;
use crate::{output, printable};

/// A crate that is to be compiled in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spec {
    /// As the user wrote it.
    pub(super) text: String,
    from: From,
}

#[derive(Debug, PartialEq, Eq)]
enum From {
    /// What Cargo calls it: `name` or `name@version`.
    Registry(String),
    Folder(PathBuf),
    Git {
        url: String,
        revision: Option<String>,
        package: Option<String>,
    },
}

impl Spec {
    /// Reads one: a folder has a slash in it, a git URL has `://`, all else is a crate.
    ///
    /// # Errors
    ///
    /// When it can be none of them, or a folder that is no crate's.
    pub(super) fn read(text: &str) -> Result<Self> {
        let shown = printable::argument(text);
        let from = if text.contains("://") {
            let (package, url) = match text.split_once('@') {
                Some((package, url)) if is_package(package) => (Some(package.to_owned()), url),
                _ => (None, text),
            };
            let (url, revision) = git_url(url);
            From::Git { url, revision, package }
        } else if text.contains(['/', '\\']) || text == "." || text == ".." {
            From::Folder(folder(Path::new(text))?)
        } else {
            let (name, version) = text.split_once('@').map_or((text, None), |(name, version)| (name, Some(version)));
            if version.is_some_and(|version| version.trim().is_empty()) {
                return Err(Error::Usage(format!(
                    "`{shown}` has no version behind its `@`; write one, or leave out the `@`"
                )));
            }
            if !is_package(name) {
                return Err(Error::Usage(format!(
                    "`{shown}` is no crate; write its name, a folder with a slash in it, or a git URL with `://`"
                )));
            }
            if Path::new(text).is_dir() {
                output::note(format_args!("`{shown}` is taken from the registry; write `./{shown}` for the folder"));
            }
            From::Registry(text.to_owned())
        };
        Ok(Self { text: text.to_owned(), from })
    }

    /// What to look at when Cargo does not take it.
    pub(super) fn advice(&self) -> &'static str {
        match &self.from {
            From::Registry(_) => "look for the name and the version with `cargo info`",
            From::Folder(_) => "look at its `Cargo.toml`",
            From::Git { package: None, .. } => {
                "look at the URL and the revision; where there are several packages, write `PACKAGE@GIT-URL`"
            }
            From::Git { .. } => "look at the URL, the revision and the package's name",
        }
    }

    /// How `cargo add` is told of it.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        match &self.from {
            From::Registry(crate_) => vec![crate_.into()],
            From::Folder(folder) => vec!["--path".into(), folder.into()],
            From::Git { url, revision, package } => {
                let mut arguments = vec!["--git".into(), url.into()];
                if let Some(revision) = revision {
                    arguments.extend(["--rev".into(), revision.into()]);
                }
                arguments.extend(package.as_ref().map(Into::into));
                arguments
            }
        }
    }
}

/// What is behind `--with` is one thing, and is told to Cargo in words that it cannot take for options; or it is refused.
#[cfg(any(test, fuzzing))]
pub(crate) fn spec_is_read(text: &str) {
    // Folders are looked at.
    if text.contains(['/', '\\']) && !text.contains("://") || text.starts_with('.') || Path::new(text).is_dir() {
        return;
    }
    match Spec::read(text) {
        Ok(spec) => {
            let arguments = spec.arguments();
            let is_git = text.contains("://");
            assert_eq!(arguments.first().is_some_and(|first| first == "--git"), is_git);
            assert!(is_git || arguments == [text] && !text.starts_with('-'), "{arguments:?}");
        }
        Err(error) => assert!(!error.to_string().contains(char::is_control), "{error}"),
    }
}

fn folder(path: &Path) -> Result<PathBuf> {
    let refused = |problem: &str, advice: &str| Error::Input {
        file: format!("`{}`", printable::path(path)),
        problem: problem.to_owned(),
        advice: advice.to_owned(),
        source: None,
    };
    if !path.join("Cargo.toml").is_file() {
        let problem = if path.exists() { "has no `Cargo.toml`" } else { "is not there" };
        return Err(refused(problem, "give the folder of a plugin's crate"));
    }
    // Cargo reads it from another folder.
    std::path::absolute(path).map_err(|_| refused("cannot be found", "give the whole path"))
}

fn is_package(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_folders_and_repositories_are_told_apart() -> Result<()> {
        let here = std::path::absolute(".").unwrap_or_default();
        for (text, arguments) in [
            ("my-plugin", vec!["my-plugin"]),
            ("my_plugin@1.2", vec!["my_plugin@1.2"]),
            (".", vec!["--path", here.to_str().unwrap_or_default()]),
            ("https://host/a.git", vec!["--git", "https://host/a.git"]),
            ("ssh://git@host/a#v1", vec!["--git", "ssh://git@host/a", "--rev", "v1"]),
            ("one@https://host/many#main", vec!["--git", "https://host/many", "--rev", "main", "one"]),
        ] {
            assert_eq!(Spec::read(text)?.arguments(), arguments, "{text}");
        }
        for (text, message) in [
            ("./nowhere", "`./nowhere` is not there; give the folder of a plugin's crate"),
            ("./src", "`./src` has no `Cargo.toml`"),
            ("--path=x", "`--path=x` is no crate; write its name"),
            ("", "`` is no crate"),
            ("my-plugin@", "`my-plugin@` has no version behind its `@`"),
        ] {
            let told = Spec::read(text).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(told.starts_with(message), "{told}");
        }
        Ok(())
    }
}
