//! Where a crate is written: beside its place first, so that it is there whole or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::framework::manifest;
use crate::printable;

/// A folder that is not there yet, or is empty.
pub(super) struct Place {
    /// As the user named it.
    name: String,
    target: PathBuf,
    /// The folder that it is to stand in.
    parent: PathBuf,
    is_there: bool,
}

impl Place {
    /// Looks at it, and makes the folders above it.
    ///
    /// # Errors
    ///
    /// When something is there, or the disk refuses.
    pub(super) fn new(target: &Path) -> Result<Self> {
        let name = format!("`{}`", printable::path(target));
        let refused = |problem: &str, advice: &str| Error::Input {
            file: name.clone(),
            problem: problem.to_owned(),
            advice: advice.to_owned(),
            source: None,
        };
        match fs::read_dir(target).map(|mut entries| entries.next()) {
            Ok(None) => {
                let target = fs::canonicalize(target).map_err(|error| unwritable(&name, error))?;
                let Some(parent) = target.parent().map(Path::to_owned) else {
                    return Err(refused("is no place for a crate", "name another folder with `--path`"));
                };
                Ok(Self { name, target, parent, is_there: true })
            }
            Ok(Some(_)) => {
                Err(refused("is a folder with something in it", "name another one with `--path`; nothing was written"))
            }
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                Err(refused("is in the way", "name another folder with `--path`; nothing was written"))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(target).is_err() => {
                let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let made = fs::create_dir_all(parent).and_then(|()| fs::canonicalize(parent));
                let parent = made.map_err(|error| unwritable(&name, error))?;
                let Some(last) = target.file_name() else {
                    return Err(refused("is no place for a crate", "name another folder with `--path`"));
                };
                Ok(Self { name, target: parent.join(last), parent, is_there: false })
            }
            Err(error) => Err(unwritable(&name, error)),
        }
    }

    /// Whether a workspace is around it that does not take it as a member: Cargo would refuse it there.
    pub(super) fn is_in_foreign_workspace(&self) -> bool {
        self.parent.ancestors().any(|folder| {
            let manifest = manifest(folder);
            let Some(workspace) = manifest.as_ref().and_then(|manifest| manifest.get("workspace")) else {
                return false;
            };
            let members = workspace.get("members").and_then(toml::Value::as_array).into_iter().flatten();
            let relative = self.target.strip_prefix(folder).unwrap_or(&self.target);
            !members.filter_map(toml::Value::as_str).any(|member| is_member(relative, member))
        })
    }

    /// Writes these files.
    ///
    /// # Errors
    ///
    /// When the disk refuses; then there is nothing of them.
    pub(super) fn write(&self, files: &[(&str, String)]) -> Result<()> {
        self.try_write(files).map_err(|error| unwritable(&self.name, error))
    }

    fn try_write(&self, files: &[(&str, String)]) -> io::Result<()> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".lk-go-");
        // Who may look into it: as with any other new folder.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let folder = builder.tempdir_in(if self.is_there { &self.target } else { &self.parent })?;
        for (file, text) in files {
            let path = folder.path().join(file);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, text)?;
        }
        if self.is_there {
            // The folder itself stays: somebody may stand in it.
            for entry in fs::read_dir(folder.path())? {
                let entry = entry?;
                fs::rename(entry.path(), self.target.join(entry.file_name()))?;
            }
            return folder.close();
        }
        fs::rename(folder.path(), &self.target)?;
        // It is not temporary any more, and nothing is where it was.
        let _ = folder.keep();
        Ok(())
    }
}

/// Whether a pattern of `members` has this path. Cargo's have more signs; who uses those gets a `[workspace]` to remove.
fn is_member(path: &Path, pattern: &str) -> bool {
    let pattern = Path::new(pattern);
    let (parts, wanted): (Vec<_>, Vec<_>) = (path.components().collect(), pattern.components().collect());
    parts.len() == wanted.len()
        && parts.iter().zip(&wanted).all(|(part, wanted)| wanted.as_os_str() == "*" || part == wanted)
}

fn unwritable(name: &str, error: io::Error) -> Error {
    let advice = match error.kind() {
        io::ErrorKind::PermissionDenied => "ask for the right to write there",
        io::ErrorKind::NotADirectory => "name a folder with `--path`",
        _ => "check the disk",
    };
    Error::Input {
        file: name.to_owned(),
        problem: "cannot be written".to_owned(),
        advice: advice.to_owned(),
        source: Some(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_around_it_is_seen_unless_it_takes_it() -> Result<(), Box<dyn std::error::Error>> {
        let root = tempfile::tempdir()?;
        let place = |path: &str| Place::new(&root.path().join(path));
        assert!(!place("mine")?.is_in_foreign_workspace());
        fs::write(root.path().join("Cargo.toml"), "[workspace]\nmembers = ['plugins/*', 'mine']\n")?;
        for (path, is_foreign) in [("mine", false), ("other", true), ("plugins/one", false), ("plugins/one/two", true)]
        {
            assert_eq!(place(path)?.is_in_foreign_workspace(), is_foreign, "{path}");
        }
        Ok(())
    }

    #[test]
    fn nothing_is_left_of_what_cannot_be_written() -> Result<(), Box<dyn std::error::Error>> {
        let root = tempfile::tempdir()?;
        let file = |name: &'static str| (name, "text".to_owned());
        // A file where a folder is needed.
        let failed = Place::new(&root.path().join("new"))?.write(&[file("a"), file("a/b")]);
        assert!(failed.is_err_and(|error| error.to_string().contains("cannot be written")));
        assert_eq!(fs::read_dir(root.path())?.count(), 0);
        Ok(())
    }
}
