//! What may be written on the command line, and what `--help` says about it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::printable;
use crate::terminal::Color;

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
    /// Whether to print in colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at plugins
    #[command(subcommand, arg_required_else_help = true, after_help = exit_codes!())]
    Plugin(PluginCommand),
    /// Answer each turn of a recording: the whole chain of vad, stt, llm and tts
    #[command(after_help = concat!("\
Examples:
  lk-go run --in call.wav --out reply.wav
  lk-go run agent.toml --in call.wav --out reply.wav --realtime
  lk-go run agent.toml --in call.wav --set stt.language=de --set llm.plugin=openai/gpt-4o-mini --format json
  lk-go run --print-config > agent.toml

The config has a table for each kind, `[vad]`, `[stt]`, `[llm]` and `[tts]`: `plugin` names the plugin, or plugin and model;
every other key is that plugin's own. `[llm] system` is what the model is told first. `[session]` may have
`interruptions`, `min_interruption_duration`, `live_stt`, `live_tts` and `max_context_items`. Without a config it is the one
that --print-config shows: scripted plugins, which need no key.

The reply is as long as the recording, or longer, with each answer when it would have been heard. Without --realtime time
runs as fast as it can, but no faster than real time while a plugin is waited for. Speech during an answer cuts it off.

In the table SILENCE is what the vad takes to be sure that the speaker is done, TRANSCRIPT the time from there to the words,
TOKEN from the question to the first word of the answer, AUDIO from there to the first speech; TOTAL is what the speaker
waits.

With --format json each event is a line: speech_started, interim_transcript, speech_ended, transcript or
nothing_understood, first_token, reply, first_audio, then reply_ended or failed; each has `turn`, and `at` on the
recording's clock. Between them are the plugins' metrics; the last line is `end`. All times are in seconds.

A turn that fails is told, and the next one is tried; three in a row end the command.

", exit_codes!()))]
    Run(RunArgs),
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
    /// Ask a language-model plugin
    #[command(after_help = concat!("\
Examples:
  lk-go llm 'Why is the sky blue?'
  lk-go llm --plugin openai/gpt-4o-mini --set temperature=0.2 'Name a colour.'
  lk-go llm --plugin fake 'this one needs no key'
  git diff | lk-go llm --system 'Review this change.' - --format json

The answer is printed as it comes. Ctrl-C gives up the request.

", exit_codes!()))]
    Llm(LlmArgs),
    /// Transcribe a recording with a speech-to-text plugin
    #[command(after_help = concat!("\
Examples:
  lk-go stt recording.wav
  lk-go stt recording.wav --plugin openai/whisper-1 --language de --format json
  lk-go stt recording.wav --plugin fake --stream
  arecord -f S16_LE -r 16000 | lk-go stt - --stream

Without `--stream` the whole recording is sent at once; with it, 10 ms at a time, and transcripts come as soon as the
plugin has them. Plugins that cannot do the one do the other unasked.

", exit_codes!()))]
    Stt(SttArgs),
    /// Speak a text with a text-to-speech plugin, into a WAV file
    #[command(after_help = concat!("\
Examples:
  lk-go tts 'Hello there.' -o hello.wav
  lk-go tts --plugin openai/tts-1 --set voice=alloy 'Hello there.' -o hello.wav
  lk-go tts --plugin fake 'Hello there.' -o - | aplay

The file appears when the last of the speech has come; after a failure there is none.

", exit_codes!()))]
    Tts(TtsArgs),
    /// Make a lk-go with more plugins compiled in
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
    Build(BuildArgs),
    /// Say what is here, what is missing, and what to do about it
    #[command(after_help = concat!("\
Examples:
  lk-go doctor
  lk-go doctor --format json | jq '.problems'

Tells which plugins this program has and whether instances can be made of them without a config, what is loaded from
LK_PLUGIN_PATH and what is not and why, which model files are missing, which variables are set (never their values), and how
output is printed here. A plugin that only wants a config is no problem. With problems the exit code is 1.

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
pub(crate) struct BuildArgs {
    /// A crate with plugins; may be given several times
    #[arg(long, required = true, value_name = "CRATE[@VERSION]|PATH|GIT-URL")]
    pub(crate) with: Vec<String>,
    /// The program to write; `./lk-go` unless given
    #[arg(short, long, value_name = "FILE")]
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
    /// Show everything that is known about a plugin
    #[command(after_help = concat!("\
Examples:
  lk-go plugin show vad/silero
  lk-go plugin show stt/openai --set model=whisper-1
  lk-go plugin show ./libmy_plugin.so
  lk-go plugin show tts/openai --format json | jq -r '.plugins[0].example' > speech.toml

What it can do is asked of an instance, so give the config that the plugin needs; nothing in a file runs. The example
config is valid as printed: what must be given has a value to replace, the rest stands behind a `#`.

", exit_codes!()))]
    Show(ShowArgs),
    /// Print the JSON Schema of a plugin's config
    #[command(after_help = concat!("\
Examples:
  lk-go plugin schema stt/openai > openai-stt.schema.json
  lk-go plugin schema --all | jq '.[\"$defs\"] | keys'
  lk-go plugin schema ./libmy_plugin.so

An editor completes a config with it: in TOML with the line `#:schema openai-stt.schema.json` at the top, in JSON with the key
`$schema`, in YAML with `# yaml-language-server: $schema=FILE`. Of several plugins each has its own under `$defs`.

", exit_codes!()))]
    Schema(SchemaArgs),
    /// Check whether plugins keep the contract
    #[command(after_help = concat!("\
Examples:
  lk-go plugin check
  lk-go plugin check vad/silero
  lk-go plugin check ./libmy_plugin.so --format json
  lk-go plugin check stt/openai --set base_url=http://localhost:8000/v1 --set api_key=test

Each check makes instances and uses them as an agent would, and as it should not: empty input, huge frames, odd rates, calls
given up at every point, two at once. A plugin that asks a provider is checked only when it is named, for each
check is a few requests. With findings the exit code is 1. Plugins and files that cannot be checked are told with the reason;
of those that were named, a config that is wrong makes the exit code 3.

", exit_codes!()))]
    Check(CheckArgs),
    /// Let only what plugin files hold now be loaded from a directory
    #[command(after_help = concat!("\
Examples:
  lk-go plugin lock /usr/lib/my-agent/plugins
  LK_PLUGIN_PATH=/opt/one:/opt/two lk-go plugin lock

Writes the SHA-256 of each `*.so` into the directory's file lk-plugin.lock, which `sha256sum -c` reads too. From
then on nothing else is loaded from there.

", exit_codes!()))]
    Lock(LockArgs),
    /// Write a crate with a working plugin to start from
    #[command(after_help = concat!("\
Examples:
  lk-go plugin new my-ears --kind stt
  lk-go plugin new my-gate --kind vad --dynamic
  lk-go plugin new my-voice --kind tts --path plugins/my-voice --framework ~/src/lk-plugin

The crate builds, and passes clippy, its tests and the conformance kit, as it is written. Nothing is overwritten: the
folder must be empty or not there. Nothing is published yet, so the crate depends on the clone that this lk-go was
built from, unless `--framework` names another place.

", exit_codes!()))]
    New(NewArgs),
    /// Download the model files that plugins declare
    #[command(after_help = concat!("\
Examples:
  lk-go plugin download-files --dry-run
  lk-go plugin download-files stt/whisper vad/my-gate
  lk-go plugin download-files --verify --format json | jq -r '.files[] | select(.state != \"present\") | .path'

The files go to lk-plugin/models in your cache folder, or to LK_MODEL_DIR, where plugins look for them. A file appears when
its length and its SHA-256 are those that the plugin declares. What came before a failure or Ctrl-C is kept, and the next
run goes on from there. A file that fails does not keep others from coming; the exit code is 6 then. With `--verify` it is
1 when something is missing or damaged.

", exit_codes!()))]
    DownloadFiles(DownloadArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DownloadArgs {
    /// The plugins; all in this program and on LK_PLUGIN_PATH unless given
    #[arg(value_name = "KIND/NAME")]
    pub(crate) plugins: Vec<String>,
    /// Only say what would be downloaded
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Only check the files that are here; the network is not asked
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) verify: bool,
    /// How to print what became of each file
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// The plugin's name: lower-case letters and digits, with single hyphens between them
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// What it is for: llm, stt, tts or vad
    // Text, because the core's own message for an unknown kind is better and has its own exit code.
    #[arg(long)]
    pub(crate) kind: String,
    /// Make it also a file that programs load at run time (Linux)
    #[arg(long)]
    pub(crate) dynamic: bool,
    /// Where lk-plugin comes from: the folder of a clone, a git URL with `#` and a revision if you like, or a version
    #[arg(long, value_name = "PATH|GIT-URL|VERSION")]
    pub(crate) framework: Option<String>,
    /// The folder to write; `./NAME` unless given
    #[arg(long, value_name = "DIR")]
    pub(crate) path: Option<PathBuf>,
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
pub(crate) struct ShowArgs {
    /// The plugin; a name alone where only one plugin has it. Or a program or shared object
    #[arg(value_name = "KIND/NAME|FILE")]
    pub(crate) plugin: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// How to print it
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// The plugin; a name alone where only one plugin has it. Or a program or shared object
    #[arg(value_name = "KIND/NAME|FILE", required_unless_present = "all")]
    pub(crate) plugin: Option<String>,
    /// All plugins in this program and on LK_PLUGIN_PATH, or in the file, in one document
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The plugins, and shared objects with plugins; all in this program and on LK_PLUGIN_PATH unless given
    #[arg(value_name = "KIND/NAME|FILE")]
    pub(crate) plugins: Vec<String>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// How to print what was found
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
    #[arg(long, value_name = "NAME[/MODEL]", default_value = "silero")]
    pub(crate) plugin: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = VadFormat::Text)]
    pub(crate) format: VadFormat,
    /// Which events to print
    #[arg(long, value_enum, default_value_t = Events::Edges)]
    pub(crate) events: Events,
}

/// Where the plugin's config comes from.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// A file with the plugin's config: TOML, JSON or YAML, as its ending says
    #[arg(long = "config", value_name = "FILE")]
    pub(crate) config_file: Option<PathBuf>,
    /// A config value for the plugin, which goes before the file's; may be given several times, and the last one of a key counts
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(crate) settings: Vec<(String, String)>,
}

impl ConfigArgs {
    /// Whether the user gave none.
    pub(crate) fn is_empty(&self) -> bool {
        self.config_file.is_none() && self.settings.is_empty()
    }
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The four plugins and their configs: a TOML file (or JSON, YAML, as its ending says)
    #[arg(value_name = "CONFIG.toml")]
    pub(crate) config_file: Option<PathBuf>,
    /// What the speaker says, a WAV file of any rate with up to 8 channels; `-` reads standard input
    #[arg(long = "in", value_name = "FILE.wav", required_unless_present = "print_config")]
    pub(crate) input: Option<PathBuf>,
    /// Where the answers go, a WAV file; `-` writes to standard output, and nothing else
    #[arg(long = "out", value_name = "FILE.wav")]
    pub(crate) output: Option<PathBuf>,
    /// A value that goes before the config file's, such as `stt.language=de`; may be given several times
    #[arg(long = "set", value_name = "TABLE.KEY=VALUE", value_parser = setting)]
    pub(crate) settings: Vec<(String, String)>,
    /// Hear the recording as a microphone would, and not as fast as possible
    #[arg(long)]
    pub(crate) realtime: bool,
    /// Speak each answer to its end, also when the speaker goes on
    #[arg(long)]
    pub(crate) no_interruptions: bool,
    /// Print the config that is used without one, and do nothing else
    #[arg(long, conflicts_with_all = ["config_file", "input", "output", "settings", "realtime", "no_interruptions"])]
    pub(crate) print_config: bool,
    /// How to print what happened
    #[arg(long, value_enum, default_value_t = RunFormat::Text)]
    pub(crate) format: RunFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunFormat {
    /// What was said, a table of the latencies, a picture, and totals
    Text,
    /// One event a line, as JSON
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct LlmArgs {
    /// What to say to it; `-` reads standard input
    #[arg(value_name = "PROMPT")]
    pub(crate) prompt: String,
    /// What to tell it first: who it is and how to answer
    #[arg(long, value_name = "TEXT")]
    pub(crate) system: Option<String>,
    /// The plugin to ask; `lk-go plugin list --kind llm` shows which there are
    #[arg(long, value_name = "NAME[/MODEL]", default_value = "openai")]
    pub(crate) plugin: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = StreamFormat::Text)]
    pub(crate) format: StreamFormat,
}

#[derive(Debug, Args)]
pub(crate) struct SttArgs {
    /// The recording, a WAV file of any rate with up to 8 channels; `-` reads standard input
    #[arg(value_name = "FILE.wav")]
    pub(crate) file: PathBuf,
    /// The language that is spoken, such as `en` or `pt-BR`; else the plugin's own
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) language: Option<String>,
    /// Send the recording piece by piece
    #[arg(long)]
    pub(crate) stream: bool,
    /// The plugin to ask; `lk-go plugin list --kind stt` shows which there are
    #[arg(long, value_name = "NAME[/MODEL]", default_value = "openai")]
    pub(crate) plugin: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// How to print the transcript
    #[arg(long, value_enum, default_value_t = StreamFormat::Text)]
    pub(crate) format: StreamFormat,
}

#[derive(Debug, Args)]
pub(crate) struct TtsArgs {
    /// What to say; `-` reads standard input
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
    /// The WAV file to write; `-` writes to standard output
    #[arg(short, long, value_name = "FILE.wav")]
    pub(crate) output: PathBuf,
    /// The plugin to ask; `lk-go plugin list --kind tts` shows which there are
    #[arg(long, value_name = "NAME[/MODEL]", default_value = "openai")]
    pub(crate) plugin: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// How to print what was done
    #[arg(long, value_enum, default_value_t = StreamFormat::Text)]
    pub(crate) format: StreamFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StreamFormat {
    /// The words alone
    Text,
    /// One event a line, as JSON; all times in seconds
    Json,
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
