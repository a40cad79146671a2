//! Files that must not be loaded: the process survives every one, and says which check refused it and why.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lk_plugin::dynamic::{Check, LoadReport, Probe};
use lk_plugin::{Config, Plugin, Registry, Vad};

use super::Folder;
use super::build::{self, fixture, names};

/// What kept the one file of the report out.
fn refusal(report: &LoadReport) -> (Check, String) {
    assert!(report.files.is_empty());
    let [refusal] = report.refused.as_slice() else { panic!("{:?}", report.refused) };
    assert!(!refusal.remedy.is_empty());
    (refusal.check, refusal.reason.clone())
}

/// Loads a file with that fault, and a good one beside it.
fn refused(fault: &str) -> (Check, String) {
    let folder = Folder::of(&[&build::raw(fault, &build::notes([1, 1])), &fixture("other-allocator")]);
    let (registry, mut report) = folder.load();
    assert_eq!(names(&registry), ["llm/marking"], "{fault}: the others load");
    report.files.clear();
    refusal(&report)
}

fn assert_refused(fault: &str, check: Check, reason: &str) {
    let (by, why) = refused(fault);
    assert!(by == check && why.contains(reason), "{fault}: check {by}: {why}");
}

#[test]
fn constructors_that_end_the_process_end_the_helper() {
    assert_refused("abort", Check::Probe, "was killed by signal 6");
    assert_refused("segfault", Check::Probe, "was killed by signal 11");
    assert_refused("exit", Check::Probe, "which ended with exit code 0 first");
    assert_refused("hang", Check::Probe, "was not loaded within 2 s");
    assert_refused("abort-at-exit", Check::Probe, "was loaded by a helper process, which then was killed by signal 6");
}

/// State and parent of a process; `None` when there is none.
fn process(id: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut words = stat.rsplit_once(')')?.1.split_whitespace();
    Some((words.next()?.chars().next()?, words.next()?.parse().ok()?))
}

/// Asks until there is an answer.
fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        match ask() {
            Some(answer) => return answer,
            None => assert!(Instant::now() < deadline, "waited in vain for {what}"),
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_helper_that_hangs_ends_with_its_host() {
    let folder = Folder::of(&[&build::raw("hang", &build::notes([1, 1]))]);
    let mut host = Command::new(build::lk_go())
        .args(["plugin", "list", "--probe"])
        .env("LK_PLUGIN_PATH", folder.0.path())
        .env("XDG_CACHE_HOME", folder.0.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let helper = wait_for("a helper with the file in memory", || {
        let mut processes =
            fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        processes.find(|id| {
            let maps = || fs::read_to_string(format!("/proc/{id}/maps")).unwrap_or_default();
            process(*id).is_some_and(|(_, parent)| parent == host.id()) && maps().contains("libraw_hang.so")
        })
    });
    host.kill().unwrap();
    host.wait().unwrap();
    wait_for("the end of the helper", || process(helper).is_none_or(|(state, _)| state == 'Z').then_some(()));
}

#[test]
fn what_the_system_cannot_load_is_told_in_its_words() {
    assert_refused("undefined-symbol", Check::Probe, "undefined symbol: lk_no_such_symbol");
    assert_refused("missing-library", Check::Probe, "liblk_gone.so");
}

#[test]
fn notes_that_lie_are_found_out() {
    assert_refused("other-name", Check::Probe, "exports `vad/liar` in memory, but `vad/raw` in its notes");
    assert_refused("newer-in-memory", Check::Probe, "has the layout 1.99");
    assert_refused("bad-kind", Check::Probe, "of a kind that there is not");
    assert_refused("no-module", Check::Probe, "the module has no table");
    // `none` says 1.0 in memory.
    assert_refused("none", Check::Probe, "has the layout 1.0 in memory, but 1.1 in its notes");
}

#[test]
fn without_a_helper_the_same_is_found_in_this_process() {
    for (fault, check, reason) in [
        ("undefined-symbol", Check::Open, "undefined symbol: lk_no_such_symbol"),
        ("missing-library", Check::Open, "liblk_gone.so"),
        ("other-name", Check::Memory, "exports `vad/liar` in memory"),
        ("newer-in-memory", Check::Memory, "has the layout 1.99"),
        ("no-module", Check::Memory, "has no table"),
    ] {
        let folder = Folder::of(&[&build::raw(fault, &build::notes([1, 1]))]);
        let report = Registry::empty().load_path(&folder.options());
        let (by, why) = refusal(&report);
        assert!(by == check && why.contains(reason), "{fault}: check {by}: {why}");
    }
    // Nobody probes here, and the report says so.
    let report = Registry::empty().load_path(&Folder::of(&[&fixture("other-allocator")]).options());
    assert_eq!(report.files[0].probe, Probe::NotProbed);
}

/// Whether this process holds that file open.
fn holds_open(path: &Path) -> bool {
    let mut open = fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    open.any(|file| file == path)
}

#[test]
fn a_file_that_the_system_cannot_load_is_closed_and_its_descriptor_used_again() {
    let notes = build::notes([1, 1]);
    for fault in ["undefined-symbol", "missing-library"] {
        let folder = Folder::of(&[]);
        let file = folder.add(&build::raw(fault, &notes), "bad.so");
        let report = Registry::empty().load_path(&folder.options());
        assert_eq!(refusal(&report).0, Check::Open);
        assert!(!holds_open(&file), "{fault}");
        // The loader does not take what has the number next for the one that failed.
        let registry = Registry::empty();
        let next = Folder::of(&[&fixture("other-allocator")]);
        assert_eq!(registry.load_path(&next.options()).refused, []);
        assert_eq!(names(&registry), ["llm/marking"]);
        assert!(holds_open(&next.0.path().join("libother_allocator.so")), "what is loaded stays open");
    }
    // What is in memory stays open, though its module was refused.
    let folder = Folder::of(&[]);
    let file = folder.add(&build::raw("no-module", &notes), "bad.so");
    assert_eq!(refusal(&Registry::empty().load_path(&folder.options())).0, Check::Memory);
    assert!(holds_open(&file));
}

#[test]
fn a_layout_of_a_later_version_is_refused_before_anything_runs() {
    let (_, report) = Folder::of(&[&build::raw("none", &build::notes([1, 2]))]).load();
    assert_eq!(refusal(&report).0, Check::Compatibility);
}

#[test]
fn a_helper_that_is_none_is_named() {
    let folder = Folder::of(&[&fixture("other-allocator")]);
    for (helper, reason) in
        [("/bin/true", "ended with exit code 0 first"), ("/no/such/helper", "the helper did not start")]
    {
        let report = Registry::empty().load_path(&folder.options().with_probe_helper(helper));
        let (check, why) = refusal(&report);
        assert!(check == Check::Probe && why.contains(reason), "{why}");
    }
}

#[test]
fn chatter_on_standard_output_is_no_answer() {
    let folder = Folder::of(&[&build::raw("chatter", &build::notes([1, 0]))]);
    let (registry, report) = folder.load();
    assert_eq!((names(&registry), report.files[0].probe), (vec!["vad/raw".to_owned()], Probe::Done));
}

#[test]
fn the_first_registered_wins_and_both_are_named() {
    let registry = Registry::empty();
    let taken = Plugin::new::<dyn Vad>("fake", |_| Err(lk_plugin::Error::unsupported("never asked")));
    registry.register(taken);
    let folder = Folder::of(&[&fixture("wraps-fake")]);
    let report = registry.load_path(&folder.options().with_probe_helper(build::lk_go()));
    let (check, reason) = refusal(&report);
    assert!(check == Check::Names && reason.contains("vad/fake"), "{check}: {reason}");
    // All of the file or nothing.
    assert_eq!(names(&registry), ["vad/fake"]);

    let folder = Folder::of(&[]);
    folder.add(&fixture("wraps-fake"), "a.so");
    folder.add(&fixture("wraps-fake"), "b.so");
    let (registry, report) = folder.load();
    assert_eq!((registry.plugins().len(), report.files.len(), report.refused.len()), (4, 1, 1));
    assert!(report.refused[0].path.ends_with("b.so") && report.refused[0].reason.contains("a.so"));
}

/// A helper that does something to the file before it probes.
fn meddling_helper(folder: &Path, what: &str) -> PathBuf {
    let path = folder.join("helper.sh");
    fs::write(&path, format!("#!/bin/sh\n{what}\nexec {} \"$@\"\n", build::lk_go().display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn a_file_that_is_replaced_while_it_is_loaded_is_the_one_that_was_checked() {
    let folder = Folder::of(&[]);
    let file = folder.add(&fixture("other-allocator"), "plugin.so");
    let other = folder.add(&build::raw("abort", &build::notes([1, 1])), "other");
    let helper = meddling_helper(folder.0.path(), &format!("mv '{}' '{}'", other.display(), file.display()));
    let registry = Registry::empty();
    let report = registry.load_path(&folder.options().with_probe_helper(helper));
    assert_eq!((names(&registry), report.refused.len()), (vec!["llm/marking".to_owned()], 0));
}

#[test]
fn a_file_that_is_overwritten_while_it_is_loaded_is_refused() {
    let folder = Folder::of(&[]);
    let file = folder.add(&fixture("other-allocator"), "plugin.so");
    // After the helper has loaded it: in the background it would be too late.
    let touch = format!("touch -d '2001-01-01' '{}'", file.display());
    let report =
        Registry::empty().load_path(&folder.options().with_probe_helper(meddling_helper(folder.0.path(), &touch)));
    let (check, reason) = refusal(&report);
    assert!(check == Check::Open && reason.contains("was changed while it was being loaded"), "{check}: {reason}");
}

#[test]
fn only_what_passed_is_remembered_and_by_its_content() {
    let (cache, folder) = (tempfile::TempDir::new().unwrap(), Folder::of(&[&fixture("other-allocator")]));
    folder.add(&build::raw("abort", &build::notes([1, 1])), "abort.so");
    let load = |folder: &Folder| {
        let options = folder.options().with_probe_helper(build::lk_go()).with_probe_cache(cache.path().join("new/one"));
        Registry::empty().load_path(&options)
    };
    for wanted in [Probe::Done, Probe::Cached] {
        let report = load(&folder);
        assert_eq!((report.files[0].probe, report.refused.len()), (wanted, 1));
        assert_eq!(report.refused[0].check, Check::Probe);
    }
    // Another name and time, the same bytes.
    let moved = Folder::of(&[]);
    moved.add(&fixture("other-allocator"), "moved.so");
    assert_eq!(load(&moved).files[0].probe, Probe::Cached);
    // The same name, other bytes.
    let other = Folder::of(&[]);
    other.add(&fixture("all-kinds"), "moved.so");
    assert_eq!(load(&other).files[0].probe, Probe::Done);
}

#[test]
fn lk_go_survives_a_folder_full_of_them_and_says_why() {
    let folder = Folder::of(&[&fixture("other-allocator")]);
    for fault in ["abort", "segfault", "exit", "other-name", "undefined-symbol"] {
        folder.add(&build::raw(fault, &build::notes([1, 1])), &format!("{fault}.so"));
    }
    let run = |strict: &str| {
        Command::new(build::lk_go())
            .args(["plugin", "list", "--probe", "--format", "json"])
            .env("LK_PLUGIN_PATH", folder.0.path())
            .env("LK_PLUGIN_STRICT", strict)
            .env("XDG_CACHE_HOME", folder.0.path().join("cache"))
            .output()
            .unwrap()
    };
    let listed = run("");
    assert_eq!(listed.status.code(), Some(0), "{}", String::from_utf8_lossy(&listed.stderr));
    let list: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(list["refused"].as_array().unwrap().len(), 5);
    assert!(list["refused"].as_array().unwrap().iter().all(|refused| refused["check"] == 13));
    assert!(list["plugins"].as_array().unwrap().iter().any(|plugin| plugin["name"] == "marking"));
    assert_eq!(run("1").status.code(), Some(7));
}

#[test]
fn a_locked_file_is_loaded_from_a_copy_that_cannot_change() {
    let folder = Folder::of(&[&fixture("other-allocator")]);
    let locked = Command::new(build::lk_go()).args(["plugin", "lock"]).arg(folder.0.path()).output().unwrap();
    assert!(locked.status.success(), "{}", String::from_utf8_lossy(&locked.stderr));
    let (registry, report) = folder.load();
    assert!(report.refused.is_empty(), "{:?}", report.refused);
    assert!(registry.create::<dyn lk_plugin::Llm>("marking", &Config::new()).is_ok());
}

#[test]
fn a_locked_file_that_is_overwritten_while_it_is_loaded_is_the_one_that_was_locked() {
    let folder = Folder::of(&[]);
    let file = folder.add(&fixture("other-allocator"), "plugin.so");
    let other = folder.add(&build::raw("abort", &build::notes([1, 1])), "other");
    let locked = Command::new(build::lk_go()).args(["plugin", "lock"]).arg(folder.0.path()).output().unwrap();
    assert!(locked.status.success(), "{}", String::from_utf8_lossy(&locked.stderr));
    let overwrite = format!("cat '{}' > '{}'", other.display(), file.display());
    let registry = Registry::empty();
    let helper = meddling_helper(folder.0.path(), &overwrite);
    let report = registry.load_path(&folder.options().with_probe_helper(helper));
    assert_eq!((names(&registry), report.refused.len()), (vec!["llm/marking".to_owned()], 0));
    assert_eq!(fs::read(&file).unwrap(), fs::read(&other).unwrap(), "it was overwritten");
    assert!(registry.create::<dyn lk_plugin::Llm>("marking", &Config::new()).is_ok());
}
