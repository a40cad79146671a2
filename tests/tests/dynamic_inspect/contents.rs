//! What is in a program or shared object.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use integration_tests::shared_object::module_note;
use lk_plugin::config::{FieldDescription, json_schema};
use lk_plugin::dynamic::{Check, inspect};
use lk_plugin::{
    ConfigValue, Error, PluginConfig, Registry, Result, Secret, Vad, VadCapabilities, VadStream, lk_plugin,
};
use tempfile::TempDir;

use crate::{good, target};

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
    #[config(secret)]
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
enum Turns {
    /// The provider listens for "pauses".
    ServerVad,
    Semantic,
}

pub(crate) struct Deaf;

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
        assert_eq!(note.origin(), plugin.origin());
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
fn a_program_may_hold_crates_that_would_be_files_by_themselves() {
    let folder = TempDir::new().unwrap();
    let (twice, path) = (module_note(target(), "\"fixture\""), folder.path().join("program"));
    for is_program in [true, false] {
        let mut object = good("one").with_module(&[twice.clone(), twice.clone()]);
        object.interpreter = is_program.then_some("/lib64/ld-linux-x86-64.so.2");
        fs::write(&path, object.bytes()).unwrap();
        match inspect(&path) {
            Ok(contents) => assert_eq!((is_program, contents.plugins.len(), contents.module), (true, 1, None)),
            Err(refusal) => {
                assert!(!is_program && refusal.reason.contains("two notes about the file itself"), "{refusal}");
            }
        }
    }
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

#[test]
fn notes_in_a_segment_that_calls_itself_aligned_to_eight_are_found() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("like-molds");
    let mut bytes = good("one").bytes();
    // The third program header's `p_align`.
    bytes[64 + 2 * 56 + 48] = 8;
    fs::write(&path, bytes).unwrap();
    assert_eq!(inspect(&path).unwrap().plugins.len(), 1);
}
