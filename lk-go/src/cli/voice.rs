//! The commands that hear and speak.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ConfigArgs, table_setting};

#[derive(Debug, Args)]
#[command(after_help = concat!("\
Examples:
  lk-go run --in call.wav --out reply.wav
  lk-go run agent.toml --in call.wav --out reply.wav --realtime
  lk-go run agent.toml --in call.wav --set llm.plugin=openai/gpt-4o-mini
  lk-go run agent.toml --in call.wav --set stt.language=de --format json
  lk-go run --print-config > agent.toml

The config has a table for each kind, `[vad]`, `[stt]`, `[llm]` and `[tts]`:
`plugin` names the plugin, or plugin and model; every other key is that plugin's
own. `[llm] system` is what the model is told first. `[session]` may have
`interruptions`, `min_interruption_duration`, `live_stt`, `live_tts` and
`max_context_items`. Without a config it is the one that --print-config shows:
scripted plugins, which need no key.

The reply is as long as the recording, or longer, with each answer when it would
have been heard. Without --realtime time runs as fast as it can, but no faster
than real time while a plugin is waited for. Speech during an answer cuts it
off.

In the table SILENCE is what the vad takes to be sure that the speaker is done,
TRANSCRIPT the time from there to the words, TOKEN from the question to the
first word of the answer, AUDIO from there to the first speech; TOTAL is what
the speaker waits.

With --format json each event is a line: speech_started, interim_transcript,
speech_ended, transcript or nothing_understood, first_token, reply, first_audio,
then reply_ended or failed; each has `turn`, and `at` on the recording's clock.
Between them are the plugins' metrics; the last line is `end`. All times are in
seconds.

A turn that fails is told, and the next one is tried; three in a row end the
command.

", exit_codes!()))]
pub(crate) struct RunArgs {
    /// The four plugins and their configs: a TOML, JSON or YAML file
    #[arg(value_name = "CONFIG.toml")]
    pub(crate) config_file: Option<PathBuf>,
    /// What the speaker says, a WAV file; `-` reads standard input
    ///
    /// Of any rate, with up to 8 channels.
    #[arg(long = "in", value_name = "FILE.wav", required_unless_present = "print_config")]
    pub(crate) input: Option<PathBuf>,
    /// Where the answers go, a WAV file; `-` writes to standard output
    ///
    /// Nothing else is printed there then; JSON goes to standard error.
    #[arg(short, long = "out", alias = "output", value_name = "FILE.wav")]
    pub(crate) output: Option<PathBuf>,
    /// A value that goes before the config file's, such as `stt.language=de`
    ///
    /// May be given several times; the last one of a key counts.
    #[arg(long = "set", value_name = "TABLE.KEY=VALUE", value_parser = table_setting)]
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
#[command(after_help = concat!("\
Examples:
  lk-go llm 'Why is the sky blue?'
  lk-go llm --plugin openai/gpt-4o-mini --set temperature=0.2 'Name a colour.'
  lk-go llm --plugin fake 'this one needs no key'
  git diff | lk-go llm --system 'Review this change.' - --format json

The answer is printed as it comes. Ctrl-C gives up the request.

", exit_codes!()))]
pub(crate) struct LlmArgs {
    /// What to say to it; `-` reads standard input
    #[arg(value_name = "PROMPT")]
    pub(crate) prompt: String,
    /// What to tell it first: who it is and how to answer
    #[arg(long, value_name = "TEXT")]
    pub(crate) system: Option<String>,
    /// The plugin to ask; `lk-go plugin list --kind llm` lists them
    #[arg(long, value_name = "NAME[/MODEL]", default_value = "openai")]
    pub(crate) plugin: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = StreamFormat::Text)]
    pub(crate) format: StreamFormat,
}

#[derive(Debug, Args)]
#[command(after_help = concat!("\
Examples:
  lk-go stt recording.wav
  lk-go stt recording.wav --plugin openai/whisper-1 --language de --format json
  lk-go stt recording.wav --plugin fake --stream
  arecord -f S16_LE -r 16000 | lk-go stt - --stream

Without `--stream` the whole recording is sent at once; with it, 10 ms at a
time, and transcripts come as soon as the plugin has them. Plugins that cannot
do the one do the other unasked.

", exit_codes!()))]
pub(crate) struct SttArgs {
    /// The recording, a WAV file; `-` reads standard input
    ///
    /// Of any rate, with up to 8 channels.
    #[arg(value_name = "FILE.wav")]
    pub(crate) file: PathBuf,
    /// The language spoken, such as `en` or `pt-BR`; else the plugin's own
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) language: Option<String>,
    /// Send the recording piece by piece
    #[arg(long)]
    pub(crate) stream: bool,
    /// The plugin to ask; `lk-go plugin list --kind stt` lists them
    #[arg(long, value_name = "NAME[/MODEL]", default_value = "openai")]
    pub(crate) plugin: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// How to print the transcript
    #[arg(long, value_enum, default_value_t = StreamFormat::Text)]
    pub(crate) format: StreamFormat,
}

#[derive(Debug, Args)]
#[command(after_help = concat!("\
Examples:
  lk-go tts 'Hello there.' -o hello.wav
  lk-go tts --plugin openai/tts-1 --set voice=alloy 'Hello there.' -o hello.wav
  lk-go tts --plugin fake 'Hello there.' -o - | aplay

The file appears when the last of the speech has come; after a failure there is
none.

", exit_codes!()))]
pub(crate) struct TtsArgs {
    /// What to say; `-` reads standard input
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
    /// The WAV file to write; `-` writes to standard output
    ///
    /// What was done is told on standard error then.
    #[arg(short, long, alias = "out", value_name = "FILE.wav")]
    pub(crate) output: PathBuf,
    /// The plugin to ask; `lk-go plugin list --kind tts` lists them
    #[arg(long, value_name = "NAME[/MODEL]", default_value = "openai")]
    pub(crate) plugin: String,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// How to print what was done
    #[arg(long, value_enum, default_value_t = TtsFormat::Text)]
    pub(crate) format: TtsFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TtsFormat {
    /// The file, how much speech is in it, and how long it took
    Text,
    /// The same in a line of JSON; all times in seconds
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StreamFormat {
    /// The words alone
    Text,
    /// One event a line, as JSON; all times in seconds
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = concat!("\
Examples:
  lk-go vad recording.wav
  lk-go vad recording.wav --set activation_threshold=0.6 --format json | jq .
  ffmpeg -i call.mp3 -f wav - | lk-go vad -

Start and end of a segment are the plugin's best estimate of when speech began
and ended: the time of the event minus the speech that it needed to be sure, or
minus the silence.

Nothing is printed before the input ends, not even from a live pipe; Ctrl-C ends
it and prints what was found so far. Until then every event that is asked for is
kept in memory, with `--events all` one per window.

", exit_codes!()))]
pub(crate) struct VadArgs {
    /// The recording, a WAV file; `-` reads standard input
    ///
    /// Of any rate, with up to 8 channels.
    #[arg(value_name = "FILE.wav")]
    pub(crate) file: PathBuf,
    /// The plugin to ask; `lk-go plugin list --kind vad` lists them
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
    /// A table of the segments, a picture, and totals
    Text,
    /// One event a line, as JSON; all times in seconds
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Events {
    /// Where speech starts and ends (text: the segments alone)
    Edges,
    /// Each window's judgement too (text: a table of the events)
    All,
}
