//! What the linker and Cargo say about plugins that are lost, doubled or built against another core: each case is a small
//! program that this test writes, builds and runs. Nothing is fetched that building this test has not fetched.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use std::fs;
use std::path::Path;
use std::process::Output;

use tempfile::TempDir;

/// A program of its own in a folder of its own.
struct Program {
    folder: TempDir,
}

impl Program {
    /// `dependencies` and `features` as in `Cargo.toml`; the repository is at `{repo}`.
    fn new(edition: &str, dependencies: &str, main: &str) -> Self {
        let program = Self { folder: TempDir::new().unwrap() };
        let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let manifest = format!(
            "[package]\nname = \"program\"\nversion = \"0.1.0\"\nedition = \"{edition}\"\n\n[workspace]\n\n\
             [dependencies]\n{dependencies}\n"
        );
        program.write("Cargo.toml", &manifest.replace("{repo}", repository));
        program.write("src/main.rs", main);
        // The versions that are at hand already.
        fs::copy(format!("{repository}/Cargo.lock"), program.path().join("Cargo.lock")).unwrap();
        program
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, file: &str, text: &str) {
        let file = self.path().join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn cargo(&self, arguments: &[&str]) -> Output {
        integration_tests::cargo::cargo().unwrap().args(arguments).current_dir(self.path()).output().unwrap()
    }

    fn run(&self) -> Output {
        self.cargo(&["run", "--quiet"])
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn assert_good(output: &Output) {
    assert!(output.status.success(), "{}", stderr(output));
}

/// A program with a plugin of its own, at the module level and with nothing imported.
const PARROT: &str = r#"
struct Parrot;

impl lk_plugin::Llm for Parrot {
    fn chat(&self, _: &lk_plugin::ChatContext, _: &lk_plugin::ChatOptions) -> lk_plugin::Result<lk_plugin::LlmStream> {
        Ok(lk_plugin::LlmStream::failed(lk_plugin::Error::unsupported("it only listens")))
    }
}

#[derive(lk_plugin::PluginConfig)]
struct ParrotConfig {
    /// What it says.
    #[config(default = "hello")]
    phrase: String,
}

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
fn new(config: ParrotConfig) -> Result<Parrot, String> {
    if config.phrase.is_empty() { Err("nothing to say".to_string()) } else { Ok(Parrot) }
}

fn main() {
    let config = lk_plugin::Config::new();
    lk_plugin::Registry::global().create::<dyn lk_plugin::Llm>("parrot", &config).unwrap();
}
"#;

const CORE: &str = "lk-plugin = { path = \"{repo}/lk-plugin\" }";
const TWINS: &str = "twin-one = { path = \"{repo}/tests/fixtures/twin-one\" }\n\
                     twin-two = { path = \"{repo}/tests/fixtures/twin-two\" }";

#[test]
fn every_edition_can_write_a_plugin() {
    for edition in ["2018", "2021", "2024"] {
        assert_good(&Program::new(edition, CORE, PARROT).run());
    }
}

#[test]
fn a_dependency_may_be_called_core() {
    // One called `std` does not even get rustc's own prelude imported, with or without plugins.
    let dependencies =
        format!("{CORE}\ncore = {{ package = \"twin-two\", path = \"{{repo}}/tests/fixtures/twin-two\" }}");
    assert_good(&Program::new("2021", &dependencies, PARROT).run());
}

#[cfg(target_os = "linux")]
#[test]
fn a_required_plugin_that_is_not_named_does_not_link() {
    let dependencies = format!("{CORE}\n{TWINS}");
    let required = "lk_plugin::require!(\"llm/parrot\");\nfn main() {}";
    let lost = Program::new("2024", &dependencies, required).run();
    assert!(!lost.status.success());
    assert!(stderr(&lost).contains("__start_lk_plugin_llm_parrot"), "{}", stderr(&lost));

    let named = format!("use twin_one as _;\n{required}");
    assert_good(&Program::new("2024", &dependencies, &named).run());
    // Optimised and stripped of everything that seems unused, it is still found, and the entry with it.
    let optimised = Program::new(
        "2024",
        &dependencies,
        "use twin_one as _;\nlk_plugin::require!(\"llm/parrot\");\n\
         fn main() { assert_eq!(lk_plugin::Registry::global().plugins().len(), 1); }",
    );
    optimised.write(
        ".cargo/config.toml",
        "[profile.release]\nlto = \"fat\"\nstrip = true\npanic = \"abort\"\ncodegen-units = 1\n",
    );
    assert_good(&optimised.cargo(&["run", "--quiet", "--release"]));
}

#[test]
fn two_crates_with_one_name_link_unless_told_otherwise_and_stop_the_program() {
    let main = "use twin_one as _;\nuse twin_two as _;\nfn main() { lk_plugin::Registry::global(); }";
    let started = Program::new("2024", &format!("{CORE}\n{TWINS}"), main).run();
    let text = stderr(&started);
    assert_eq!(started.status.code(), Some(101), "{text}");
    assert!(text.contains("`llm/parrot` is registered 2 times"), "{text}");
    assert!(text.contains("twin-one 0.1.0 at ") && text.contains("twin-two 0.2.0 at "), "{text}");

    let unique = "lk-plugin = { path = \"{repo}/lk-plugin\", features = [\"unique-at-link\"] }";
    let refused = Program::new("2024", &format!("{unique}\n{TWINS}"), main).run();
    let text = stderr(&refused);
    assert!(!refused.status.success() && text.contains("lk_plugin_is_unique_llm_parrot"), "{text}");
    let one = "use twin_one as _;\nfn main() { lk_plugin::Registry::global(); }";
    assert_good(&Program::new("2024", &format!("{unique}\n{TWINS}"), one).run());
}

#[test]
fn two_versions_of_the_core_are_refused_by_cargo() {
    let dependencies = format!("{CORE}\nold = {{ package = \"lk-plugin\", path = \"old\" }}");
    let program = Program::new("2024", &dependencies, "fn main() {}");
    program.write(
        "old/Cargo.toml",
        "[package]\nname = \"lk-plugin\"\nversion = \"0.0.9\"\nlinks = \"lk-plugin\"\nbuild = \"build.rs\"\n",
    );
    program.write("old/build.rs", "fn main() {}");
    program.write("old/src/lib.rs", "");
    let refused = program.cargo(&["check"]);
    let text = stderr(&refused);
    assert!(!refused.status.success() && text.contains("links to the native library `lk-plugin`"), "{text}");
}

#[test]
fn merged_doctests_may_register_one_name_twice() {
    let program = Program::new("2024", CORE, "fn main() {}");
    let doctest =
        format!("//! ```\n{}//! ```\n", PARROT.lines().map(|line| format!("//! {line}\n")).collect::<String>());
    program.write("src/lib.rs", &format!("{doctest}\npub mod other;\n"));
    program.write("src/other.rs", &doctest);
    let tested = program.cargo(&["test", "--doc"]);
    assert_good(&tested);
    assert!(String::from_utf8_lossy(&tested.stdout).contains("2 passed"), "{:?}", tested);
}
