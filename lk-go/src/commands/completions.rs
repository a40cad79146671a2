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
    output::script(&script(shell))?;
    Ok(Exit::Good)
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "lk-go", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_completes_the_commands_of_a_command() {
        let script = String::from_utf8_lossy(&script(Shell::Bash)).into_owned();
        let of_help = script.split_once("go__subcmd__help__subcmd__plugin)").map(|(_, rest)| rest);
        let words = of_help.and_then(|rest| rest.split_once("opts=\"")?.1.split_once('"'));
        assert_eq!(words.map(|(words, _)| words), Some("list show schema check lock new download-files"));
    }
}
