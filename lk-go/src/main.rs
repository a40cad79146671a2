//! The binary: links the built-in plugins and runs the command line.

use std::process::ExitCode;

// Named so that Cargo links it: its plugins register themselves.
use lk_plugins as _;

fn main() -> ExitCode {
    lk_go::run()
}
