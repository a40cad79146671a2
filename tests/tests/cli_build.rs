//! `lk-go build` from outside: the program that it makes holds the plugins, or there is none.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use integration_tests::cargo::cargo;
#[cfg(target_os = "linux")]
use integration_tests::cargo::{endless_compiler, processes};
use integration_tests::program::{assert_refused, binary, lk_go, stderr, stdout};
use tempfile::TempDir;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Builds without the network, quickly to compile, in a folder that other tests have filled already.
fn build(folder: &Path, arguments: &[&str]) -> Result<Output> {
    Ok(building(folder, arguments)?.output()?)
}

fn building(folder: &Path, arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(binary()?);
    command.current_dir(folder).args(["build", "--offline", "--profile", "dev"]).args(arguments).env("NO_COLOR", "1");
    // As the other tests build.
    for (name, value) in cargo()?.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("CARGO", env!("CARGO"));
    Ok(command)
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
    // Over an older one; and the crate renames its library, and asks for a version of lk-plugin, as one that is published does.
    fs::write(folder.path().join("mine"), "old")?;
    let renamed = "[lib]\nname = \"other\"\n\n[dependencies]\nlk-plugin = \"0.1\"\nenergy-vad = { path = \"{}/examples/energy-vad\" }\n";
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
    // As the README of a new plugin says.
    let checked = Command::new(folder.path().join("mine")).args(["plugin", "check", "vad/energy"]).output()?;
    assert!(checked.status.success() && stdout(&checked).contains("  passed\n"), "{}", stdout(&checked));
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
        (
            &["--with", "./bare", "--features", "fake,silro"],
            2,
            "`silro` is no value of `--features`; did you mean `silero`?",
        ),
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

/// A home of Cargo in which this folder is all that the registry has; of it only what is on this machine is used.
fn registry(folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let (home, crates) = (folder.join("home"), folder.join("registry"));
    fs::create_dir_all(&home)?;
    fs::create_dir_all(&crates)?;
    let source = "[source.crates-io]\nreplace-with = \"here\"\n\n[source.here]\ndirectory = ";
    fs::write(home.join("config.toml"), format!("{source}{crates:?}\n"))?;
    Ok((home, crates))
}

/// Puts a crate into such a registry.
fn publish(folder: &Path) -> Result {
    Ok(fs::write(folder.join(".cargo-checksum.json"), r#"{"files": {}}"#)?)
}

#[test]
fn what_the_registry_does_not_have_is_told() -> Result {
    let folder = TempDir::new()?;
    let (home, crates) = registry(folder.path())?;
    publish(&write_crate(&crates, "tiny-gate", "tiny-gate", "", "")?)?;
    for (spec, code, message) in [
        ("tiny-gate@9", 4, "the crate `tiny-gate@9` could not be found"),
        ("tiny-gate@9", 4, "error: `tiny-gate@9` cannot be a dependency; Cargo says why, above; look for the name and"),
        ("tiny-gate@9", 4, "; `--offline` takes only what is on this machine"),
        ("tiny-gate@one", 4, "invalid version requirement `one`"),
        ("tinygate", 4, "the crate `tinygate` could not be found"),
        ("tiny-gate@", 2, "`tiny-gate@` has no version behind its `@`; write one, or leave out the `@`"),
        ("file:///no/such/repository", 4, "look at the URL and the revision; where there are several packages, write"),
    ] {
        let refused = building(folder.path(), &["--with", spec])?.env("CARGO_HOME", &home).output()?;
        assert_refused(&refused, code, message);
    }
    Ok(())
}

#[test]
fn a_crate_with_another_framework_is_refused_and_the_way_out_is_told() -> Result {
    let folder = TempDir::new()?;
    let clone = folder.path().join("clone");
    fs::create_dir(&clone)?;
    let workspace = fs::read_to_string(format!("{REPOSITORY}/Cargo.toml"))?;
    let is_kept =
        |line: &&str| !["members =", "exclude =", "default-members ="].iter().any(|key| line.starts_with(key));
    let workspace: String = workspace.lines().filter(is_kept).map(|line| format!("{line}\n")).collect();
    let workspace = workspace.replacen("[workspace]\n", "[workspace]\nmembers = [\"lk-plugin\"]\n", 1);
    fs::write(clone.join("Cargo.toml"), workspace)?;
    for package in ["lk-plugin", "lk-plugin-macros"] {
        fs::create_dir_all(clone.join(package).join("src"))?;
        fs::copy(format!("{REPOSITORY}/{package}/Cargo.toml"), clone.join(package).join("Cargo.toml"))?;
        fs::write(clone.join(package).join("src/lib.rs"), "")?;
        fs::write(clone.join(package).join("build.rs"), "fn main() {}")?;
    }
    let clone = clone.canonicalize()?;
    let dependency = format!("[dependencies]\nlk-plugin = {{ path = {:?} }}\n", clone.join("lk-plugin"));
    write_crate(folder.path(), "foreign", "foreign", &dependency, "")?;
    let refused = build(folder.path(), &["--with", "./foreign"])?;
    assert_refused(
        &refused,
        4,
        "package `lk-plugin` links to the native library `lk-plugin`, but it conflicts with a previous",
    );
    assert_refused(
        &refused,
        4,
        "error: `./foreign` cannot be a dependency; Cargo says why, above; look at its `Cargo.toml`;",
    );
    assert_refused(&refused, 4, "; if it wants another `lk-plugin`, give that with `--framework`\n");
    Ok(())
}

/// Ctrl-C of a terminal goes to Cargo too (`cli_terminal`); a signal to `lk-go` alone does not.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_of_this_process_alone_ends_cargo_too() -> Result {
    let folder = TempDir::new()?;
    let (wrapper, running) = endless_compiler(folder.path())?;
    let energy_vad = format!("{REPOSITORY}/examples/energy-vad");
    let mut command = building(folder.path(), &["--with", &energy_vad, "--color", "always"])?;
    // In a folder of its own: another build would have to be waited for, and nothing is built here.
    command.env("RUSTC_WRAPPER", wrapper).env("CARGO_TARGET_DIR", folder.path().join("target"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn()?;
    let pause = || std::thread::sleep(std::time::Duration::from_millis(10));
    while processes(&running)?.is_empty() {
        pause();
    }
    let parent = |process: &str| -> Result<String> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        Ok(stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)).ok_or("a parent")?.to_owned())
    };
    let compiler = processes(&running)?.remove(0);
    let cargo = parent(&compiler)?;
    Command::new("kill").args(["-INT", &child.id().to_string()]).status()?;
    // What Cargo had begun ends by itself; that takes a minute here, and then this fails.
    while parent(&compiler)? == cargo {
        pause();
    }
    Command::new("kill").args(processes(&running)?).status()?;
    let output = child.wait_with_output()?;
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("interrupted before the build was complete; nothing was written"));
    // What colours are wanted holds for Cargo as well.
    let compiling = stderr(&output).lines().find(|line| line.contains("Compiling")).map(str::to_owned);
    assert!(compiling.as_ref().is_some_and(|line| line.contains('\u{1b}')), "{compiling:?}");
    assert!(!folder.path().join("lk-go").exists());
    Ok(())
}

/// What authors publish is in a registry of a folder, beside all that lk-plugin needs itself; and in a repository.
#[test]
#[ignore = "compiles everything once more, minutes; needs git, and the network for crates of other platforms: cargo test -p integration-tests --test cli_build -- --ignored"]
fn crates_of_a_registry_and_of_a_repository_are_linked() -> Result {
    let folder = TempDir::new()?;
    let (home, crates) = registry(folder.path())?;
    let vendored = Command::new(env!("CARGO"))
        .args(["vendor", "--versioned-dirs", "--locked", "--manifest-path"])
        .arg(format!("{REPOSITORY}/Cargo.toml"))
        .arg(&crates)
        .output()?;
    assert!(vendored.status.success(), "{}", stderr(&vendored));
    let new = |name: &str, kind: &str, path: &Path| -> Result {
        let arguments = ["plugin", "new", name, "--kind", kind, "--framework", "0.1", "--path"];
        let written = lk_go()?.args(arguments).arg(path).output()?;
        assert!(written.status.success(), "{}", stderr(&written));
        Ok(())
    };
    let published = crates.join("published-gate");
    new("published-gate", "vad", &published)?;
    publish(&published)?;
    let repository = folder.path().join("repository");
    new("pushed-parrot", "llm", &repository)?;
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "."],
        &["-c", "user.name=me", "-c", "user.email=me@example.org", "commit", "--quiet", "-m", "Write it"],
        &["tag", "v1"],
    ] {
        assert!(Command::new("git").args(arguments).current_dir(&repository).status()?.success());
    }
    let url = format!("file://{}#v1", repository.display());
    let mut command = Command::new(binary()?);
    command.current_dir(folder.path()).args(["build", "--profile", "dev", "--features", "fake", "-o", "mine"]);
    command.args(["--with", "published-gate@0.1", "--with", &url]).env("CARGO_HOME", &home).env("CARGO", env!("CARGO"));
    command.env("CARGO_TARGET_DIR", folder.path().join("target")).env("CARGO_PROFILE_DEV_DEBUG", "0");
    let built = command.output()?;
    assert_eq!(built.status.code(), Some(0), "{}", stderr(&built));
    // One lk-plugin, though the crates ask for a version and the program has a folder; and no word about that.
    assert!(!stderr(&built).contains("warning"), "{}", stderr(&built));
    let text = stdout(&built);
    for plugin in ["\nllm   pushed-parrot ", "\nvad   published-gate "] {
        assert!(text.contains(plugin), "`{plugin}` is not in: {text}");
    }
    let checked = Command::new(folder.path().join("mine"))
        .args(["plugin", "check", "llm/pushed-parrot", "vad/published-gate"])
        .output()?;
    assert!(checked.status.success(), "{}{}", stdout(&checked), stderr(&checked));
    Ok(())
}
