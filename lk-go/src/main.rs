//! The binary: links the built-in plugins and runs the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Named, the crate is linked: its plugins register themselves.
    lk_go::run_with_built_ins(lk_plugins::BUILT_INS)
}
