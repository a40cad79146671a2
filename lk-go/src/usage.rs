//! What is wrong with a command line, in one sentence. clap's own words are several paragraphs, name the mistake twice
//! when a value parser has words of its own, and repeat what the user wrote as it is.

use std::borrow::Cow;
use std::error::Error as _;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use crate::cli::{self, Cli};
use crate::printable;

/// A mistake that clap does not see, in a sentence.
pub(crate) fn error(sentence: String) -> clap::Error {
    let mut error = clap::Error::new(ErrorKind::ValueValidation);
    error.insert(ContextKind::Custom, ContextValue::String(sentence));
    error
}

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
        ErrorKind::ValueValidation => text(ContextKind::Custom).unwrap_or_default().to_owned(),
        ErrorKind::InvalidValue => match text(ContextKind::InvalidValue) {
            None | Some("") => format!("`{}` has no value; give it one", argument()),
            Some(value) => format!(
                "`{}` is no value of `{}`; {}",
                printable::stray(value),
                argument(),
                lk_plugin::choose(value, &texts(error, ContextKind::ValidValue))
            ),
        },
        ErrorKind::UnknownArgument => {
            let meant = did_you_mean(text(ContextKind::SuggestedArg));
            let given = printable::stray(text(ContextKind::InvalidArg).unwrap_or("an argument"));
            format!("`{given}` does not belong here; {meant}{}", usage(error))
        }
        ErrorKind::InvalidSubcommand => {
            let given = text(ContextKind::InvalidSubcommand).unwrap_or_default();
            let advice = commands(given, &usage_line(error)).unwrap_or_else(|| usage(error));
            format!("`{}` is not a command; {advice}", printable::stray(given))
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

/// What is wrong where a value seems to have been torn from its key: `--set KEY= VALUE`, `--set KEY VALUE`. clap would
/// take it for an argument of its own, to be repeated in a message or sent to a provider.
pub(crate) fn torn_setting(arguments: &[OsString]) -> Option<String> {
    let words: Vec<Cow<'_, str>> =
        arguments.iter().skip(1).map(|word| word.to_string_lossy()).take_while(|word| word != "--").collect();
    (0..words.len()).find_map(|index| {
        let setting = match words[index].strip_prefix("--set=") {
            Some(setting) => setting,
            None if index > 0 && words[index - 1] == "--set" => words[index].as_ref(),
            None => return None,
        };
        words.get(index + 1).filter(|next| !next.starts_with('-'))?;
        match setting.split_once('=') {
            Some((key, "")) if !key.is_empty() => Some(format!(
                "`--set {}=` has a blank after its `=`; write the value right behind it, or, where none is meant, `--` or \
                 another option before what follows",
                printable::argument(key)
            )),
            Some(_) => None,
            None if setting.starts_with('-') => None,
            None => cli::setting(setting).err(),
        }
    })
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

/// What to write instead of a command that is none, under the command that this usage is of; `None` when that has no
/// commands.
fn commands(given: &str, usage: &str) -> Option<String> {
    let mut root = Cli::command();
    // Also `help`.
    root.build();
    let (mut parent, mut words) = (&root, usage.split(' ').skip(1));
    while let Some(child) = words.next().and_then(|word| parent.find_subcommand(word)) {
        parent = child;
    }
    let names: Vec<&str> = parent.get_subcommands().map(Command::get_name).collect();
    let mut groups = parent.get_subcommands().filter(|group| group.get_name() != "help");
    let group = groups.find(|group| group.find_subcommand(given).is_some());
    let meant = did_you_mean(group.map(|group| format!("{} {given}", group.get_name())).as_deref());
    (!names.is_empty()).then(|| meant + &lk_plugin::choose(given, &names))
}

/// `write …, or see …`.
fn usage(error: &clap::Error) -> String {
    match usage_line(error).as_str() {
        "" => "see `--help`".to_owned(),
        usage => format!("write `{usage}`, or see `--help`"),
    }
}

/// How the command is called; empty when clap does not say.
fn usage_line(error: &clap::Error) -> String {
    match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string().trim_start_matches("Usage:").trim().to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

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
            (&["vad", "x", "--set", "=1"], "`=…` has no key before the `=`; write `--set KEY=VALUE`"),
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
                &["vad", "x", "--events", "all", "--events", "all"],
                "`--events <EVENTS>` is given more than once; give it once",
            ),
        ] {
            assert_eq!(told(arguments), sentence);
        }
    }

    #[test]
    fn an_unknown_command_gets_the_commands_to_choose_from() {
        let top =
            "choose from `build`, `completions`, `doctor`, `help`, `llm`, `man`, `plugin`, `run`, `stt`, `tts`, `vad`";
        let plugin = "choose from `check`, `download-files`, `help`, `list`, `lock`, `new`, `schema`, `show`";
        for (arguments, meant, choices) in [
            (&["vda", "x.wav"][..], "did you mean `vad`? ", top),
            (&["transcribe"], "", top),
            (&["list"], "did you mean `plugin list`? ", top),
            (&["--color", "never", "help", "list"], "did you mean `plugin list`? ", top),
            (&["plugin", "lst"], "did you mean `list`? ", plugin),
            (&["help", "plugin", "lsit"], "did you mean `list`? ", plugin),
        ] {
            let sentence = told(arguments);
            let (_, advice) = sentence.split_once("is not a command; ").unwrap_or_default();
            assert_eq!(advice, format!("{meant}{choices}"));
        }
        assert!(told(&["help", "vad", "x"]).starts_with("`x` is not a command; write `lk-go vad "));
    }

    #[test]
    fn a_value_that_is_torn_from_its_key_is_noticed_and_an_empty_one_is_not() {
        let torn = |line: &str| torn_setting(&line.split(' ').map(Into::into).collect::<Vec<_>>());
        for (line, problem) in [
            ("lk-go vad x.wav --set api_key= S3CRET", "`--set api_key=` has a blank after its `=`"),
            ("lk-go vad x.wav --set=api_key= S3CRET", "`--set api_key=` has a blank after its `=`"),
            ("lk-go llm --set api_key= S3CRET hi", "`--set api_key=` has a blank after its `=`"),
            ("lk-go plugin check a --set b=c --set api_key= S3CRET", "`--set api_key=` has a blank after its `=`"),
            ("lk-go vad x.wav --set api_key S3CRET", "`api_key` has no `=`"),
            ("lk-go vad x.wav --set api_key = S3CRET", "`api_key` has no `=`"),
            ("lk-go vad x.wav --set api_key: S3CRET", "`api_key…` has no `=`"),
        ] {
            let message = torn(line).unwrap_or_default();
            assert!(message.starts_with(problem) && !message.contains("S3CRET"), "{line}: {message}");
        }
        for line in [
            "lk-go vad x.wav --set api_key=",
            "lk-go vad --set api_key= -",
            "lk-go llm --set instructions= -- hi",
            "lk-go llm -- --set api_key= x",
            "lk-go vad --set stt.keyterms= --format json x.wav",
            "lk-go vad --set a=b x.wav",
            "lk-go vad --set a== x.wav",
            "lk-go vad --plugin a= x.wav",
            "lk-go vad --set --format json",
        ] {
            assert_eq!(torn(line), None, "{line}");
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
