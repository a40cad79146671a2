//! The commands, one a file.

use crate::cli::{Command, PluginCommand};
use crate::error::{Exit, Result};

mod plugin_list;
mod vad;

/// Does what the command line says.
///
/// # Errors
///
/// What the user must be told; nothing stands on standard output then.
pub(crate) fn run(command: &Command) -> Result<Exit> {
    match command {
        Command::Plugin(PluginCommand::List(arguments)) => plugin_list::run(arguments),
        Command::Vad(arguments) => vad::run(arguments),
    }
}
