//! Command lines: the fuzz target `arguments`.

use clap::Parser;

use super::{Cli, Command};

/// The arguments, one a line.
///
/// They are understood, twice alike, or refused with a message and a code of ours; what they name of crates, repositories and
/// versions is told apart without a look at any of it.
pub fn arguments(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let parse = || Cli::try_parse_from(std::iter::once("lk-go").chain(text.lines()));
    match (parse(), parse()) {
        (Ok(one), Ok(two)) => {
            assert_eq!(format!("{one:?}"), format!("{two:?}"));
            if let Command::Build(build) = &one.command {
                build.with.iter().for_each(|text| crate::commands::spec_is_read(text));
            }
        }
        (Err(one), Err(two)) => {
            assert_eq!(one.to_string(), two.to_string());
            assert!(matches!(one.exit_code(), 0 | 2) && !one.to_string().is_empty());
        }
        (one, two) => unreachable!("{one:?} and then {two:?}"),
    }
}
