//! Plugins in files, read without running them: what executables and shared objects say, and every fault for which a file
//! is refused.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]
#![expect(clippy::print_stderr, reason = "what is skipped is said")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use integration_tests::shared_object::SharedObject;
use lk_plugin::Registry;
use lk_plugin::dynamic::{Candidate, Check, Report, SearchPath};
use lk_plugins as _;
use tempfile::TempDir;

mod checks;
mod command_line;
mod contents;
mod locks;
mod mutants;
mod places;

/// The target of this build, as `inspect` finds it in no note: from the compiler.
fn target() -> &'static str {
    static TARGET: LazyLock<String> = LazyLock::new(|| {
        let rustc =
            Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV").output().unwrap();
        let text = String::from_utf8(rustc.stdout).unwrap();
        text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
    });
    &TARGET
}

fn good(name: &str) -> SharedObject {
    SharedObject::new(target(), &[name])
}

/// A directory that only we can write to.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    folder
}

fn write(folder: &TempDir, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    path
}

fn list(folder: &TempDir) -> Report<Candidate> {
    SearchPath::new(folder.path()).list(&Registry::empty())
}

/// That the one file is refused by this check in these words, and that another one beside it is not.
#[track_caller]
fn assert_refused(bytes: impl AsRef<[u8]>, check: Check, words: &str) {
    let folder = folder();
    let bad = write(&folder, "a-bad.so", bytes);
    write(&folder, "b-good.so", good("good").bytes());
    assert_report(&list(&folder), &bad, check, words);
}

#[track_caller]
fn assert_report(report: &Report<Candidate>, bad: &Path, check: Check, words: &str) {
    let refusal = report.refused.first().unwrap();
    assert_eq!((report.refused.len(), refusal.check, refusal.path.as_path()), (1, check, bad), "{refusal}");
    assert!(refusal.reason.contains(words), "{refusal}");
    assert!(!refusal.remedy.is_empty());
    let names: Vec<String> = report.files.iter().flat_map(Candidate::plugins).map(ToString::to_string).collect();
    assert_eq!(names, ["vad/good"]);
}

/// A good file with one thing changed.
fn with(change: impl FnOnce(&mut SharedObject)) -> Vec<u8> {
    let mut object = good("one");
    change(&mut object);
    object.bytes()
}

/// The reasons for which components of the path are refused.
fn refusals(path: impl AsRef<std::ffi::OsStr>) -> Vec<(u8, String)> {
    let report = SearchPath::new(path.as_ref()).list(&Registry::empty());
    report.refused.iter().map(|refusal| (refusal.check.number(), refusal.reason.clone())).collect()
}
