//! Values from the environment.

use std::process::Command;

use lk_plugin::{Config, PluginConfig, Secret};

#[derive(Debug, PluginConfig)]
struct FromEnvironment {
    #[config(env = "LK_TEST_TEXT", default = "default")]
    text: String,
    #[config(env = "LK_TEST_NUMBER")]
    number: Option<u8>,
    #[config(env = "LK_TEST_KEY")]
    key: Option<Secret>,
    #[config(env = "LK_TEST_LIST", default = [])]
    list: Vec<String>,
}

/// Not a test: what the tests below run in a process with an environment of its own, since changing one's own is unsafe.
#[test]
#[ignore = "run by the tests of the environment"]
#[expect(clippy::print_stdout, reason = "this is how the parent hears of it")]
fn child() {
    let mut given = Config::new();
    if let Ok(value) = std::env::var("LK_TEST_GIVEN") {
        given.insert("text", value);
    }
    match FromEnvironment::from_config(&given) {
        Ok(read) => {
            let key = read.key.as_ref().map(Secret::expose);
            println!("<{:?} {:?} {key:?} {:?}>", read.text, read.number, read.list);
        }
        Err(error) => println!("<{error}>"),
    }
}

fn with_environment(variables: &[(&str, &std::ffi::OsStr)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for name in ["LK_TEST_TEXT", "LK_TEST_NUMBER", "LK_TEST_KEY", "LK_TEST_LIST", "LK_TEST_GIVEN"] {
        command.env_remove(name);
    }
    command.args(["--exact", "environment::child", "--ignored", "--nocapture"]).envs(variables.iter().copied());
    let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let (_, rest) = output.split_once('<').unwrap();
    rest.split_once(">\n").unwrap().0.to_owned()
}

fn with_variables(variables: &[(&str, &str)]) -> String {
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, std::ffi::OsStr::new(*value))).collect();
    with_environment(&variables)
}

#[test]
fn the_environment_comes_before_the_default_and_after_what_is_given() {
    assert_eq!(with_variables(&[]), r#""default" None None []"#);
    assert_eq!(
        with_variables(&[
            ("LK_TEST_TEXT", "env"),
            ("LK_TEST_NUMBER", " 7 "),
            ("LK_TEST_KEY", "k"),
            ("LK_TEST_LIST", "a,b")
        ]),
        r#""env" Some(7) Some("k") ["a", "b"]"#
    );
    assert_eq!(with_variables(&[("LK_TEST_TEXT", "env"), ("LK_TEST_GIVEN", "given")]), r#""given" None None []"#);
    // Given, though it is nothing.
    assert_eq!(with_variables(&[("LK_TEST_TEXT", "env"), ("LK_TEST_GIVEN", "")]), r#""" None None []"#);
}

#[test]
fn an_empty_variable_is_not_set() {
    assert_eq!(
        with_variables(&[("LK_TEST_TEXT", ""), ("LK_TEST_NUMBER", ""), ("LK_TEST_KEY", ""), ("LK_TEST_LIST", "")]),
        r#""default" None None []"#
    );
}

#[test]
fn a_wrong_variable_is_named() {
    assert_eq!(
        with_variables(&[("LK_TEST_NUMBER", "many")]),
        "`number` (from the environment variable `LK_TEST_NUMBER`) must be an integer from 0 to 255, but is the text `many`"
    );
    assert_eq!(
        with_variables(&[("LK_TEST_NUMBER", "256")]),
        "`number` (from the environment variable `LK_TEST_NUMBER`) must be an integer from 0 to 255, but is `256`"
    );
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_named_and_not_shown() {
    use std::os::unix::ffi::OsStrExt;

    assert_eq!(
        with_environment(&[("LK_TEST_KEY", std::ffi::OsStr::from_bytes(b"sk\xff"))]),
        "`key` (from the environment variable `LK_TEST_KEY`) is not valid UTF-8; set it to text"
    );
}
