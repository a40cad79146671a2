//! Where the framework comes from that new plugins and programs are built with.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::printable;

/// A place that Cargo takes the crates of the framework from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Framework {
    /// A clone of the repository.
    Path(PathBuf),
    /// The repository, at a commit, tag or branch.
    Git {
        /// What `git` calls it.
        url: String,
        /// The commit, tag or branch; else the newest.
        revision: Option<String>,
    },
    /// A published version.
    Version(String),
}

impl Framework {
    /// What the user gave: a folder, a git URL or a version; else what this program was built from.
    ///
    /// # Errors
    ///
    /// When there is no framework in the folder, or nothing was given and the source of this program is gone.
    pub(crate) fn new(given: Option<&str>) -> Result<Self> {
        match given {
            None => Self::own(Path::new(env!("CARGO_MANIFEST_DIR")), env!("CARGO_PKG_VERSION")),
            Some(given) if given.contains("://") => {
                let (url, revision) = git_url(given);
                Ok(Self::Git { url, revision })
            }
            Some(given) if is_version(given) => Ok(Self::Version(given.to_owned())),
            Some(given) => Self::at(Path::new(given)),
        }
    }

    fn own(source: &Path, version: &str) -> Result<Self> {
        let gone = |what: String| {
            Err(Error::Usage(format!(
                "there is no framework at hand: {what}; say with `--framework` where it is: the folder of a clone, a git \
                 URL, or a version"
            )))
        };
        let Some(root) = source.parent().filter(|root| holds_framework(root)) else {
            return gone(format!("`{}`, which this lk-go was built from, is not there", printable::path(source)));
        };
        match version_of(root) {
            Some(found) if found == version => Self::at(root),
            found => gone(format!(
                "`{}` has version {} now, and this lk-go is {version}",
                printable::path(root),
                found.unwrap_or_else(|| "nothing readable".to_owned())
            )),
        }
    }

    fn at(folder: &Path) -> Result<Self> {
        let refused = |problem: &str, advice: &str, source: Option<std::io::Error>| Error::Input {
            file: format!("`{}`", printable::path(folder)),
            problem: problem.to_owned(),
            advice: advice.to_owned(),
            source: source.map(Into::into),
        };
        let wanted = "give the folder of a clone of lk-plugin, a git URL with `://`, or a version such as `0.1`";
        // The real folder: links may lead elsewhere tomorrow, and a relative path depends on who reads it.
        let root = fs::canonicalize(folder).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => refused("is not there", wanted, None),
            _ => refused("cannot be read", wanted, Some(error)),
        })?;
        if !holds_framework(&root) {
            return Err(refused("has no framework in it", wanted, None));
        }
        if root.to_str().is_none() {
            return Err(refused("is not UTF-8, as paths in `Cargo.toml` must be", "rename the folder", None));
        }
        Ok(Self::Path(root))
    }

    /// What stands between the braces of a dependency on this crate of the framework.
    pub(crate) fn dependency(&self, package: &str) -> String {
        match self {
            Self::Path(root) => format!("path = {}", toml_text(&root.join(package).to_string_lossy())),
            Self::Git { url, revision: None } => format!("git = {}", toml_text(url)),
            Self::Git { url, revision: Some(revision) } => {
                format!("git = {}, rev = {}", toml_text(url), toml_text(revision))
            }
            Self::Version(version) => format!("version = {}", toml_text(version)),
        }
    }

    /// The features of `lk-go`, where they can be known before Cargo looks.
    pub(crate) fn features(&self) -> Option<Vec<String>> {
        let Self::Path(root) = self else { return None };
        let manifest = manifest(&root.join("lk-go"))?;
        Some(manifest.get("features")?.as_table()?.keys().cloned().collect())
    }

    /// The versions of all crates that this framework was tested with, where that is known.
    pub(crate) fn lock_file(&self) -> Option<PathBuf> {
        match self {
            Self::Path(root) => Some(root.join("Cargo.lock")).filter(|file| file.is_file()),
            Self::Git { .. } | Self::Version(_) => None,
        }
    }
}

/// A URL, and what stands behind its `#`: the commit, tag or branch.
pub(crate) fn git_url(given: &str) -> (String, Option<String>) {
    match given.split_once('#') {
        Some((url, revision)) if !revision.is_empty() => (url.to_owned(), Some(revision.to_owned())),
        _ => (given.trim_end_matches('#').to_owned(), None),
    }
}

/// A string of TOML. Those of JSON are, but that JSON lets more characters through.
pub(crate) fn toml_text(text: &str) -> String {
    printable::json(&serde_json::Value::from(text).to_string())
}

/// A `Cargo.toml`, if it is one.
pub(crate) fn manifest(folder: &Path) -> Option<toml::Table> {
    fs::read_to_string(folder.join("Cargo.toml")).ok()?.parse().ok()
}

fn is_version(given: &str) -> bool {
    let begins =
        given.trim_start_matches(['^', '~', '=', '<', '>', ' ']).starts_with(|letter: char| letter.is_ascii_digit());
    begins && !given.contains(['/', '\\'])
}

fn holds_framework(root: &Path) -> bool {
    let name = manifest(&root.join("lk-plugin"));
    name.is_some_and(|manifest| text_at(&manifest, &["package", "name"]) == Some("lk-plugin"))
}

fn version_of(root: &Path) -> Option<String> {
    text_at(&manifest(root)?, &["workspace", "package", "version"]).map(str::to_owned)
}

fn text_at<'t>(table: &'t toml::Table, keys: &[&str]) -> Option<&'t str> {
    let (last, tables) = keys.split_last()?;
    tables.iter().try_fold(table, |table, key| table.get(*key)?.as_table())?.get(*last)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_is_told_apart() -> Result<()> {
        let git = |url: &str, revision: Option<&str>| Framework::Git {
            url: url.to_owned(),
            revision: revision.map(str::to_owned),
        };
        for (given, framework, dependency) in [
            ("https://host/a.git", git("https://host/a.git", None), r#"git = "https://host/a.git""#),
            ("ssh://git@host/a#v1", git("ssh://git@host/a", Some("v1")), r#"git = "ssh://git@host/a", rev = "v1""#),
            ("=0.1.0", Framework::Version("=0.1.0".to_owned()), r#"version = "=0.1.0""#),
            ("0.1", Framework::Version("0.1".to_owned()), r#"version = "0.1""#),
        ] {
            assert_eq!(Framework::new(Some(given))?, framework);
            assert_eq!(framework.dependency("lk-plugin"), dependency);
        }
        let told = |given: &str| Framework::new(Some(given)).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(told("no-such-folder").starts_with("`no-such-folder` is not there; give the folder of a clone"));
        assert!(told("src").starts_with("`src` has no framework in it"));
        Ok(())
    }

    #[test]
    fn the_own_source_is_taken_if_it_is_still_the_same() -> Result<()> {
        let Framework::Path(root) = Framework::new(None)? else { return Err(Error::Usage("no path".to_owned())) };
        assert!(root.join("lk-go/Cargo.toml").is_file() && root.is_absolute());
        let features = Framework::new(None)?.features().unwrap_or_default();
        assert!(["default", "dynamic", "silero"].iter().all(|known| features.iter().any(|name| name == known)));
        let told = |source: &str, version| {
            Framework::own(Path::new(source), version).err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert!(
            told("/no/such/lk-go", "0.1.0").contains("`/no/such/lk-go`, which this lk-go was built from, is not there")
        );
        let other = told(env!("CARGO_MANIFEST_DIR"), "9.9.9");
        assert!(other.contains("and this lk-go is 9.9.9; say with `--framework`"), "{other}");
        Ok(())
    }

    #[test]
    fn any_text_is_text_in_toml() -> Result<(), toml::de::Error> {
        for text in ["plain", "quo\"te\\", "line\nbreak\t", "\u{7f}\u{0}é\u{202e}"] {
            let table: toml::Table = format!("a = {}", toml_text(text)).parse()?;
            assert_eq!(table["a"].as_str(), Some(text));
        }
        Ok(())
    }
}
