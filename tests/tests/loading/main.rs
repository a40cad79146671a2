//! Plugins in `.so` files that these tests build themselves: loading, using and refusing them. Nothing is fetched that
//! building this test has not fetched.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod build;
mod check;
mod cycles;
mod faults;
mod good;
mod older;
mod panics;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use lk_plugin::Registry;
use lk_plugin::dynamic::{LoadOptions, LoadReport, SearchPath};
use tempfile::TempDir;

/// A folder of plugin files.
struct Folder(TempDir);

impl Folder {
    /// With copies of these files under their own names.
    fn of(files: &[&Path]) -> Self {
        let folder = Self(TempDir::new().unwrap());
        fs::set_permissions(folder.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for file in files {
            folder.add(file, file.file_name().unwrap().to_str().unwrap());
        }
        folder
    }

    fn add(&self, file: &Path, name: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::copy(file, &path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn options(&self) -> LoadOptions {
        LoadOptions::new(SearchPath::new(self.0.path()))
    }

    /// Loads all of it, probed by `lk-go`, into a registry without built-ins.
    fn load(&self) -> (Registry, LoadReport) {
        let registry = Registry::empty();
        let report = registry.load_path(&self.options().with_probe_helper(build::lk_go()));
        (registry, report)
    }
}

/// All of the folder is loaded, or the test fails with the reasons.
fn load(files: &[&Path]) -> Registry {
    let (registry, report) = Folder::of(files).load();
    let reasons: Vec<String> = report.refused.iter().map(ToString::to_string).collect();
    assert!(reasons.is_empty() && report.files.len() == files.len(), "{reasons:#?}");
    registry
}
