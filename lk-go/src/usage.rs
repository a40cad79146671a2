//! What is wrong with a command line, in one sentence. clap's own words are several paragraphs, name the mistake twice
//! when a value parser has words of its own, and repeat what the user wrote as it is.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::printable;

/// The sentence.
pub(crate) fn mistake(error: &clap::Error) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        Some(ContextValue::Strings(texts)) => texts.first().map(String::as_str),
        _ => None,
    };
    let argument = || printable::argument(text(ContextKind::InvalidArg).unwrap_or("an argument"));
    match error.kind() {
        // Whole sentences: only parsers of ours can fail.
        ErrorKind::ValueValidation if error.source().is_some() => {
            error.source().map(ToString::to_string).unwrap_or_default()
        }
        ErrorKind::InvalidValue => match text(ContextKind::InvalidValue) {
            None | Some("") => format!("`{}` has no value; give it one", argument()),
            Some(value) => format!(
                "`{}` is no value of `{}`; {}",
                printable::argument(value),
                argument(),
                lk_plugin::choose(value, &texts(error, ContextKind::ValidValue))
            ),
        },
        ErrorKind::UnknownArgument => {
            let meant = did_you_mean(text(ContextKind::SuggestedArg));
            format!("`{}` does not belong here; {meant}{}", argument(), usage(error))
        }
        ErrorKind::InvalidSubcommand => {
            let given = printable::argument(text(ContextKind::InvalidSubcommand).unwrap_or_default());
            let meant = did_you_mean(text(ContextKind::SuggestedSubcommand));
            format!("`{given}` is not a command; {meant}{}", usage(error))
        }
        ErrorKind::MissingRequiredArgument => {
            let missing: Vec<String> =
                texts(error, ContextKind::InvalidArg).iter().map(|argument| format!("`{argument}`")).collect();
            let are = if missing.len() == 1 { "is" } else { "are" };
            format!("{} {are} missing; {}", missing.join(", "), usage(error))
        }
        ErrorKind::ArgumentConflict => match text(ContextKind::PriorArg) {
            Some(other) if Some(other) != text(ContextKind::InvalidArg) => {
                format!("`{}` and `{other}` exclude each other; give one of them", argument())
            }
            _ => format!("`{}` is given more than once; give it once", argument()),
        },
        kind => format!("{}; {}", kind.as_str().unwrap_or("the command line makes no sense"), usage(error)),
    }
}

fn texts(error: &clap::Error, kind: ContextKind) -> Vec<&str> {
    match error.get(kind) {
        Some(ContextValue::Strings(texts)) => texts.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

fn did_you_mean(choice: Option<&str>) -> String {
    choice.map(|choice| format!("did you mean `{choice}`? ")).unwrap_or_default()
}

/// `write …, or see …`.
fn usage(error: &clap::Error) -> String {
    match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => {
            let usage = usage.to_string();
            format!("write `{}`, or see `--help`", usage.trim_start_matches("Usage:").trim())
        }
        _ => "see `--help`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn told(arguments: &[&str]) -> String {
        match Cli::try_parse_from([&["lk-go"], arguments].concat()) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => mistake(&error),
        }
    }

    #[test]
    fn each_mistake_is_one_sentence_that_says_what_to_write() {
        for (arguments, sentence) in [
            (&["vad", "x", "--set", "foo"][..], "`foo` has no `=`; write `--set KEY=VALUE`"),
            (&["vad", "x", "--set", "=1"], "`=1` has no key before the `=`; write `--set KEY=VALUE`"),
            (&["vad", "x", "--set"], "`--set <KEY=VALUE>` has no value; give it one"),
            (
                &["vad", "x", "--format", "txt"],
                "`txt` is no value of `--format <FORMAT>`; did you mean `text`? choose from `json`, `text`",
            ),
            (
                &["vad", "x", "--frmat", "text"],
                "`--frmat` does not belong here; did you mean `--format`? write `lk-go vad --format <FORMAT> \
                 <FILE.wav>`, or see `--help`",
            ),
            (&["vad", "x", "y"], "`y` does not belong here; write `lk-go vad [OPTIONS] <FILE.wav>`, or see `--help`"),
            (&["vad"], "`<FILE.wav>` is missing; write `lk-go vad <FILE.wav>`, or see `--help`"),
            (
                &["vads"],
                "`vads` is not a command; did you mean `vad`? write `lk-go [OPTIONS] <COMMAND>`, or see `--help`",
            ),
            (
                &["vad", "x", "--events", "all", "--events", "all"],
                "`--events <EVENTS>` is given more than once; give it once",
            ),
        ] {
            assert_eq!(told(arguments), sentence);
        }
    }

    #[test]
    fn what_the_user_wrote_is_made_printable() {
        let evil = "--a\x1b[31m\nb";
        for arguments in [
            &[evil][..],
            &[&evil[2..]],
            &["vad", "x", evil],
            &["vad", "x", "--format", &evil[2..]],
            &["vad", "x", "--set", &evil[2..]],
            &["vad", "x", "--set", &"long".repeat(1000)],
        ] {
            let sentence = told(arguments);
            assert!(!sentence.contains(char::is_control) && sentence.chars().count() < 250, "{sentence:?}");
        }
    }
}
