//! The commands, one a file.

use crate::cli::{Command, PluginCommand};
use crate::error::{Exit, Result};

pub(crate) mod plugin_list;
mod plugin_lock;
mod vad;

/// Does what the command line says. `built_ins` are those of [`run_with_built_ins`](crate::run_with_built_ins).
///
/// # Errors
///
/// What the user must be told; nothing stands on standard output then.
pub(crate) fn run(command: &Command, built_ins: &[(&str, bool)]) -> Result<Exit> {
    match command {
        Command::Plugin(PluginCommand::List(arguments)) => plugin_list::run(arguments),
        Command::Plugin(PluginCommand::Lock(arguments)) => plugin_lock::run(arguments),
        Command::Vad(arguments) => vad::run(arguments, built_ins),
    }
}
