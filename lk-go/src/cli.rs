//! What may be written on the command line, and what `--help` says about it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::terminal::Color;
use crate::{printable, usage};

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

macro_rules! exit_codes {
    () => {
        "\
Exit codes:
    0  good
    1  findings: the command worked and found something wrong
    2  usage: the command line makes no sense
    3  config: a plugin's config is wrong
    4  input: a file cannot be read or understood, or the result not written
    5  not found: no such plugin or kind of plugin
    6  provider: a plugin failed at its work
    7  load refused: the plugins cannot be used together
   70  a bug of ours
  130  interrupted"
    };
}

// Below the macro, which they use.
mod late;
mod plugin;
mod voice;

use self::late::Late;
pub(crate) use self::plugin::{
    CheckArgs, DownloadArgs, ListArgs, LockArgs, NewArgs, PluginCommand, SchemaArgs, ShowArgs,
};
pub(crate) use self::voice::{
    Events, LlmArgs, RunArgs, RunFormat, StreamFormat, SttArgs, TtsArgs, TtsFormat, VadArgs, VadFormat,
};

/// Lists the plugins of a voice agent and tries them.
#[derive(Debug, Parser)]
#[command(name = "lk-go", version, arg_required_else_help = true, after_help = exit_codes!())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Whether to print in colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
}

impl Cli {
    /// What these arguments ask for, the first of which is the program's name.
    ///
    /// # Errors
    ///
    /// Also when they ask for help or the version: what to print is in the error.
    pub(crate) fn read(arguments: &[OsString]) -> Result<Self, clap::Error> {
        // What scripts and other programs start most: asking clap would be a fifth of its time.
        if arguments.iter().skip(1).eq(["plugin", "list"].iter()) {
            return Ok(Self::plugin_list());
        }
        match Self::try_parse_from(arguments) {
            Err(message) if !message.use_stderr() => Err(message),
            // Also where clap found nothing wrong: what was torn off would be taken for an argument.
            read => usage::torn_setting(arguments).map_or(read, |problem| Err(usage::error(problem))),
        }
    }

    /// The colours that are asked for by a command line that [`read`](Self::read) does not understand, where clap stops.
    pub(crate) fn color_of(arguments: &[OsString]) -> Color {
        let mut words = arguments.iter().skip(1).filter_map(|word| word.to_str()).take_while(|word| *word != "--");
        let mut color = Color::Auto;
        while let Some(word) = words.next() {
            let wanted = if word == "--color" { words.next() } else { word.strip_prefix("--color=") };
            color = wanted.and_then(|wanted| Color::from_str(wanted, false).ok()).unwrap_or(color);
        }
        color
    }

    /// `lk-go plugin list`, as clap would understand it.
    fn plugin_list() -> Self {
        let list = ListArgs { files: Vec::new(), probe: false, kind: None, format: ListFormat::Table };
        Self { command: Command::Plugin(PluginCommand::List(Late(list))), color: Color::Auto }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at plugins
    #[command(subcommand, arg_required_else_help = true, after_help = exit_codes!())]
    Plugin(PluginCommand),
    /// Answer each turn of a recording: the whole chain of vad, stt, llm and tts
    Run(Late<RunArgs>),
    /// Find the speech in a recording with a voice-activity-detection plugin
    Vad(Late<VadArgs>),
    /// Ask a language-model plugin
    Llm(Late<LlmArgs>),
    /// Transcribe a recording with a speech-to-text plugin
    Stt(Late<SttArgs>),
    /// Speak a text with a text-to-speech plugin, into a WAV file
    Tts(Late<TtsArgs>),
    /// Make a lk-go with more plugins compiled in
    Build(Late<BuildArgs>),
    /// Say what is here, what is missing, and what to do about it
    #[command(after_help = concat!("\
Examples:
  lk-go doctor
  lk-go doctor --format json | jq '.problems'

Tells which plugins this program has and whether instances can be made of them without a config, what is loaded from
LK_PLUGIN_PATH and what is not and why, which model files are missing or of another length, which variables are set of those
that decide about plugins and models or that a config key names (what a plugin reads besides, such as its provider's key,
is in its own docs), and how output is printed here. A plugin that only wants a config is no problem. With problems the exit code is 1.

", exit_codes!()))]
    Doctor(DoctorArgs),
    /// Print the completions for a shell
    #[command(after_help = "\
Examples:
  lk-go completions bash > ~/.local/share/bash-completion/completions/lk-go
  lk-go completions zsh > \"${fpath[1]}/_lk-go\"
  lk-go completions fish > ~/.config/fish/completions/lk-go.fish
")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the man page, or write one for each command
    #[command(after_help = "\
Examples:
  lk-go man | man -l -
  lk-go man ~/.local/share/man/man1
")]
    Man {
        /// The folder to write them to; standard output, and the first page alone, unless given
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
#[command(after_help = concat!("\
Examples:
  lk-go build --with ./my-plugin
  lk-go build --with my-plugin@1.2 --with https://example.org/other.git#v3 -o ~/bin/lk-go
  lk-go build --with ./my-plugin --without-built-ins --profile dev --offline

A crate is named by what the registry calls it, a folder by a path with a slash in it, a repository by a URL with `://` (and
`PACKAGE@` before it when there are several packages in it, `#` and a revision after it). Cargo does the work and must be
installed. What it compiles is kept for the next time in lk-plugin/build of your cache folder, unless CARGO_TARGET_DIR says
otherwise. The file appears when the program holds a plugin of every crate, and none twice.

", exit_codes!()))]
pub(crate) struct BuildArgs {
    /// A crate with plugins; may be given several times
    #[arg(long, required = true, value_name = "CRATE[@VERSION]|PATH|GIT-URL")]
    pub(crate) with: Vec<String>,
    /// The program to write; `./lk-go` unless given
    #[arg(short, long, alias = "out", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Where lk-plugin comes from: the folder of a clone, a git URL with `#` and a revision if you like, or a version
    #[arg(long, value_name = "PATH|GIT-URL|VERSION")]
    pub(crate) framework: Option<String>,
    /// How to compile it
    #[arg(long, value_enum, default_value_t = BuildProfile::Release)]
    pub(crate) profile: BuildProfile,
    /// Take nothing from the network
    #[arg(long)]
    pub(crate) offline: bool,
    /// Leave out the built-in plugins
    #[arg(long, conflicts_with = "features")]
    pub(crate) without_built_ins: bool,
    /// The features of lk-go, instead of all: built-in plugins (`adapters`, `fake`, `openai`, `silero`), `download` and `dynamic`
    #[arg(long, value_name = "FEATURE,...", value_delimiter = ',')]
    pub(crate) features: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BuildProfile {
    /// Fast to run
    Release,
    /// Fast to compile
    Dev,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// How to print what was found; JSON has the same, in more detail
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A table for people
    Table,
    /// One JSON document for programs
    Json,
}

// Where the plugin's config comes from. Not a docstring, which clap would take for what the command does.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// A file with the plugin's config: TOML, JSON or YAML
    #[arg(long = "config", value_name = "FILE")]
    pub(crate) config_file: Option<PathBuf>,
    /// A config value for the plugin, which goes before the file's
    ///
    /// May be given several times; the last one of a key counts.
    ///
    /// An empty value stands last, or before another option.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) settings: Vec<(String, String)>,
}

impl ConfigArgs {
    /// Whether the user gave none.
    pub(crate) fn is_empty(&self) -> bool {
        self.config_file.is_none() && self.settings.is_empty()
    }
}

/// Key and value of `--set`.
///
/// # Errors
///
/// What is wrong with it, without what may be a value.
pub(crate) fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        Some(_) => Err(format!("`{}` has no key before the `=`; write `--set KEY=VALUE`", printable::stray(text))),
        None => Err(format!("{} has no `=`; write `--set KEY=VALUE`", key_of(text))),
    }
}

/// As [`setting`], of a config with tables.
fn table_setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = setting(text)?;
    match key.split_once('.') {
        Some((table, rest)) if !table.is_empty() && !rest.is_empty() => Ok((key, value)),
        _ => Err(format!(
            "`--set {}=…` names no key in a table; write `--set TABLE.KEY=VALUE`, as in `stt.language=de`",
            printable::argument(&key)
        )),
    }
}

/// What looks like a key at the start of a setting without `=`; the rest may be the value of a secret.
fn key_of(text: &str) -> String {
    const MAX_KEY: usize = 32;
    let is_key = |char: &char| matches!(char, 'a'..='z' | '_' | '.');
    let key: String = text.chars().take(MAX_KEY).take_while(is_key).collect();
    match text.len() - key.len() {
        0 => format!("`{key}`"),
        _ if key.is_empty() => "what follows `--set`".to_owned(),
        _ => format!("`{key}…`"),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_of_what_hears_and_speaks_fits_80_columns() {
        let mut root = Cli::command();
        root.build();
        for name in ["run", "vad", "llm", "stt", "tts"] {
            let help = root.find_subcommand_mut(name).map(|command| command.render_long_help().to_string());
            let help = help.unwrap_or_default();
            assert!(help.contains("Exit codes:"), "{name}");
            let long: Vec<&str> = help.lines().filter(|line| line.chars().count() > 80).collect();
            assert!(long.is_empty(), "{name}: {long:#?}");
        }
    }

    #[test]
    fn an_output_has_the_same_names_everywhere() {
        for command in ["run --in a.wav", "tts hi", "build --with ./a"] {
            for output in ["-o", "--out", "--output"] {
                let line = format!("lk-go {command} {output} b");
                assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
            }
        }
    }

    #[test]
    fn the_plain_list_is_what_clap_would_understand() -> Result<(), clap::Error> {
        let asked = Cli::try_parse_from(["lk-go", "plugin", "list"])?;
        assert_eq!(format!("{:?}", Cli::read(&["lk-go", "plugin", "list"].map(Into::into))?), format!("{asked:?}"));
        assert_eq!(format!("{:?}", Cli::plugin_list()), format!("{asked:?}"));
        Ok(())
    }

    #[test]
    fn the_wanted_colours_are_read_from_mistakes_too() {
        for (arguments, color) in [
            (&["lk-go", "plugn", "--color", "never"][..], Color::Never),
            (&["lk-go", "--color=always", "plugn"], Color::Always),
            (&["lk-go", "plugin", "list", "--color", "always", "--what"], Color::Always),
            (&["lk-go", "--color", "never", "plugin", "show"], Color::Never),
            (&["lk-go", "plugin", "list", "--help", "--color", "never"], Color::Never),
            (&["lk-go", "plugin", "list", "--color", "green"], Color::Auto),
            (&["lk-go", "--what"], Color::Auto),
        ] {
            let arguments: Vec<OsString> = arguments.iter().map(Into::into).collect();
            assert!(Cli::read(&arguments).is_err());
            assert_eq!(Cli::color_of(&arguments), color, "{arguments:?}");
        }
    }

    #[test]
    fn a_setting_is_split_at_its_first_equals_sign() {
        assert_eq!(setting("url=a=b"), Ok(("url".to_owned(), "a=b".to_owned())));
        assert_eq!(setting("language="), Ok(("language".to_owned(), String::new())));
        assert!(setting("threshold").is_err_and(|message| message.contains("`threshold` has no `=`")));
        assert!(setting("=1").is_err_and(|message| message.contains("no key")));
    }

    #[test]
    fn a_setting_of_a_config_with_tables_names_table_and_key() {
        assert_eq!(table_setting("stt.a.b=c=d"), Ok(("stt.a.b".to_owned(), "c=d".to_owned())));
        for text in ["stt=fake", "stt.=fake", ".stt=fake", "language=fake"] {
            let message = table_setting(text).err().unwrap_or_default();
            assert!(message.contains("names no key in a table; write") && !message.contains("fake"), "{message}");
        }
        assert!(table_setting("stt").is_err_and(|message| message.starts_with("`stt` has no `=`")));
    }

    #[test]
    fn what_may_be_a_value_is_not_repeated() {
        for text in
            ["api_key:sk-s3cret", "api_key sk-s3cret", "api_key-S3CRET", "S3CRET", "=s3cret", "sk_1s3cret", "1s3cret"]
        {
            let message = setting(text).err().unwrap_or_default();
            assert!(message.contains(" has no ") && !message.to_lowercase().contains("cret"), "{message}");
        }
        let long = "s".repeat(60);
        assert!(setting(&long).is_err_and(|message| !message.contains(&long[..33])));
        assert_eq!(setting("a.b:c").err().as_deref(), Some("`a.b…` has no `=`; write `--set KEY=VALUE`"));
    }
}
