//! `lk-go build` from outside: the program that it makes holds the plugins, or there is none.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use integration_tests::cargo::cargo;
use integration_tests::program::lk_go;
use tempfile::TempDir;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Builds without the network, quickly to compile, in a folder that other tests have filled already.
fn build(folder: &Path, arguments: &[&str]) -> Result<Output> {
    let mut command = lk_go()?;
    command.current_dir(folder).args(["build", "--offline", "--profile", "dev"]).args(arguments);
    // As the other tests build.
    for (name, value) in cargo()?.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Ok(command.env("CARGO", env!("CARGO")).output()?)
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn assert_refused(output: &Output, code: i32, message: &str) {
    assert_eq!(output.status.code(), Some(code), "{}", stderr(output));
    assert!(stderr(output).contains(message), "`{message}` is not in: {}", stderr(output));
    assert_eq!(stdout(output), "");
}

/// A crate of this name, with this after its `[package]`.
fn write_crate(folder: &Path, place: &str, name: &str, manifest: &str, library: &str) -> Result<PathBuf> {
    let path = folder.join(place);
    fs::create_dir_all(path.join("src"))?;
    let package = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    fs::write(path.join("Cargo.toml"), package + manifest)?;
    fs::write(path.join("src/lib.rs"), library)?;
    Ok(path)
}

#[test]
fn the_program_holds_the_plugin_and_works() -> Result {
    let folder = TempDir::new()?;
    // Over an older one; and the crate renames its library.
    fs::write(folder.path().join("mine"), "old")?;
    let renamed = "[lib]\nname = \"other\"\n\n[dependencies]\nenergy-vad = { path = \"{}/examples/energy-vad\" }\n";
    let renamed = renamed.replace("{}", REPOSITORY);
    write_crate(folder.path(), "facade", "facade", &renamed, "pub use energy_vad;\n")?;
    let built = build(folder.path(), &["--with", "./facade", "-o", "mine"])?;
    assert_eq!(built.status.code(), Some(0), "{}", stderr(&built));
    let text = stdout(&built);
    assert!(text.starts_with("wrote `mine` with ") && text.contains(" plugins, of these new:\nKIND  NAME"), "{text}");
    assert!(text.contains("\nvad   energy  0.1.0    energy-vad  Hears speech where it is loud\n"), "{text}");
    assert_eq!(text.lines().count(), 3, "{text}");
    assert_eq!(fs::read_dir(folder.path())?.count(), 2);

    let listed = Command::new(folder.path().join("mine")).args(["plugin", "list", "--kind", "vad"]).output()?;
    let names: Vec<String> =
        stdout(&listed).lines().skip(1).filter_map(|line| Some(line.split_whitespace().nth(1)?.to_owned())).collect();
    for name in ["energy", "silero"] {
        assert!(names.iter().any(|other| other == name), "{names:?} {}", stderr(&listed));
    }
    Ok(())
}

#[test]
fn what_does_not_hold_what_it_should_is_not_written() -> Result {
    let folder = TempDir::new()?;
    let path = folder.path();
    write_crate(path, "bare", "bare", "", "//! No plugin.\n")?;
    write_crate(path, "broken", "broken", "", "compile_error!(\"on purpose\");\n")?;
    write_crate(path, "one", "one", "[lib]\nname = \"same\"\n", "")?;
    write_crate(path, "two", "two", "[lib]\nname = \"same\"\n", "")?;
    write_crate(path, "again", "one", "", "")?;
    write_crate(path, "file-alone", "file-alone", "[lib]\ncrate-type = [\"cdylib\"]\n", "")?;
    let twin = |name: &str| format!("{REPOSITORY}/tests/fixtures/{name}");
    for (arguments, code, message) in [
        (&["--with", "./bare"][..], 5, "`./bare` brought no plugin; its crate needs a constructor with `#[lk_plugin("),
        (&["--with", "./broken"], 4, "error: on purpose"),
        (&["--with", "./one", "--with", "./two"], 2, "are both called `same` in Rust"),
        (&["--with", "./one", "--with", "./again"], 2, "`./again` and `./one` are both the package `one`"),
        (&["--with", "./file-alone"], 4, "`./file-alone` is no library that a program can hold"),
        (&["--with", "./nowhere"], 4, "`./nowhere` is not there; give the folder of a plugin's crate"),
        (&["--with", "no-such-crate-4711"], 4, "`no-such-crate-4711` cannot be a dependency"),
        (&["--with", "./bare", "-o", "one"], 4, "`one` is a folder; name a file with `-o`"),
        (&["--with", "./bare", "-o", "no/where"], 4, "`no/where` is in a folder that is not there"),
        (&[], 2, "`--with <CRATE[@VERSION]|PATH|GIT-URL>` is missing"),
        #[cfg(target_os = "linux")]
        (
            &["--with", &twin("twin-one"), "--with", &twin("twin-two")],
            7,
            "a name can stand for one plugin only: `llm/parrot` is in twin-one 0.1.0 at ",
        ),
    ] {
        assert_refused(&build(path, arguments)?, code, message);
    }
    assert!(!path.join("lk-go").exists());
    Ok(())
}

#[test]
fn without_cargo_it_is_said_how_to_get_it() -> Result {
    let folder = TempDir::new()?;
    write_crate(folder.path(), "bare", "bare", "", "")?;
    let refused = lk_go()?
        .current_dir(folder.path())
        .args(["build", "--with", "./bare"])
        .env("CARGO", "/no/such/cargo")
        .output()?;
    assert_refused(&refused, 4, "`/no/such/cargo` is not there; install Rust (https://rustup.rs)");
    Ok(())
}
