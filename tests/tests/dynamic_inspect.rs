//! Plugins in files, read without running them: what executables and shared objects say, and every fault for which a file
//! is refused.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use fastrand::Rng;
use integration_tests::shared_object::{SharedObject, module_note, plugin_note};
use lk_plugin::config::{FieldDescription, json_schema};
use lk_plugin::dynamic::{Candidate, Check, LOCK_FILE, Report, SearchPath, inspect};
use lk_plugin::{
    ConfigValue, Error, Kind, Plugin, PluginConfig, Registry, Result, Secret, Vad, VadCapabilities, VadStream,
    lk_plugin,
};
use lk_plugins as _;
use tempfile::TempDir;

// ── what is in a program ────────────────────────────────────────────────────────────────────────────────────────────

#[derive(PluginConfig)]
#[expect(dead_code, reason = "only the description counts")]
struct EveryType {
    /// Said "so\": \u{7}, ä, \n and\tso on.
    #[config(default = "a \"quoted\" \\ text\n\u{1}é")]
    text: String,
    flag: bool,
    #[config(default = -5, range = -9..=9, unit = "st")]
    small: i8,
    #[config(range = 1..=18_446_744_073_709_551_614)]
    large: u64,
    least: i64,
    #[config(default = 0.5, range = 0.0..=1.0)]
    number: f64,
    #[config(default = 1.5)]
    pause: Duration,
    #[config(env = "LK_TEST_NOTE_KEY", length = 3..=300)]
    key: Option<Secret>,
    #[config(secret, default = "hidden")]
    token: String,
    path: PathBuf,
    url: Option<lk_plugin::config::Url>,
    #[config(default = 8_000, choices = [8_000, 16_000], unit = "Hz")]
    rate: u32,
    #[config(choices = ["a", "\"b\""])]
    letter: Option<String>,
    turns: Option<Turns>,
    #[config(default = [1, 2], length = ..=4)]
    steps: Vec<Option<u8>>,
    map: BTreeMap<String, Vec<Inner>>,
    inner: Inner,
}

#[derive(PluginConfig)]
#[expect(dead_code, reason = "only the description counts")]
struct Inner {
    #[config(rename = "type")]
    name: String,
    deeper: Deeper,
}

#[derive(PluginConfig)]
#[expect(dead_code, reason = "only the description counts")]
struct Deeper {
    #[config(default = false)]
    flag: bool,
}

#[derive(ConfigValue)]
#[expect(dead_code, reason = "only the names count")]
enum Turns {
    /// The provider listens for "pauses".
    ServerVad,
    Semantic,
}

struct Deaf;

impl Vad for Deaf {
    fn capabilities(&self) -> VadCapabilities {
        VadCapabilities::new(Duration::from_millis(10))
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        Err(Error::unsupported("it hears nothing"))
    }
}

/// Takes "everything" \ hears nothing.
#[lk_plugin(
    kind = "vad",
    name = "every-type",
    license = "MIT OR \"none\"",
    models(file(
        name = "m.onnx",
        url = "https://example.com/m.onnx",
        size = 18_446_744_073_709_551_615,
        sha256 = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"
    ))
)]
fn every_type(_: EveryType) -> Deaf {
    Deaf
}

/// Reads its config by itself.
#[lk_plugin(kind = "vad", name = "by-itself")]
fn by_itself(_: &lk_plugin::Config) -> Deaf {
    Deaf
}

fn assert_is_this_program(path: &Path) {
    let contents = inspect(path).unwrap();
    let linked = Registry::linked().unwrap().plugins();
    assert!(linked.len() >= 7);
    assert_eq!(contents.plugins.len(), linked.len());
    assert_eq!(contents.module, None);
    for (note, plugin) in contents.plugins.iter().zip(&linked) {
        assert_eq!(note.to_string(), plugin.to_string());
        assert_eq!((&*note.version, &*note.package), (plugin.version(), plugin.package()));
        assert_eq!((&*note.description, note.license.as_deref()), (plugin.description(), plugin.license()));
        assert_eq!(note.origin(), *plugin.origin());
        let models = plugin.models().iter().map(|model| (model.name, model.url, model.size, model.sha256));
        assert!(note.models.iter().map(|model| (&*model.name, &*model.url, model.size, &*model.sha256)).eq(models));
        let fields = plugin.fields().map(|fields| fields.iter().map(FieldDescription::from).collect::<Vec<_>>());
        assert_eq!(note.fields, fields, "{plugin}");
        assert_eq!(note.schema(), plugin.fields().map(json_schema), "{plugin}");
    }
}

#[test]
fn the_notes_of_a_program_say_what_its_registry_says() {
    assert_is_this_program(&std::env::current_exe().unwrap());
}

#[test]
fn a_stripped_program_says_the_same() {
    let folder = TempDir::new().unwrap();
    let exe = std::env::current_exe().unwrap();
    let stripped = folder.path().join("stripped");
    match Command::new("strip").args(["-s", "-o"]).arg(&stripped).arg(&exe).status() {
        Ok(status) if status.success() => assert_is_this_program(&stripped),
        _ => eprintln!("skipped in part: there is no `strip` here that works"),
    }
    // More than `strip` does: no section headers at all.
    let mut bytes = fs::read(&exe).unwrap();
    bytes[40..48].fill(0);
    bytes[58..64].fill(0);
    fs::write(&stripped, bytes).unwrap();
    assert_is_this_program(&stripped);
}

#[test]
fn a_program_of_another_machine_is_read_too() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("other");
    let mut object = good("one");
    object.machine = 22; // s390
    fs::write(&path, object.bytes()).unwrap();
    let contents = inspect(&path).unwrap();
    assert_eq!(contents.plugins[0].to_string(), "vad/one");
    assert_eq!(contents.module.unwrap().exports, ["fixture"]);
}

#[test]
fn what_is_no_such_file_is_told_apart() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let good = good("one").bytes();
    for (path, check, words) in [
        (file("text", b"hello, this is text"), Check::Format, "is not an ELF file"),
        (file("empty", b""), Check::Format, "is empty"),
        (file("start", &good[..40]), Check::Format, "no whole ELF header"),
        (file("headers", &good[..80]), Check::Format, "ends before its program headers"),
        (file("notes", &good[..300]), Check::Notes, "ends before its notes"),
        (folder.path().join("nothing"), Check::File, "is not there"),
        (folder.path().to_owned(), Check::File, "is a directory"),
    ] {
        let refusal = inspect(&path).unwrap_err();
        assert_eq!((refusal.check, &refusal.path), (check, &path), "{refusal}");
        assert!(refusal.reason.contains(words), "{refusal}");
    }
}

// ── faults of files ─────────────────────────────────────────────────────────────────────────────────────────────────

/// The target of this build, as `inspect` finds it in no note: from the compiler.
fn target() -> &'static str {
    static TARGET: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
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

#[test]
fn a_good_file_is_a_candidate() {
    let folder = folder();
    for (name, old_hash) in [("one", false), ("two", true)] {
        let mut object = good(name);
        object.old_hash = old_hash;
        object.runpath = Some("/opt/lib:$ORIGIN/lib".to_owned());
        object.notes.push((1, plugin_note("stt", name).replace("\"fixture\"", "\"inside\"")));
        object.notes.push((77, "of a later version".to_owned()));
        write(&folder, format!("{name}.so"), object.bytes());
    }
    write(&folder, ".hidden.so", "not looked at");
    write(&folder, "libone.so.1", "not looked at");
    let report = list(&folder);
    assert_eq!(report.refused, []);
    let names: Vec<String> = report.files.iter().flat_map(Candidate::plugins).map(ToString::to_string).collect();
    assert_eq!(names, ["vad/one", "vad/two"]);
    let first = &report.files[0];
    assert_eq!((first.path(), first.is_locked(), first.uses_origin()), (&*folder.path().join("one.so"), false, true));
    assert_eq!((&*first.module().package, first.module().abi), ("fixture", [1, 0]));
}

#[test]
fn check_7_refuses_what_cannot_be_mapped() {
    let refused = |bytes: Vec<u8>, words| assert_refused(bytes, Check::Format, words);
    refused(b"#!/bin/sh\n".to_vec(), "is not an ELF file");
    refused(Vec::new(), "is empty");
    refused(with(|object| object.machine = if object.machine == 62 { 183 } else { 62 }), "is for ");
    refused(with(|object| object.machine = 40), "is for Arm");
    refused(with(|object| object.machine = 999), "is for machine number 999");
    refused(with(|object| object.file_type = 2), "is a program");
    refused(with(|object| object.file_type = 1), "is an object file");
    refused(with(|object| object.file_type = 4), "is a core dump");
    refused(with(|object| object.file_type = 9), "of an unknown type");
    refused(with(|object| object.interpreter = Some("/lib64/ld-linux-x86-64.so.2")), "is a program");
    // DF_1_PIE, of a static program.
    refused(with(|object| object.dynamic.push((0x6fff_fffb, 0x0800_0000))), "is a program");
    let mut big_endian = good("one").bytes();
    big_endian[5] = 2;
    refused(big_endian, "");
    let mut endless = good("one").bytes();
    endless[56..58].copy_from_slice(&u16::MAX.to_le_bytes());
    refused(endless, "has 65535 program headers");
    let mut odd = good("one").bytes();
    odd[54..56].copy_from_slice(&57_u16.to_le_bytes());
    refused(odd, "of a wrong size");
    // A program header that reaches past the end of all numbers.
    let mut far = good("one").bytes();
    far[64 + 8..64 + 16].fill(0xff);
    refused(far, "ends before byte");
    let mut longer = good("one").bytes();
    longer[64 + 40..64 + 48].fill(0);
    refused(longer, "longer in the file than in memory");
    let mut nothing = good("one").bytes();
    nothing[64..68].fill(0x60);
    refused(nothing, "nothing that could be loaded");
}

#[test]
fn a_file_of_32_bits_is_refused() {
    // A header of that class that is whole, for x86.
    let mut bytes = vec![0; 84];
    bytes[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', 1, 1, 1]);
    bytes[16] = 3;
    bytes[18] = 3;
    bytes[20] = 1;
    assert_refused(&bytes, Check::Format, "is for x86 (32 bits, little endian)");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let bytes = good("one").bytes();
    for point in 0..50 {
        assert_refused(&bytes[..bytes.len() * point / 50], Check::Format, "");
    }
    assert_refused(&bytes[..bytes.len() - 1], Check::Format, "ends before byte");
}

#[test]
fn check_8_refuses_what_makes_attacks_easy() {
    let refused = |bytes: Vec<u8>, words| assert_refused(bytes, Check::Hardening, words);
    refused(with(|object| object.stack = Some(7)), "wants a stack that can be executed");
    refused(with(|object| object.stack = None), "does not say that its stack is not executed");
    refused(with(|object| object.flags = 7), "both written and executed");
    refused(with(|object| object.dynamic.push((22, 0))), "text relocations");
    refused(with(|object| object.dynamic.push((30, 4))), "text relocations");
    for path in ["lib", "./lib", "/opt/lib:", ":/opt", "/a:lib:/b", "$LIB/x", ""] {
        refused(with(|object| object.runpath = Some(path.to_owned())), "looks for libraries in `");
    }
    // A library path that lies nowhere.
    refused(with(|object| object.dynamic.push((15, 1 << 40))), "cannot be read");
}

#[test]
fn check_9_refuses_notes_that_cannot_be_read() {
    let refused = |bytes: Vec<u8>, words| assert_refused(bytes, Check::Notes, words);
    refused(with(|object| object.notes.clear()), "holds no plugins");
    refused(with(|object| drop(object.notes.remove(0))), "exports none of the 1 plugins in it");
    refused(with(|object| object.notes.push(object.notes[0].clone())), "two notes about the file itself");
    let module =
        |change: fn(String) -> String| good("one").with_module(&[change(module_note(target(), "\"fixture\""))]).bytes();
    refused(module(|note| note + &" ".repeat(2 << 20)), "has a note of ");
    refused(module(|note| note.replace("\"format\":1", "\"format\":2")), "by a later version of lk-plugin");
    refused(module(|note| note.replace("\"abi\":[1,0],", "")), "missing field `abi`");
    refused(module(|note| note.replace("[1,0]", "[1,-1]")), "a note that cannot be read");
    refused(module(|_| "{\"format\":1,".to_owned()), "a note that cannot be read");
    refused(module(|_| "[".repeat(1 << 19)), "a note that cannot be read");
    refused(module(|_| String::new()), "a note that cannot be read");
    let nested = "{\"list\":".repeat(100_000) + "\"path\"" + &"}".repeat(100_000);
    let deep = plugin_note("vad", "deep").replace("[]}", &format!("[{{\"name\":\"a\",\"type\":{nested}}}]}}"));
    refused(with(|object| object.notes.push((1, deep))), "a note that cannot be read");
    refused(
        with(|object| object.notes.extend((0..1024).map(|n| (1, plugin_note("vad", &format!("n{n}")))))),
        "1024 plugins",
    );
    // Notes of somebody else are none of ours.
    let mut foreign = good("one").bytes();
    let at = foreign.windows(9).position(|window| window == b"lk-plugin").unwrap();
    foreign[at] = b'L';
    refused(foreign, "exports none of the 1 plugins");
    // A note that is longer than its segment.
    let mut long = good("one").bytes();
    long[at - 8..at - 4].fill(0xff);
    refused(long, "has notes that are no notes");
}

#[test]
fn check_10_refuses_what_was_built_for_something_else() {
    let refused = |from: &str, to: &str, words| {
        let note = module_note(target(), "\"fixture\"").replace(from, to);
        assert_refused(good("one").with_module(&[note]).bytes(), Check::Compatibility, words);
    };
    refused("[1,0]", "[0,9]", "an older boundary, 0.9 (lk-plugin 0.1.0)");
    refused("[1,0]", "[2,0]", "a later boundary, 2.0");
    refused("[1,0]", "[1,1]", "a later boundary, 1.1");
    refused(target(), "wasm32-wasip2", "was built for `wasm32-wasip2`");
    refused("unwind", "abort", "`panic = \"abort\"`");
    refused("\"cpu_features\":[]", "\"cpu_features\":[\"telepathy\",\"seven\"]", "`telepathy`, `seven`");
    let has = if cfg!(target_arch = "x86_64") { "sse2" } else { "neon" };
    let note = module_note(target(), "\"fixture\"").replace("_features\":[]", &format!("_features\":[\"{has}\"]"));
    let folder = folder();
    write(&folder, "one.so", good("one").with_module(&[note]).bytes());
    assert_eq!((list(&folder).files.len(), list(&folder).refused), (1, Vec::new()));
}

#[test]
fn check_11_refuses_unknown_kinds_and_taken_names() {
    let refused = |bytes: Vec<u8>, words| assert_refused(bytes, Check::Names, words);
    let and = |note: String| with(|object| object.notes.push((1, note)));
    refused(and(plugin_note("sst", "two")), "a plugin `two` of the unknown kind `sst`");
    refused(and(plugin_note("vad", "Two")), "called `Two`, which is not a plugin name");
    refused(and(plugin_note("vad", "one")), "has the plugin `vad/one` twice: fixture 0.1.0 at src/lib.rs:7");
    let of_others = good("one").with_module(&[module_note(target(), "\"other\"")]);
    refused(of_others.bytes(), "exports no plugin: 1 are in it, and none is of `other`");

    // The first that has a name keeps it; a whole file is refused for one name.
    let folder = folder();
    write(&folder, "1.so", good("good").bytes());
    let second = write(&folder, "2.so", SharedObject::new(target(), &["good", "other"]).bytes());
    let first = folder.path().join("1.so");
    let report = list(&folder);
    assert_report(&report, &second, Check::Names, "has the plugin `vad/good`");
    assert!(report.refused[0].reason.contains(&format!("so has `{}`", first.display())), "{}", report.refused[0]);

    let registry = Registry::empty();
    registry.register(Plugin::new::<dyn Vad>("good", |_| Ok(Box::new(Deaf))).with_package("mine").with_version("3"));
    let report = SearchPath::new(folder.path()).list(&registry);
    assert_eq!((report.files.len(), report.refused.len()), (0, 2));
    assert!(report.refused[0].reason.contains("this program itself (mine 3 at tests/"), "{}", report.refused[0]);
}

#[test]
fn check_12_refuses_a_header_that_names_what_is_not_there() {
    let refused = |bytes: Vec<u8>, words| assert_refused(bytes, Check::Symbol, words);
    refused(with(|object| object.symbol = None), "does not export the symbol `lk_plugin_module_v1`");
    refused(with(|object| (object.symbol, object.old_hash) = (None, true)), "does not export the symbol");
    let lies = module_note(target(), "\"fixture\"").replace("module_v1", "module_v9");
    refused(good("one").with_module(&[lies]).bytes(), "names the symbol `lk_plugin_module_v9`");
    // It is asked for, but comes from elsewhere.
    let mut undefined = good("one").bytes();
    let at = undefined.windows(8).position(|window| window == [1, 0, 0, 0, 0x11, 0, 1, 0]).unwrap();
    undefined[at + 6] = 0;
    refused(undefined, "does not export the symbol");
}

// ── directories and files ───────────────────────────────────────────────────────────────────────────────────────────

/// The reasons for which components of the path are refused.
fn refusals(path: impl AsRef<OsStr>) -> Vec<(u8, String)> {
    let report = SearchPath::new(path.as_ref()).list(&Registry::empty());
    report.refused.iter().map(|refusal| (refusal.check.number(), refusal.reason.clone())).collect()
}

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
        ("dangling.so", "is not there, or is a link to nothing"),
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
}

// ── locks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

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

    // Replaced while it is being looked at: the copy stays what it was.
    let before = list(&folder).files.pop().unwrap();
    fs::write(&locked, good("changed").bytes()).unwrap();
    let mut copy = Vec::new();
    let file = File::from(before.file().try_clone_to_owned().unwrap());
    (&file).read_to_end(&mut copy).unwrap_or_default();
    assert!(copy.is_empty() || copy == good("good").bytes());
    let mut whole = vec![0; good("good").bytes().len()];
    file.read_exact_at(&mut whole, 0).unwrap();
    assert_eq!(whole, good("good").bytes());
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&before.file()));
    let written = OpenOptions::new().write(true).open(path).and_then(|mut copy| copy.write_all(b"x"));
    assert!(written.is_err(), "a sealed copy cannot be written");
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

// ── anything else ───────────────────────────────────────────────────────────────────────────────────────────────────

/// The most memory that this process ever had, in bytes.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[test]
fn no_mutation_of_a_file_breaks_the_reader() {
    let folder = folder();
    let mut object = SharedObject::new(target(), &["one", "two"]);
    object.runpath = Some("/opt/lib".to_owned());
    let own = inspect(std::env::current_exe().unwrap()).unwrap();
    assert!(own.plugins.iter().any(|plugin| plugin.name == "every-type"));
    let fields = r#"[{"type":{"list":{"optional":{"choice":[{"name":"a","doc":"b"}]}}},"name":"x","default":"[]"},{"type":{"config":[{"type":{"integer":{"min":-5,"max":5}},"name":"y","required":true}]},"name":"z"}]"#;
    object.notes.push((1, plugin_note("stt", "three").replace("\"fields\":[]", &format!("\"fields\":{fields}"))));
    let bytes = object.bytes();
    let path = write(&folder, "mutant.so", &bytes);
    let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let length = bytes.len() as u64;
    let registry = Registry::empty();
    let search = SearchPath::new(folder.path());
    assert_eq!(search.list(&registry).files.len(), 1);

    let mut random = Rng::with_seed(7);
    let (mut taken, mut refused) = (0_u32, BTreeMap::<u8, u32>::new());
    let before = peak_memory();
    for _ in 0..100_000 {
        for _ in 0..random.usize(1..=4) {
            // Half of the time where the headers are.
            let end = if random.bool() { 64 + 4 * 56 } else { bytes.len() };
            let at = random.usize(0..end);
            let width = [1, 1, 1, 2, 4, 8][random.usize(0..6)].min(bytes.len() - at);
            let number = match random.u8(0..5) {
                0 => 0,
                1 => u64::MAX,
                2 => random.u64(0..length * 2),
                3 => 1 << random.u8(0..64),
                _ => random.u64(..),
            };
            file.write_all_at(&number.to_le_bytes()[..width], at as u64).unwrap();
        }
        if random.u8(0..20) == 0 {
            file.set_len(random.u64(0..length * 2)).unwrap();
        }
        let report = search.list(&registry);
        taken += report.files.len() as u32;
        report.refused.iter().for_each(|refusal| *refused.entry(refusal.check.number()).or_default() += 1);
        // Also as any file, which fewer checks protect.
        if let Ok(contents) = inspect(&path) {
            contents.plugins.iter().for_each(|plugin| drop(plugin.schema()));
        }
        file.write_all_at(&bytes, 0).unwrap();
        file.set_len(length).unwrap();
    }
    assert_eq!(taken + refused.values().sum::<u32>(), 100_000, "{refused:?}");
    // Mutants of every kind came about.
    assert!(taken > 1000 && (7..=12).all(|check| refused.contains_key(&check)), "{taken} {refused:?}");
    let grown = peak_memory() - before;
    assert!(grown < 64 << 20, "reading mutants took {grown} bytes");
    assert_eq!(search.list(&registry).files[0].plugins()[0].kind.parse::<Kind>().unwrap(), Kind::Stt);
}
