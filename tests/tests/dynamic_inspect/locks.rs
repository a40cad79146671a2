//! Check 6: lock files.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use lk_plugin::dynamic::{Check, LOCK_FILE, SearchPath};

use crate::{assert_report, folder, good, list, refusals, write};

#[test]
fn a_lock_lets_its_contents_in_and_nothing_else() {
    let folder = folder();
    let locked = write(&folder, "good.so", good("good").bytes());
    let names = SearchPath::default().lock(folder.path()).unwrap();
    assert_eq!(names.files.iter().map(|file| file.path.as_path()).collect::<Vec<_>>(), [locked.as_path()]);
    match Command::new("sha256sum").args(["--check", "--strict", LOCK_FILE]).current_dir(folder.path()).output() {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(error) => eprintln!("skipped in part: there is no `sha256sum` here ({error})"),
    }

    let added = write(&folder, "added.so", good("added").bytes());
    assert_report(&list(&folder), &added, Check::Lock, "is not in the directory's lock file");
    assert!(list(&folder).files[0].is_locked());
    fs::remove_file(added).unwrap();

    fs::write(&locked, good("changed").bytes()).unwrap();
    let reasons = refusals(folder.path());
    assert_eq!(reasons, [(6, "has changed since it was locked".to_owned())]);

    SearchPath::default().lock(folder.path()).unwrap();
    assert_eq!(list(&folder).files[0].plugins()[0].name, "changed");
}

#[test]
fn a_lock_that_cannot_be_trusted_or_read_closes_its_directory() {
    let folder = folder();
    write(&folder, "one.so", good("one").bytes());
    let lock = folder.path().join(LOCK_FILE);
    for (text, mode, words) in [
        ("nonsense\n", 0o644, "no hash and name in line 1"),
        ("# a comment\n\nzz  one.so\n", 0o644, "no hash and name in line 3"),
        ("", 0o666, "can be written by everybody"),
        (&*"#".repeat(2 << 20), 0o644, "more than 1048576 bytes"),
    ] {
        fs::write(&lock, text).unwrap();
        fs::set_permissions(&lock, Permissions::from_mode(mode)).unwrap();
        let report = list(&folder);
        assert_eq!((report.files.len(), report.refused.len()), (0, 1));
        assert_eq!((report.refused[0].check, &report.refused[0].path), (Check::Lock, &lock));
        assert!(report.refused[0].reason.contains(words), "{}", report.refused[0]);
    }
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    assert_eq!(refusals(folder.path()), [(6, "is not a file".to_owned())]);
    fs::remove_dir(&lock).unwrap();
    // An empty one lets nothing in.
    fs::write(&lock, "").unwrap();
    assert_eq!(refusals(folder.path()), [(6, "is not in the directory's lock file".to_owned())]);
}
