//! `lk-go plugin new`: writes a crate with a working plugin to start from.

use std::path::Path;

use lk_plugin::{Kind, Registry, check_plugin_name};

use crate::cli::NewArgs;
use crate::error::{Error, Exit, Result};
use crate::framework::Framework;
use crate::{output, printable};

mod files;
mod folder;

use self::files::{Crate, Template};

/// Writes the crate, whole or not at all.
///
/// # Errors
///
/// When the name is none, the kind is none, the folder has something in it, the framework is not to be had, or the disk
/// refuses.
pub(super) fn run(arguments: &NewArgs) -> Result<Exit> {
    check_plugin_name(&arguments.name).map_err(|error| Error::Usage(error.message().to_owned()))?;
    let kind: Kind = arguments.kind.parse()?;
    let framework = Framework::new(arguments.framework.as_deref())?;
    let target = arguments.path.as_deref().unwrap_or(Path::new(&arguments.name));
    let place = folder::Place::new(target)?;
    let written = Crate {
        name: &arguments.name,
        kind,
        template: Template::of(kind)?,
        is_file: arguments.dynamic,
        framework: &framework,
        is_in_workspace: place.is_in_foreign_workspace(),
    };
    let files = written.files();
    place.write(&files)?;

    let mut text = format!("wrote the plugin `{kind}/{}` into `{}`:\n", arguments.name, printable::path(target));
    for (file, _) in &files {
        text.push_str(&format!("    {file}\n"));
    }
    text.push_str(&format!("next:\n    cd {}\n    cargo test\n", shell_word(&target.to_string_lossy())));
    output::result(&text)?;
    if Registry::try_global()?.get(kind, &arguments.name).is_some() {
        output::note(format_args!(
            "this lk-go has a `{kind}/{}` already, and no program can hold both; choose another name before you link it \
             beside that one",
            arguments.name
        ));
    }
    Ok(Exit::Good)
}

/// A word for a shell to read.
fn shell_word(text: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | '/' | '\\' | ':');
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        return text.to_owned();
    }
    let dash = if text.starts_with('-') { "./" } else { "" };
    format!("'{dash}{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_to_a_shell() {
        assert_eq!(shell_word("../a-b/c_1"), "../a-b/c_1");
        assert_eq!(shell_word("my plugins"), "'my plugins'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word("-x"), "'./-x'");
    }
}
