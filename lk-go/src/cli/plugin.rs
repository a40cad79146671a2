//! `lk-go plugin` and its commands.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::late::Late;
use super::{ConfigArgs, ListFormat};

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// List the plugins in this program and on LK_PLUGIN_PATH, or those in files
    List(Late<ListArgs>),
    /// Show everything that is known about a plugin
    Show(Late<ShowArgs>),
    /// Print the JSON Schema of a plugin's config
    Schema(Late<SchemaArgs>),
    /// Check whether plugins keep the contract
    Check(Late<CheckArgs>),
    /// Let only what plugin files hold now be loaded from a directory
    Lock(Late<LockArgs>),
    /// Write a crate with a working plugin to start from
    New(Late<NewArgs>),
    /// Download the model files that plugins declare
    DownloadFiles(Late<DownloadArgs>),
}

#[derive(Debug, Args)]
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
pub(crate) struct DownloadArgs {
    /// The plugins, each a name alone where only one plugin has it; all in this program and on LK_PLUGIN_PATH unless
    /// given
    #[arg(value_name = "KIND/NAME")]
    pub(crate) plugins: Vec<String>,
    /// Only say what would be downloaded
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Only check the files that are here; the network is not asked
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) verify: bool,
    /// How to print what became of each file; JSON also has where it comes from, its length and its SHA-256
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
#[command(after_help = concat!("\
Examples:
  lk-go plugin new my-ears --kind stt
  lk-go plugin new my-gate --kind vad --dynamic
  lk-go plugin new my-voice --kind tts --path plugins/my-voice --framework ~/src/lk-plugin

The crate builds, and passes clippy, its tests and the conformance kit, as it is written. Nothing is overwritten: the
folder must be empty or not there. Nothing is published yet, so the crate depends on the clone that this lk-go was
built from, unless `--framework` names another place.

", exit_codes!()))]
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
    /// How to print them; JSON has everything that is known about each without making an instance
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
#[command(after_help = concat!("\
Examples:
  lk-go plugin show vad/silero
  lk-go plugin show stt/stream --set stt=fake
  lk-go plugin show ./libmy_plugin.so
  lk-go plugin show tts/openai --format json | jq -r '.plugins[0].example' > speech.toml

What it can do is asked of an instance, so give the config that the plugin needs. Of a file that is named
only the bytes are read; for a plugin that is named those on LK_PLUGIN_PATH are loaded.
The example config is valid as printed: what must be given has a value to replace, the rest stands behind a `#`.

", exit_codes!()))]
pub(crate) struct ShowArgs {
    /// The plugin; a name alone where only one plugin has it. Or a program or shared object
    #[arg(value_name = "KIND/NAME|FILE")]
    pub(crate) plugin: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// How to print it; JSON has everything that is known about each plugin
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
#[command(after_help = concat!("\
Examples:
  lk-go plugin schema stt/openai > openai-stt.schema.json
  lk-go plugin schema --all | jq '.[\"$defs\"] | keys'
  lk-go plugin schema ./libmy_plugin.so

An editor completes a config with it: in TOML with the line `#:schema openai-stt.schema.json` at the top, in JSON with the key
`$schema`, in YAML with `# yaml-language-server: $schema=FILE`. Of several plugins each has its own under `$defs`.

", exit_codes!()))]
pub(crate) struct SchemaArgs {
    /// The plugin; a name alone where only one plugin has it. Or a program or shared object
    #[arg(value_name = "KIND/NAME|FILE", required_unless_present = "all")]
    pub(crate) plugin: Option<String>,
    /// All plugins in this program and on LK_PLUGIN_PATH, or in the file, in one document
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
#[command(after_help = concat!("\
Examples:
  lk-go plugin check
  lk-go plugin check vad/silero
  lk-go plugin check ./libmy_plugin.so --format json
  lk-go plugin check stt/openai --set base_url=http://localhost:8000/v1 --set api_key=test

Each check makes instances and uses them as an agent would, and as it should not: empty input, huge frames, odd rates, calls
given up at every point, two at once. A plugin that asks a provider is checked only when it is named, for each
check is a few requests. With findings the exit code is 1. Plugins and files that cannot be checked are told with the reason;
of those that were named, a config that is wrong makes the exit code 3, and a provider that does not answer 6.

", exit_codes!()))]
pub(crate) struct CheckArgs {
    /// The plugins, and shared objects with plugins; all in this program and on LK_PLUGIN_PATH unless given
    #[arg(value_name = "KIND/NAME|FILE")]
    pub(crate) plugins: Vec<String>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// How to print what was found; JSON has every check of each plugin, also those that passed
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

#[derive(Debug, Args)]
#[command(after_help = concat!("\
Examples:
  lk-go plugin lock /usr/lib/my-agent/plugins
  LK_PLUGIN_PATH=/opt/one:/opt/two lk-go plugin lock

Writes the SHA-256 of each `*.so` into the directory's file lk-plugin.lock, which `sha256sum -c` reads too. From
then on nothing else is loaded from there.

", exit_codes!()))]
pub(crate) struct LockArgs {
    /// The directories; those of LK_PLUGIN_PATH unless given
    #[arg(value_name = "DIR")]
    pub(crate) directories: Vec<PathBuf>,
}
