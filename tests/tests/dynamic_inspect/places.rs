//! Checks 1 to 5: directories and files, whatever is in them.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use lk_plugin::Registry;
use lk_plugin::dynamic::{Candidate, Check, SearchPath};

use crate::{folder, good, list, refusals, write};

#[test]
fn components_must_be_absolute_directories() {
    let folder = folder();
    write(&folder, "good.so", good("good").bytes());
    let path = format!("plugins::{0}:./plugins:{0}/nothing:{0}/good.so", folder.path().display());
    let reasons = refusals(&path);
    let numbers: Vec<u8> = reasons.iter().map(|(check, _)| *check).collect();
    assert_eq!(numbers, [1, 1, 1, 2, 2], "{reasons:?}");
    for (index, words) in
        ["is not absolute", "is an empty component", "is not absolute", "is not there", "is not a directory"]
            .into_iter()
            .enumerate()
    {
        assert!(reasons[index].1.contains(words), "{reasons:?}");
    }
    assert_eq!(SearchPath::new(path).list(&Registry::empty()).files.len(), 1);
    assert_eq!(refusals(""), []);
}

#[test]
fn what_others_can_write_to_is_refused_unless_told_otherwise() {
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let folder = folder();
    let file = write(&folder, "bad.so", good("one").bytes());
    for (bits, who) in [(0o664, "its group"), (0o646, "everybody"), (0o666, "everybody")] {
        mode(&file, bits);
        let reasons = refusals(folder.path());
        assert!(reasons.len() == 1 && reasons[0].0 == 4 && reasons[0].1.contains(who), "{reasons:?}");
        let trusting = SearchPath::new(folder.path()).insecure(true).list(&Registry::empty());
        assert_eq!((trusting.files.len(), trusting.refused), (1, Vec::new()));
    }
    mode(&file, 0o644);
    for (bits, who) in [(0o775, "its group"), (0o777, "everybody"), (0o1777, "everybody")] {
        mode(folder.path(), bits);
        let reasons = refusals(folder.path());
        assert!(reasons.len() == 1 && reasons[0].0 == 2 && reasons[0].1.contains(who), "{reasons:?}");
        let trusting = SearchPath::new(folder.path()).insecure(true).list(&Registry::empty());
        assert_eq!((trusting.files.len(), trusting.refused), (1, Vec::new()));
    }
}

#[test]
fn what_belongs_to_somebody_else_is_refused() {
    let folder = folder();
    let file = write(&folder, "bad.so", good("one").bytes());
    if let Err(error) = chown(&file, Some(12_345), None) {
        eprintln!("skipped: only root can give files away ({error})");
        return;
    }
    let reasons = refusals(folder.path());
    assert!(reasons.len() == 1 && reasons[0].0 == 4 && reasons[0].1.contains("belongs to user 12345"), "{reasons:?}");
    chown(&file, Some(0), None).unwrap();
    chown(folder.path(), Some(12_345), None).unwrap();
    let reasons = refusals(folder.path());
    assert!(reasons.len() == 1 && reasons[0].0 == 2 && reasons[0].1.contains("belongs to user 12345"), "{reasons:?}");
    chown(folder.path(), Some(0), None).unwrap();
    assert_eq!(refusals(folder.path()), []);
}

#[test]
fn what_is_no_regular_file_is_refused_without_waiting() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("directory.so")).unwrap();
    symlink("/dev/null", at("device.so")).unwrap();
    symlink("nowhere", at("dangling.so")).unwrap();
    symlink("loop-b.so", at("loop-a.so")).unwrap();
    symlink("loop-a.so", at("loop-b.so")).unwrap();
    let _socket = UnixListener::bind(at("socket.so")).unwrap();
    assert!(Command::new("mkfifo").arg(at("pipe.so")).status().unwrap().success());
    write(&folder, "good.so", good("good").bytes());
    let report = list(&folder);
    assert_eq!(report.files.len(), 1);
    let reasons: Vec<(String, u8, &str)> = report
        .refused
        .iter()
        .map(|refusal| {
            let name = refusal.path.file_name().unwrap().to_string_lossy().into_owned();
            (name, refusal.check.number(), refusal.reason.as_str())
        })
        .collect();
    let expected = [
        ("dangling.so", "is a link to nothing"),
        ("device.so", "is a device, not a file"),
        ("directory.so", "is a directory, not a file"),
        ("loop-a.so", "is a link that leads in a circle"),
        ("loop-b.so", "is a link that leads in a circle"),
        ("pipe.so", "is a pipe, not a file"),
        ("socket.so", "is a socket or a device without a driver"),
    ];
    assert_eq!(reasons, expected.map(|(name, reason)| (name.to_owned(), 4, reason)));
}

#[test]
fn a_file_with_two_names_is_looked_at_once() {
    let (folder, other) = (folder(), folder());
    let first = write(&folder, "a.so", good("one").bytes());
    fs::hard_link(&first, folder.path().join("b.so")).unwrap();
    symlink(&first, other.path().join("c.so")).unwrap();
    let path = format!("{}:{}", folder.path().display(), other.path().display());
    let report = SearchPath::new(path).list(&Registry::empty());
    assert_eq!((report.files.len(), report.refused.len()), (1, 0));
    let skipped: Vec<_> = report.skipped.iter().map(|skipped| (&skipped.path, &skipped.same_as)).collect();
    assert_eq!(skipped, [(&folder.path().join("b.so"), &first), (&other.path().join("c.so"), &first)]);
}

#[test]
fn names_may_be_any_bytes() {
    let folder = folder();
    let name = OsStr::from_bytes(b"\xff\xfe\n.so");
    let path = write(&folder, name, good("one").bytes());
    let bad = write(&folder, OsStr::from_bytes(b"\xff.so"), b"text");
    let report = list(&folder);
    assert_eq!((report.files[0].path(), report.refused[0].path.as_path()), (path.as_path(), bad.as_path()));
}

#[test]
fn of_600_files_the_first_512_are_looked_at() {
    let folder = folder();
    for number in 0..600 {
        write(&folder, format!("{number:03}.so"), good(&format!("n{number}")).bytes());
    }
    let report = list(&folder);
    assert_eq!((report.files.len(), report.refused.len()), (512, 1));
    assert!(report.files.iter().map(Candidate::path).is_sorted());
    assert_eq!(report.files[511].path(), folder.path().join("511.so"));
    let refusal = &report.refused[0];
    assert_eq!((refusal.check, refusal.path.as_path()), (Check::Listing, folder.path()));
    assert_eq!(refusal.reason, "has 600 plugin files, and only the first 512 are looked at");
    // Nothing of them is left open.
    let open = fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    assert_eq!(open.filter(|path| path.starts_with(folder.path())).count(), 0);
}
