//! The commands, one a file.

use crate::cli::{Command, PluginCommand};
use crate::error::{Exit, Result};

mod chosen;
mod llm;
pub(crate) mod plugin_list;
mod plugin_lock;
mod run;
mod stt;
mod tts;
mod vad;

/// Does what the command line says. `built_ins` are those of [`run_with_built_ins`](crate::run_with_built_ins).
///
/// # Errors
///
/// What the user must be told. Nothing stands on standard output then, except what a plugin had said before it failed.
pub(crate) fn run(command: &Command, built_ins: &[(&str, bool)]) -> Result<Exit> {
    match command {
        Command::Plugin(PluginCommand::List(arguments)) => plugin_list::run(arguments),
        Command::Plugin(PluginCommand::Lock(arguments)) => plugin_lock::run(arguments),
        Command::Run(arguments) => run::run(arguments, built_ins),
        Command::Vad(arguments) => vad::run(arguments, built_ins),
        Command::Llm(arguments) => llm::run(arguments, built_ins),
        Command::Stt(arguments) => stt::run(arguments, built_ins),
        Command::Tts(arguments) => tts::run(arguments, built_ins),
    }
}
