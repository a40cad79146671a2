//! Builds the fixtures: once a process, and for all of them together.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use lk_plugin::Registry;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/loading");

/// The file of a fixture in `tests/fixtures/loading`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        cargo(&sources(), &["build", "--quiet"]);
    });
    target().join(format!("debug/lib{}.so", name.replace('-', "_")))
}

/// The openai plugins as a file, with tokio, HTTP and TLS inside.
pub(crate) fn openai() -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let sources = sources().join("wraps-openai");
        fs::copy(format!("{REPOSITORY}/Cargo.lock"), sources.join("Cargo.lock")).unwrap();
        cargo(&sources, &["build", "--quiet"]);
    });
    target().join("debug/libwraps_openai.so")
}

/// The same fixture, built by the nightly compiler.
pub(crate) fn fixture_by_nightly(name: &str) -> PathBuf {
    let target = Path::new(FOLDER).join("target-nightly");
    let mut rustup = Command::new("rustup");
    rustup.args(["run", "nightly", "cargo", "build", "--offline", "--quiet", "--package", name]);
    rustup.current_dir(sources()).env("CARGO_TARGET_DIR", &target).env_remove("RUSTFLAGS");
    // Those of the compiler that builds these tests.
    for variable in ["RUSTC", "RUSTUP_TOOLCHAIN", "CARGO"] {
        rustup.env_remove(variable);
    }
    run(&mut rustup);
    target.join(format!("debug/lib{}.so", name.replace('-', "_")))
}

/// The example plugin.
pub(crate) fn example() -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| cargo(Path::new(REPOSITORY), &["build", "--quiet", "--release", "--package", "energy-vad"]));
    target().join("release/libenergy_vad.so")
}

/// `lk-go`, which is also the helper that loads files first.
pub(crate) fn lk_go() -> &'static Path {
    integration_tests::program::binary().unwrap()
}

/// `tests/fixtures/raw/module.rs` with that fault and these notes.
pub(crate) fn raw(fault: &str, notes: &[u8]) -> PathBuf {
    // Tests run at once, and build the same fault with other notes.
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let folder = Path::new(FOLDER).join(format!("raw-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    fs::create_dir_all(&folder).unwrap();
    let source = fs::read_to_string(format!("{REPOSITORY}/tests/fixtures/raw/module.rs")).unwrap();
    fs::write(folder.join("module.rs"), source).unwrap();
    fs::write(folder.join("notes.bin"), notes).unwrap();
    let file = folder.join(format!("libraw_{}.so", fault.replace('-', "_")));
    let mut rustc = Command::new("rustc");
    rustc.current_dir(&folder).args(["--edition", "2024", "--crate-type", "cdylib", "--cap-lints", "allow", "-o"]);
    rustc.arg(&file).arg("--cfg").arg(format!("fault=\"{fault}\"")).arg("module.rs");
    match fault {
        "undefined-symbol" => _ = rustc.args(["-C", "link-arg=-Wl,-z,undefs"]),
        "missing-library" => {
            fs::write(folder.join("gone.rs"), "#[unsafe(no_mangle)] pub extern \"C\" fn lk_gone() {}").unwrap();
            run(Command::new("rustc").current_dir(&folder).args([
                "--edition",
                "2024",
                "--crate-type",
                "cdylib",
                "-o",
                "liblk_gone.so",
                "gone.rs",
            ]));
            rustc.args(["-L", "."]);
        }
        _ => {}
    }
    run(&mut rustc);
    file
}

/// Notes as lk-plugin of ABI `abi` would have left them about one `vad/raw`.
pub(crate) fn notes(abi: [u32; 2]) -> Vec<u8> {
    // What the fixtures, which this compiler built, say of themselves.
    let contents = lk_plugin::dynamic::inspect(fixture("wraps-fake")).unwrap();
    let module = contents.module.unwrap();
    let module = serde_json::json!({
        "format": 1, "abi": abi, "framework": "0.1.0", "rustc": module.rustc, "target": module.target,
        "cpu_features": module.cpu_features, "panic": "unwind", "package": "raw", "version": "0.1.0",
        "exports": ["raw"], "symbol": "lk_plugin_module_v1",
    });
    let plugin = serde_json::json!({
        "format": 1, "kind": "vad", "name": "raw", "version": "0.1.0", "package": "raw", "description": "Counts",
        "license": null, "file": "module.rs", "line": 1, "models": [], "fields": [],
    });
    [note(1, &plugin), note(2, &module)].concat()
}

fn note(number: u32, json: &serde_json::Value) -> Vec<u8> {
    let json = json.to_string();
    let mut note: Vec<u8> = [10, json.len() as u32, number].into_iter().flat_map(u32::to_ne_bytes).collect();
    note.extend(b"lk-plugin\0\0\0");
    note.extend(json.as_bytes());
    note.resize(note.len().next_multiple_of(4), 0);
    note
}

/// The fixtures' sources with the repository's path in them.
fn sources() -> PathBuf {
    let to = Path::new(FOLDER).join("sources");
    copy(&Path::new(REPOSITORY).join("tests/fixtures/loading"), &to);
    // The versions that are at hand already.
    fs::copy(format!("{REPOSITORY}/Cargo.lock"), to.join("Cargo.lock")).unwrap();
    to
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
        if from.is_dir() {
            copy(&from, &to);
            continue;
        }
        let text = fs::read_to_string(&from).unwrap().replace("{repo}", REPOSITORY);
        // Unchanged files keep their time, so that nothing is built again.
        if fs::read_to_string(&to).ok().as_ref() != Some(&text) {
            fs::write(&to, text).unwrap();
        }
    }
}

fn target() -> PathBuf {
    integration_tests::cargo::target().unwrap()
}

fn cargo(folder: &Path, arguments: &[&str]) {
    run(integration_tests::cargo::cargo().unwrap().args(arguments).current_dir(folder));
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// What the registry has, as `kind/name`.
pub(crate) fn names(registry: &Registry) -> Vec<String> {
    registry.plugins().iter().map(ToString::to_string).collect()
}
