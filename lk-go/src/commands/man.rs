//! `lk-go man`: the help as man pages.

use std::fs;
use std::io;
use std::path::Path;

use clap::CommandFactory;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::error::{Error, Exit, Result};
use crate::{output, printable};

/// Prints the page of `lk-go` itself, or writes that and one for each command into a folder.
///
/// # Errors
///
/// When standard output or the folder does not take them.
pub(super) fn run(folder: Option<&Path>) -> Result<Exit> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        Man::new(Cli::command()).render(&mut page).map_err(Error::Output)?;
        output::script(&page)?;
        return Ok(Exit::Good);
    };
    let refused = |error: io::Error| Error::Input {
        file: format!("`{}`", printable::path(folder)),
        problem: "takes no man pages".to_owned(),
        advice: "name a folder that you may write to".to_owned(),
        source: Some(error.into()),
    };
    fs::create_dir_all(folder).map_err(refused)?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(refused)?;
    output::result(&format!("wrote the man pages to `{}`\n", printable::path(folder)))?;
    Ok(Exit::Good)
}
