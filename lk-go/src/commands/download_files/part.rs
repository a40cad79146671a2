//! What has come of a file so far: kept beside its place, so that the next run goes on with it.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use lk_plugin::{Error, ErrorKind};
use sha2::{Digest as _, Sha256};

use super::check::{digits, hash};
use super::wanted::Wanted;

/// The part of a file that is on the disk, and its SHA-256 so far.
pub(super) struct Part<'w> {
    wanted: &'w Wanted,
    path: PathBuf,
    file: File,
    hasher: Sha256,
    length: u64,
}

/// Where it is. Its name has part of the SHA-256: what came of another version is another file.
pub(super) fn path(wanted: &Wanted) -> PathBuf {
    let start = wanted.sha256.get(..16).unwrap_or_default();
    wanted.path.with_file_name(format!(".{}.{start}.part", wanted.name))
}

/// How many bytes of it are on the disk.
pub(super) fn kept(wanted: &Wanted) -> u64 {
    fs::metadata(path(wanted)).map_or(0, |metadata| metadata.len())
}

impl<'w> Part<'w> {
    /// Opens it, or makes it, for this process alone.
    ///
    /// # Errors
    ///
    /// When another process downloads it, or the disk refuses.
    pub(super) fn open(wanted: &'w Wanted) -> Result<Self, Error> {
        let path = path(wanted);
        let opened = || {
            fs::create_dir_all(wanted.path.parent().unwrap_or(Path::new(".")))?;
            File::options().read(true).append(true).create(true).open(&path)
        };
        let mut file = opened().map_err(|error| refused(&path, error))?;
        lock(&file, &path)?;
        let mut hasher = Sha256::new();
        let hashed = file.seek(SeekFrom::Start(0)).and_then(|_| hash(&mut hasher, &mut file));
        let length = hashed.map_err(|error| refused(&path, error))?;
        let mut part = Self { wanted, path, file, hasher, length };
        if part.length > wanted.size {
            part.restart()?;
        }
        Ok(part)
    }

    /// How many bytes have come.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Whether all have come.
    pub(super) fn is_complete(&self) -> bool {
        self.length == self.wanted.size
    }

    /// Forgets all that has come.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub(super) fn restart(&mut self) -> Result<(), Error> {
        self.file.set_len(0).map_err(|error| refused(&self.path, error))?;
        (self.hasher, self.length) = (Sha256::default(), 0);
        Ok(())
    }

    /// Appends what came.
    ///
    /// # Errors
    ///
    /// When that is more than the file has, or the disk refuses.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let length = self.length + bytes.len() as u64;
        if length > self.wanted.size {
            // Nothing that begins with it can be the file.
            self.restart()?;
            return Err(Error::new(
                ErrorKind::Api,
                format!("more than the {} bytes came that are declared; the server has another file", self.wanted.size),
            ));
        }
        // What the disk took of them before it refused is found by the next run.
        self.file.write_all(bytes).map_err(|error| refused(&self.path, error))?;
        self.hasher.update(bytes);
        self.length = length;
        Ok(())
    }

    /// The SHA-256 of what has come.
    pub(super) fn sha256(&self) -> String {
        digits(self.hasher.clone())
    }

    /// Puts it where the file belongs.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub(super) fn finish(self) -> Result<(), Error> {
        let path = &self.wanted.path;
        self.file.sync_all().map_err(|error| refused(&self.path, error))?;
        fs::rename(&self.path, path).map_err(|error| refused(path, error))
    }
}

impl Drop for Part<'_> {
    /// What holds nothing is not left behind. (Of a file that was put in its place nothing is left to remove.)
    fn drop(&mut self) {
        if self.length == 0 {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Keeps other processes away until the file is closed.
#[cfg(unix)]
fn lock(file: &File, path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt as _;

    use rustix::fs::{FlockOperation, flock};

    let taken = || {
        let message = "another process is downloading it now; wait until that one has done";
        Error::new(ErrorKind::Io, message)
    };
    flock(file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match io::Error::from(error) {
        error if error.kind() == io::ErrorKind::WouldBlock => taken(),
        error => refused(path, error),
    })?;
    // Another process may have put it in its place since it was opened: what is open then is the file itself.
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata().map(identity), fs::metadata(path).map(identity)) {
        (Ok(opened), Ok(named)) if opened == named => Ok(()),
        _ => Err(taken()),
    }
}

#[cfg(not(unix))]
fn lock(_: &File, _: &Path) -> Result<(), Error> {
    Ok(())
}

fn refused(path: &Path, error: io::Error) -> Error {
    let advice = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "make room, and run this again: what came so far is kept"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "ask for the right to write there, or set `LK_MODEL_DIR` to another folder"
        }
        _ => "look at the disk, or set `LK_MODEL_DIR` to another folder",
    };
    Error::new(ErrorKind::Io, format!("`{}` cannot be written; {advice}", path.display())).with_source(error)
}
