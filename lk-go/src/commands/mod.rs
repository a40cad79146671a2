//! The commands, one a file.

use crate::BuiltIns;
use crate::cli::{Command, PluginCommand};
use crate::error::{Exit, Result};

mod build;
mod chosen;
mod completions;
mod doctor;
#[cfg(feature = "download")]
mod download_files;
#[cfg(not(feature = "download"))]
#[path = "download_files/elsewhere.rs"]
mod download_files;
mod instance;
mod llm;
mod man;
mod named;
mod plugin_check;
mod plugin_list;
mod plugin_lock;
mod plugin_new;
mod plugin_schema;
mod plugin_show;
mod run;
mod stt;
mod text;
mod tts;
mod vad;

#[cfg(any(test, fuzzing))]
pub(crate) use self::build::spec_is_read;

/// Does what the command line says. `built_ins` are those of [`run_with_built_ins`](crate::run_with_built_ins).
///
/// # Errors
///
/// What the user must be told. Nothing stands on standard output then, except what a plugin had said before it failed.
pub(crate) fn run(command: &Command, built_ins: BuiltIns<'_>) -> Result<Exit> {
    match command {
        Command::Plugin(command) => match command {
            PluginCommand::List(arguments) => plugin_list::run(arguments),
            PluginCommand::Show(arguments) => plugin_show::run(arguments, built_ins),
            PluginCommand::Schema(arguments) => plugin_schema::run(arguments, built_ins),
            PluginCommand::Lock(arguments) => plugin_lock::run(arguments),
            PluginCommand::New(arguments) => plugin_new::run(arguments),
            PluginCommand::DownloadFiles(arguments) => download_files::run(arguments, built_ins),
            PluginCommand::Check(arguments) => plugin_check::run(arguments, built_ins),
        },
        Command::Doctor(arguments) => doctor::run(arguments),
        Command::Completions { shell } => completions::run(*shell),
        Command::Man { folder } => man::run(folder.as_deref()),
        Command::Build(arguments) => build::run(arguments),
        Command::Run(arguments) => run::run(arguments, built_ins),
        Command::Vad(arguments) => vad::run(arguments, built_ins),
        Command::Llm(arguments) => llm::run(arguments, built_ins),
        Command::Stt(arguments) => stt::run(arguments, built_ins),
        Command::Tts(arguments) => tts::run(arguments, built_ins),
    }
}
