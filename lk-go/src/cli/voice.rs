//! The commands that hear and speak.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ConfigArgs, setting};

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
