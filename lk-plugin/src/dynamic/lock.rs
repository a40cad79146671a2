//! Check 6: lock files. What a directory's lock names by its SHA-256 may be loaded, and nothing else.
//!
//! The file is copied into memory and sealed; that copy is hashed, read, probed and opened. So the bytes that were checked
//! are the bytes that run, whoever writes to the file meanwhile.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags, fcntl_add_seals, memfd_create, openat, renameat};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use super::check::Check;
use super::files::{Directory, Found, LOOK_AT_DISK, MAX_LENGTH, Opened, distrust};
use super::report::{Fault, Refusal, Report};

/// What a directory's lock file is called.
pub const LOCK_FILE: &str = "lk-plugin.lock";

/// The longest lock file, in bytes.
const MAX_LOCK: u64 = 1 << 20;

/// The contents that a directory's lock allows.
pub(super) struct Lock {
    /// The name that each had when it was locked, by SHA-256.
    names: HashMap<[u8; 32], OsString>,
}

impl Lock {
    /// The lock of a directory, if it has one.
    pub(super) fn of(directory: &Directory, trust_all: bool) -> Result<Option<Self>, Fault> {
        let unreadable = |error: io::Error| fault(format!("cannot be read ({error})"), "look at its permissions");
        let Some(file) = directory.file_if_any(LOCK_FILE).map_err(unreadable)? else { return Ok(None) };
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(fault("is not a file", LOCK_AGAIN));
        }
        if let Some((reason, remedy)) = distrust(&metadata).filter(|_| !trust_all) {
            return Err(fault(reason, remedy));
        }
        let mut text = Vec::new();
        file.take(MAX_LOCK + 1).read_to_end(&mut text).map_err(unreadable)?;
        if text.len() as u64 > MAX_LOCK {
            return Err(fault(format!("has more than {MAX_LOCK} bytes"), LOCK_AGAIN));
        }
        let mut names = HashMap::new();
        let lines = text.split(|byte| *byte == b'\n').enumerate();
        for (index, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(b"#")) {
            let (hash, name) =
                entry(line).ok_or_else(|| fault(format!("has no hash and name in line {}", index + 1), LOCK_AGAIN))?;
            names.insert(hash, name);
        }
        Ok(Some(Self { names }))
    }

    /// The sealed copy of a file whose content is in the lock.
    pub(super) fn admit(&self, name: &OsStr, file: &File) -> Result<Opened, Fault> {
        let copied = sealed_copy(file).and_then(|copy| Ok((copy.metadata()?, copy)));
        let (metadata, copy) = copied.map_err(|error| {
            fault(format!("cannot be copied into memory ({error})"), "look at the memory that is free")
        })?;
        let hash = sha256(&copy).map_err(|error| fault(format!("cannot be read ({error})"), LOOK_AT_DISK))?;
        if self.names.contains_key(&hash) {
            return Ok(Opened::new(copy, &metadata));
        }
        let is_known = self.names.values().any(|known| known == name);
        let reason = if is_known { "has changed since it was locked" } else { "is not in the directory's lock file" };
        Err(fault(reason, "if you trust what it is now, run `lk-go plugin lock` on its directory"))
    }
}

const LOCK_AGAIN: &str = "run `lk-go plugin lock` on its directory";

fn fault(reason: impl Into<String>, remedy: impl Into<String>) -> Fault {
    Fault::new(Check::Lock, reason, remedy)
}

/// A line as `sha256sum` writes it: hash, a space, a space or star, and the name, which is escaped when the line begins
/// with a backslash.
fn entry(line: &[u8]) -> Option<([u8; 32], OsString)> {
    let (is_escaped, line) = match line.strip_prefix(b"\\") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (digits, rest) = line.split_at_checked(64)?;
    let name = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *")).filter(|name| !name.is_empty())?;
    let mut hash = [0; 32];
    for (byte, digits) in hash.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    let name = if is_escaped { unescaped(name) } else { name.to_vec() };
    Some((hash, OsString::from_vec(name)))
}

fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        plain.push(match (byte, if *byte == b'\\' { bytes.next() } else { None }) {
            (_, Some(b'n')) => b'\n',
            (_, Some(b'r')) => b'\r',
            (_, Some(other)) => *other,
            (byte, None) => *byte,
        });
    }
    plain
}

/// A line of a lock file, with its line break.
fn line(hash: &[u8; 32], name: &OsStr) -> Vec<u8> {
    let mut line = Vec::new();
    let mut escaped = Vec::new();
    for byte in name.as_bytes() {
        match byte {
            b'\n' => escaped.extend(b"\\n"),
            b'\r' => escaped.extend(b"\\r"),
            b'\\' => escaped.extend(b"\\\\"),
            byte => escaped.push(*byte),
        }
    }
    if escaped.len() != name.len() {
        line.push(b'\\');
    }
    line.extend(digits(hash).into_bytes());
    line.extend(b"  ");
    line.extend(escaped);
    line.push(b'\n');
    line
}

/// A plugin file whose content is in the lock of its directory now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Locked {
    /// The file.
    pub path: PathBuf,
    /// The SHA-256 of its content, 64 hexadecimal digits.
    pub sha256: String,
}

/// Writes the lock of a directory.
pub(super) fn lock(path: &Path, trust_all: bool, found: Found) -> Result<Report<Locked>, Refusal> {
    let directory = Directory::open(path, trust_all, found).map_err(|fault| fault.at(path))?;
    let (names, too_many) = directory.list().map_err(|fault| fault.at(path))?;
    let mut report = Report::new();
    report.refused.extend(too_many.map(|fault| fault.at(path)));
    let mut text =
        b"# Plugins that may be loaded from here, and nothing else. `lk-go plugin lock` writes this.\n".to_vec();
    for name in names {
        let hashed = directory.file(&name, trust_all, Found::Searched).and_then(|opened| {
            sha256(&opened.file).map_err(|error| fault(format!("cannot be read ({error})"), LOOK_AT_DISK))
        });
        let path = path.join(&name);
        match hashed {
            Ok(hash) => {
                text.extend(line(&hash, &name));
                report.files.push(Locked { path, sha256: digits(&hash) });
            }
            Err(fault) => report.refused.push(fault.at(path)),
        }
    }
    replace(&directory, &text).map_err(|error| {
        let reason = format!("cannot be written ({error})");
        fault(reason, "look at the directory's permissions").at(path.join(LOCK_FILE))
    })?;
    Ok(report)
}

/// All at once, so that nobody reads half of it.
fn replace(directory: &Directory, text: &[u8]) -> io::Result<()> {
    let new = format!(".{LOCK_FILE}.{}", std::process::id());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(openat(directory.descriptor(), &new, flags, Mode::from_raw_mode(0o644))?);
    file.write_all(text)?;
    file.sync_all()?;
    Ok(renameat(directory.descriptor(), &new, directory.descriptor(), LOCK_FILE)?)
}

fn digits(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A copy in memory that nobody can change, not even we.
fn sealed_copy(file: &File) -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Kernels before 6.3 do not know the last flag, and later ones may be told to insist on it.
    let copy = match memfd_create("lk-plugin", flags | MemfdFlags::EXEC) {
        Err(Errno::INVAL) => memfd_create("lk-plugin", flags)?,
        result => result?,
    };
    let mut copy = File::from(copy);
    each_part(file, |part| copy.write_all(part))?;
    fcntl_add_seals(&copy, SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL)?;
    Ok(copy)
}

/// The SHA-256 of an open file's content.
pub(crate) fn sha256(file: &File) -> io::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    each_part(file, |part| {
        hash.update(part);
        Ok(())
    })?;
    Ok(hash.finalize().into())
}

fn each_part(file: &File, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let (mut part, mut at) = (vec![0; 1 << 16], 0_u64);
    loop {
        let length = match file.read_at(&mut part, at) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        take(part.get(..length).unwrap_or_default())?;
        at += length as u64;
        if at > MAX_LENGTH {
            return Err(io::Error::other("it grew while it was read"));
        }
    }
}

#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing {
    use super::*;

    /// A line that is read comes back when it is written and read again.
    pub(in crate::dynamic) fn line_is_read(bytes: &[u8]) {
        let Some((hash, name)) = entry(bytes) else { return };
        let written = line(&hash, &name);
        assert_eq!(entry(written.strip_suffix(b"\n").unwrap_or_default()), Some((hash, name)));
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn what_is_admitted_stays_what_it_was() -> io::Result<()> {
        let mut file = tempfile::tempfile()?;
        file.write_all(b"good")?;
        let lock = Lock { names: HashMap::from([(sha256(&file)?, OsString::from("a.so"))]) };
        let admitted = lock.admit(OsStr::new("a.so"), &file).map_err(|fault| io::Error::other(fault.reason))?;
        file.write_all_at(b"evil", 0)?;
        file.write_all_at(b"longer", 4)?;
        let mut bytes = [0; 8];
        assert_eq!(admitted.file.read_at(&mut bytes, 0)?, 4);
        assert_eq!((&bytes[..4], admitted.length), (&b"good"[..], 4));
        // Not even this process can change it.
        let again = OpenOptions::new().write(true).open(format!("/proc/self/fd/{}", admitted.file.as_raw_fd()));
        assert!(again.and_then(|copy| copy.write_all_at(b"evil", 0)).is_err());
        assert!(lock.admit(OsStr::new("a.so"), &file).is_err_and(|fault| fault.reason.contains("has changed")));
        Ok(())
    }

    #[test]
    fn a_name_with_anything_in_it_comes_back() {
        let hash = [0xab; 32];
        for name in [&b"a.so"[..], b" b c.so", b"new\nline\\and\r.so", b"\xff\xfe.so", b"\\.so"] {
            let written = line(&hash, OsStr::from_bytes(name));
            let read = entry(written.strip_suffix(b"\n").unwrap_or_default());
            assert_eq!(read, Some((hash, OsString::from_vec(name.to_vec()))));
        }
        for broken in [&b""[..], b"ab  a.so", &[b'a'; 70], &[b'z'; 80]] {
            assert_eq!(entry(broken), None);
        }
    }
}
