//! The command line of lk-plugin, as a library: a program with other plugins linked in gets the same commands by calling
//! [`run`].
//!
//! ```no_run
//! // use my_plugins as _;
//! fn main() -> std::process::ExitCode {
//!     lk_go::run()
//! }
//! ```
// There each item says which feature it wants.
#![cfg_attr(docsrs, feature(doc_cfg))]

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

mod cli;
mod commands;
mod error;
mod framework;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod interrupt;
mod listing;
mod output;
mod plugin_files;
mod printable;
mod terminal;
mod timeline;
mod usage;
pub mod voice;
mod wav;
mod wav_writer;

use self::cli::Cli;
use self::error::Exit;

/// Runs the command line with the arguments of this process.
///
/// Call it first in `main`: on Linux the program is then also the helper process that loads plugin files before they are
/// loaded here.
///
/// Takes over the panic hook: whatever panics, the process ends with exit code 70 and a request to report it.
pub fn run() -> ExitCode {
    plugin_files::be_probe();
    run_with(std::env::args_os())
}

/// Runs the command line with these arguments, the first of which is the program's name; else as [`run`].
pub fn run_with(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> ExitCode {
    hooked(arguments, &[])
}

/// The plugins that are a program's own features: each one's name, the feature that holds it, and whether it is compiled
/// in, as in `lk_plugins::BUILT_INS`.
pub type BuiltIns<'p> = &'p [(&'p str, &'p str, bool)];

/// As [`run`], for a program whose plugins are its own features. Who asks for one that is not compiled in learns which
/// feature is missing.
// The list is handed in, for if this library named the crate, every program with these commands would hold its plugins.
pub fn run_with_built_ins(built_ins: BuiltIns<'_>) -> ExitCode {
    plugin_files::be_probe();
    hooked(std::env::args_os(), built_ins)
}

fn hooked(arguments: impl IntoIterator<Item = impl Into<OsString>>, built_ins: BuiltIns<'_>) -> ExitCode {
    panic::set_hook(Box::new(output::bug));
    ExitCode::from(guarded(arguments, built_ins).code())
}

fn guarded(arguments: impl IntoIterator<Item = impl Into<OsString>>, built_ins: BuiltIns<'_>) -> Exit {
    panic::catch_unwind(AssertUnwindSafe(|| execute(arguments, built_ins))).unwrap_or(Exit::Bug)
}

fn execute(arguments: impl IntoIterator<Item = impl Into<OsString>>, built_ins: BuiltIns<'_>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let cli = match Cli::read(&arguments) {
        Ok(cli) => cli,
        Err(message) => {
            terminal::set_color(Cli::color_of(&arguments));
            let code = if message.exit_code() == 0 { Exit::Good } else { Exit::Usage };
            return output::usage(&message).map_or_else(|error| failed(&error), |()| code);
        }
    };
    terminal::set_color(cli.color);
    commands::run(&cli.command, built_ins).unwrap_or_else(|error| failed(&error))
}

fn failed(error: &error::Error) -> Exit {
    output::error(error);
    error.exit()
}

#[cfg(test)]
mod tests {
    use lk_plugin::{Plugin, Registry, Vad};

    use super::*;

    #[test]
    fn a_plugin_that_panics_is_a_bug_with_its_own_exit_code() -> Result<(), lk_plugin::Error> {
        #[expect(clippy::panic, reason = "the panic of a plugin is what this test is about")]
        let plugin = Plugin::new::<dyn Vad>("panics", |_| panic!("on purpose"));
        Registry::try_global()?.try_register(plugin)?;
        assert_eq!(guarded(["lk-go", "vad", "x.wav", "--plugin", "panics"], &[]), Exit::Bug);
        Ok(())
    }
}
