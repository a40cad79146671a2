//! What only Cargo knows: for which target this is built, and by which compiler. Both stand in the note of a `.so`.

use std::env::var;
use std::process::Command;

fn main() {
    let rustc = Command::new(var("RUSTC").unwrap_or_default()).arg("--version").output();
    let version = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    println!("cargo::rustc-env=LK_PLUGIN_RUSTC={version}");
    println!("cargo::rustc-env=LK_PLUGIN_TARGET={}", var("TARGET").unwrap_or_default());
    println!("cargo::rerun-if-changed=build.rs");
}
