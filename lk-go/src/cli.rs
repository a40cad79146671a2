//! What may be written on the command line, and what `--help` says about it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::printable;

macro_rules! exit_codes {
    () => {
        "\
Exit codes:
    0  good
    1  findings: the command worked and found something wrong
    2  usage: the command line makes no sense
    3  config: a plugin's config is wrong
    4  input: a file cannot be read or understood, or the result cannot be written
    5  not found: no such plugin or kind of plugin
    6  provider: a plugin failed at its work
    7  load refused: the plugins cannot be used together
   70  a bug of ours
  130  interrupted"
    };
}

/// Lists the plugins of a voice agent and tries them.
#[derive(Debug, Parser)]
#[command(name = "lk-go", version, arg_required_else_help = true, after_help = exit_codes!())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at plugins
    #[command(subcommand, arg_required_else_help = true, after_help = exit_codes!())]
    Plugin(PluginCommand),
    /// Find the speech in a recording with a voice-activity-detection plugin
    #[command(after_help = concat!("\
Examples:
  lk-go vad recording.wav
  lk-go vad recording.wav --set activation_threshold=0.6 --format json | jq .
  ffmpeg -i call.mp3 -f wav - | lk-go vad -

Start and end of a segment are the plugin's best estimate of when speech began and ended: the time of the
event minus the speech that it needed to be sure, or minus the silence.

Nothing is printed before the input ends, not even from a live pipe; Ctrl-C ends it and prints what was found
so far. Until then every event that is asked for is kept in memory, with `--events all` one per window.

", exit_codes!()))]
    Vad(VadArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// List the plugins in this program and on LK_PLUGIN_PATH, or those in files
    #[command(after_help = concat!("\
Examples:
  lk-go plugin list
  lk-go plugin list --kind vad
  lk-go plugin list --format json | jq '.plugins[].name'
  lk-go plugin list ./libmy_plugin.so /usr/bin/my-agent
  LK_PLUGIN_PATH=~/my-plugins lk-go plugin list --probe

Nothing in a file runs, except with --probe. LK_PLUGIN_PATH holds absolute directories with colons between them; what cannot be
loaded from there stands below the table with the reason, and in JSON under `refused`. LK_PLUGIN_STRICT=1 makes
that exit code 7; LK_PLUGIN_INSECURE=1 takes files that others can write to.

", exit_codes!()))]
    List(ListArgs),
    /// Let only what plugin files hold now be loaded from a directory
    #[command(after_help = concat!("\
Examples:
  lk-go plugin lock /usr/lib/my-agent/plugins
  LK_PLUGIN_PATH=/opt/one:/opt/two lk-go plugin lock

Writes the SHA-256 of each `*.so` into the directory's file lk-plugin.lock, which `sha256sum -c` reads too. From
then on nothing else is loaded from there.

", exit_codes!()))]
    Lock(LockArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Executables and shared objects to look into, instead of this program and LK_PLUGIN_PATH
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Also load the files on LK_PLUGIN_PATH, each first in a process of its own, as every real use does
    #[arg(long, conflicts_with = "files")]
    pub(crate) probe: bool,
    /// List only the plugins of this kind: llm, stt, tts or vad
    // Text, because the core's own message for an unknown kind is better and has its own exit code.
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// How to print them
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct LockArgs {
    /// The directories; those of LK_PLUGIN_PATH unless given
    #[arg(value_name = "DIR")]
    pub(crate) directories: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A table for people
    Table,
    /// One JSON document with everything that is known about each plugin
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct VadArgs {
    /// The recording, a WAV file of any rate with up to 8 channels; `-` reads standard input
    #[arg(value_name = "FILE.wav")]
    pub(crate) file: PathBuf,
    /// The plugin to ask; `lk-go plugin list --kind vad` shows which there are
    #[arg(long, default_value = "silero")]
    pub(crate) plugin: String,
    /// A config value for the plugin; may be given several times, and the last one of a key counts
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) settings: Vec<(String, String)>,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = VadFormat::Text)]
    pub(crate) format: VadFormat,
    /// Which events to print
    #[arg(long, value_enum, default_value_t = Events::Edges)]
    pub(crate) events: Events,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VadFormat {
    /// A table of the segments, a picture of the recording, and totals
    Text,
    /// One event a line, as JSON; all times in seconds
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Events {
    /// Where speech starts and ends (text: the segments alone)
    Edges,
    /// Also the judgement of each window (text: a table of all events before the segments)
    All,
}

fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        Some(_) => Err(format!("`{}` has no key before the `=`; write `--set KEY=VALUE`", printable::argument(text))),
        None => Err(format!("`{}` has no `=`; write `--set KEY=VALUE`", printable::argument(text))),
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
    fn a_setting_is_split_at_its_first_equals_sign() {
        assert_eq!(setting("url=a=b"), Ok(("url".to_owned(), "a=b".to_owned())));
        assert_eq!(setting("language="), Ok(("language".to_owned(), String::new())));
        assert!(setting("threshold").is_err_and(|message| message.contains("`threshold` has no `=`")));
        assert!(setting("=1").is_err_and(|message| message.contains("no key")));
    }
}
