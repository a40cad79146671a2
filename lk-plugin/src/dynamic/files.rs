//! Checks 2 to 5: directories and files that nobody else can change, each file once.

use std::collections::BinaryHeap;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, openat, statat};
use rustix::io::Errno;

use super::check::Check;
use super::report::Fault;

/// The most plugin files of one directory that are looked at.
pub(super) const MAX_FILES: usize = 512;

/// The largest plugin file, in bytes.
pub(super) const MAX_LENGTH: u64 = 1 << 30;

/// How we came by a path, which decides what to do about one that leads to nothing of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The caller named it.
    Named,
    /// It is on a search path, or in a directory of one.
    Searched,
}

/// A directory that was opened once; its files are found through the descriptor, whatever becomes of its name.
pub(super) struct Directory {
    descriptor: File,
}

impl Directory {
    /// Check 2.
    pub(super) fn open(path: &Path, trust_all: bool, found: Found) -> Result<Self, Fault> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fault = |reason: String, remedy: &str| Fault::new(Check::Directory, reason, remedy);
        let descriptor = openat(CWD, path, flags, Mode::empty()).map_err(|error| match error {
            Errno::NOENT => fault(
                "is not there".to_owned(),
                match found {
                    Found::Named => CHECK_NAME,
                    Found::Searched => "make it, or take it out of `LK_PLUGIN_PATH`",
                },
            ),
            Errno::NOTDIR => fault("is not a directory".to_owned(), "give the directory that the plugin files are in"),
            error => fault(format!("cannot be opened ({})", io::Error::from(error)), "look at its permissions"),
        })?;
        let descriptor = File::from(descriptor);
        let metadata =
            descriptor.metadata().map_err(|error| fault(format!("cannot be read ({error})"), LOOK_AT_DISK))?;
        match distrust(&metadata).filter(|_| !trust_all) {
            Some((reason, remedy)) => Err(fault(reason, remedy)),
            None => Ok(Self { descriptor }),
        }
    }

    /// Check 3: the names of the plugin files, sorted by their bytes, and the fault that there are more than are looked at.
    pub(super) fn list(&self) -> Result<(Vec<OsString>, Option<Fault>), Fault> {
        let fault = |error: Errno| {
            Fault::new(Check::Listing, format!("cannot be listed ({})", io::Error::from(error)), LOOK_AT_DISK)
        };
        // Never more in memory than are looked at, however many there are.
        let (mut names, mut count) = (BinaryHeap::new(), 0_usize);
        for entry in Dir::read_from(&self.descriptor).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            let name = entry.file_name().to_bytes();
            if name.ends_with(b".so") && !name.starts_with(b".") {
                count += 1;
                names.push(OsStr::from_bytes(name).to_owned());
                if names.len() > MAX_FILES {
                    names.pop();
                }
            }
        }
        let too_many = (count > MAX_FILES).then(|| {
            let reason = format!("has {count} plugin files, and only the first {MAX_FILES} are looked at");
            Fault::new(Check::Listing, reason, "spread them over several directories")
        });
        Ok((names.into_sorted_vec(), too_many))
    }

    /// Check 4, of a file in this directory.
    pub(super) fn file(&self, name: &OsStr, trust_all: bool, found: Found) -> Result<Opened, Fault> {
        let opened = Opened::of(&self.descriptor, Path::new(name), trust_all, found)?;
        if opened.length > MAX_LENGTH {
            let reason = format!("has {} bytes, and at most {MAX_LENGTH} are taken", opened.length);
            return Err(Fault::new(Check::File, reason, "leave its debug information out"));
        }
        Ok(opened)
    }

    /// A file in this directory that need not be there.
    pub(super) fn file_if_any(&self, name: &str) -> io::Result<Option<File>> {
        match openat(&self.descriptor, name, READ, Mode::empty()) {
            Ok(file) => Ok(Some(file.into())),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn descriptor(&self) -> &File {
        &self.descriptor
    }
}

/// A pipe without a writer, or a device, does not make us wait.
const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// What to do about a read that failed.
pub(super) const LOOK_AT_DISK: &str = "look at the disk that it is on";

/// What to do about a name that leads nowhere.
const CHECK_NAME: &str = "check the name and the folder";

/// A regular file, opened once.
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) length: u64,
    /// Device and inode: which file it is, whatever its name.
    pub(super) identity: (u64, u64),
    pub(super) stamp: Stamp,
}

/// Size and time of the last write: what another content almost always changes. (A file that is replaced by another one
/// changes neither: it lives on without a name, and is what is loaded.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { length: metadata.size(), seconds: metadata.mtime(), nanoseconds: metadata.mtime_nsec() }
    }
}

impl Opened {
    /// Any file that somebody named, whoever owns it.
    pub(super) fn any(path: &Path) -> Result<Self, Fault> {
        Self::of(CWD, path, true, Found::Named)
    }

    fn of(directory: impl AsFd, path: &Path, trust_all: bool, found: Found) -> Result<Self, Fault> {
        let fault = |reason: String, remedy: &str| Fault::new(Check::File, reason, remedy);
        let is_there = || statat(&directory, path, AtFlags::SYMLINK_NOFOLLOW).is_ok();
        let file = openat(&directory, path, READ, Mode::empty()).map_err(|error| match error {
            Errno::NOENT if is_there() => {
                fault("is a link to nothing".to_owned(), "look where it should lead, or remove it")
            }
            Errno::NOENT | Errno::NOTDIR => fault("is not there".to_owned(), CHECK_NAME),
            Errno::LOOP => fault("is a link that leads in a circle".to_owned(), "remove it"),
            Errno::NXIO => fault("is a socket or a device without a driver".to_owned(), found.no_file(false)),
            error => fault(format!("cannot be opened ({})", io::Error::from(error)), "look at its permissions"),
        })?;
        let file = File::from(file);
        let metadata = file.metadata().map_err(|error| fault(format!("cannot be read ({error})"), LOOK_AT_DISK))?;
        if let Some(kind) = kind_if_not_regular(&metadata) {
            return Err(fault(format!("is {kind}, not a file"), found.no_file(metadata.is_dir())));
        }
        if let Some((reason, remedy)) = distrust(&metadata).filter(|_| !trust_all) {
            return Err(fault(reason, remedy));
        }
        Ok(Self::new(file, &metadata))
    }

    pub(super) fn new(file: File, metadata: &Metadata) -> Self {
        let identity = (metadata.dev(), metadata.ino());
        Self { file, length: metadata.len(), identity, stamp: Stamp::of(metadata) }
    }
}

impl Found {
    /// What to do about something that is no file.
    fn no_file(self, is_directory: bool) -> &'static str {
        match self {
            Self::Named if is_directory => "name a file in it",
            Self::Named => "name a program or a shared object",
            Self::Searched => "remove it, or call it something that does not end in `.so`",
        }
    }
}

fn kind_if_not_regular(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    Some(match () {
        () if kind.is_file() => return None,
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () => "something else",
    })
}

/// Why somebody else could change it, and what to do.
pub(super) fn distrust(metadata: &Metadata) -> Option<(String, &'static str)> {
    let (owner, me) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != 0 && owner != me {
        let reason = format!("belongs to user {owner}, who is neither root nor you (user {me})");
        return Some((
            reason,
            "install it anew, or `chown` it if you trust it; `LK_PLUGIN_INSECURE=1` takes it as it is",
        ));
    }
    let who = match metadata.mode() & 0o022 {
        0 => return None,
        0o020 => "its group",
        _ => "everybody",
    };
    let reason = format!("can be written by {who} (mode {:03o})", metadata.mode() & 0o7777);
    Some((reason, "run `chmod go-w` on it if you trust it; `LK_PLUGIN_INSECURE=1` takes it as it is"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::{fs, io};

    use crate::dynamic::{SearchPath, inspect};
    use crate::registry::Registry;

    #[test]
    fn what_to_do_fits_how_a_path_was_found() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("folder.so"))?;
        symlink("nowhere", at("link.so"))?;
        symlink("/dev/null", at("null.so"))?;
        let said = |reason: &str, remedy: &str| format!("{reason}; {remedy}");
        for (name, reason, named, searched) in [
            (
                "folder.so",
                "is a directory, not a file",
                "name a file in it",
                Some("remove it, or call it something that does not end in `.so`"),
            ),
            (
                "null.so",
                "is a device, not a file",
                "name a program or a shared object",
                Some("remove it, or call it something that does not end in `.so`"),
            ),
            (
                "link.so",
                "is a link to nothing",
                "look where it should lead, or remove it",
                Some("look where it should lead, or remove it"),
            ),
            ("nope.so", "is not there", super::CHECK_NAME, None),
            ("nope/nope.so", "is not there", super::CHECK_NAME, None),
        ] {
            let refusal = inspect(at(name)).err().map(|refusal| said(&refusal.reason, &refusal.remedy));
            assert_eq!(refusal, Some(said(reason, named)), "{name}");
            let only = SearchPath::default().insecure(true).only(at(name)).list(&Registry::empty());
            let refused: Vec<_> = only.refused.iter().map(|refusal| said(&refusal.reason, &refusal.remedy)).collect();
            assert_eq!(refused, [said(reason, named)], "{name}");
            let listed = SearchPath::new(folder.path()).insecure(true).list(&Registry::empty());
            let refusal = listed.refused.iter().find(|refusal| refusal.path == at(name));
            assert_eq!(
                refusal.map(|refusal| said(&refusal.reason, &refusal.remedy)),
                searched.map(|remedy| said(reason, remedy)),
                "{name}"
            );
        }
        let missing = at("missing");
        let lock = |path: SearchPath| path.lock(&missing).err().map(|refusal| refusal.remedy).unwrap_or_default();
        assert_eq!(lock(SearchPath::default()), super::CHECK_NAME);
        assert!(lock(SearchPath::new(&missing)).contains("take it out of `LK_PLUGIN_PATH`"));
        Ok(())
    }
}
