//! Compiles `pass/` and `fail/`, each file as an author's crate of its own.
//!
//! What the compiler says differs between versions, so the `.stderr` files hold for one of them; with another one only
//! the passing cases run. After a change of a message: `TRYBUILD=overwrite cargo test -p ui-tests`, then read the diff
//! as the author who made the mistake would.

use std::process::Command;

/// The compiler that the `.stderr` files were written with.
const BLESSED: &str = "1.95";

#[test]
fn accepted_spellings_compile_and_run() {
    trybuild::TestCases::new().pass("pass/*.rs");
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped comparison must not look like a passed one")]
fn mistakes_are_explained_where_they_are() {
    let version = compiler_version();
    if version != BLESSED {
        eprintln!("skipped: the .stderr files are those of rustc {BLESSED}, and this is rustc {version}");
        return;
    }
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}

/// Major and minor version of the `rustc` that compiles the cases: `1.95`.
#[expect(clippy::expect_used, reason = "without a compiler there is nothing to test")]
fn compiler_version() -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = Command::new(rustc).arg("--version").output().expect("rustc runs");
    let text = String::from_utf8(output.stdout).expect("rustc prints UTF-8");
    let number = text.split_whitespace().nth(1).expect("`rustc 1.95.0 (…)`");
    let mut parts = number.split('.');
    let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    format!("{major}.{minor}")
}
