//! `lk-go completions`: what a shell completes.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::error::{Exit, Result};
use crate::output;

/// Prints the shell's script.
///
/// # Errors
///
/// When standard output does not take it.
pub(super) fn run(shell: Shell) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "lk-go", &mut script);
    output::script(&script)?;
    Ok(Exit::Good)
}
