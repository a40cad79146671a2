//! `lk-go tts`: what a text-to-speech plugin says, as a WAV file.

use std::path::Path;
use std::time::{Duration, Instant};

use lk_plugin::{ErrorKind, SynthesizeOptions, Tts};
use serde::Serialize;

use super::{chosen, text};
use crate::BuiltIns;
use crate::cli::{TtsArgs, TtsFormat};
use crate::error::{Exit, Result};
use crate::wav_writer::WavWriter;
use crate::{interrupt, output, printable, wav_writer};

/// Speaks the text into the file.
///
/// # Errors
///
/// When the file would replace what is read, there is no such plugin, its config is wrong, it fails, or the file cannot
/// be written. There is no new file then.
pub(super) fn run(arguments: &TtsArgs, built_ins: BuiltIns<'_>) -> Result<Exit> {
    let standard_input = Some(Path::new("-")).filter(|path| path.as_os_str() == arguments.text.as_str());
    let inputs = [("standard input", standard_input), ("`--config`", arguments.config.config_file.as_deref())];
    wav_writer::refuse_same(("--output", &arguments.output), &inputs)?;
    let tts = chosen::create::<dyn Tts>(&arguments.plugin, &arguments.config, built_ins)?;
    interrupt::listen();
    let text = text::read(&arguments.text)?;
    let mut wav = WavWriter::create(&arguments.output, tts.sample_rate(), tts.channels())?;
    let (asked, mut first) = (Instant::now(), None);
    let mut audio = tts.synthesize(&text, &SynthesizeOptions::default())?;
    let mut request_id = String::new();
    loop {
        match interrupt::or(audio.next()) {
            Some(Some(piece)) => {
                let piece = piece?;
                first.get_or_insert_with(|| asked.elapsed());
                wav.write(piece.frame.as_ref())?;
                request_id = piece.request_id;
            }
            Some(None) => break,
            None => {
                output::note("interrupted before the speech was complete; nothing was written");
                return Ok(Exit::Interrupted);
            }
        }
    }
    let Some(first) = first else {
        let problem = "no audio came for the text; write something that can be spoken";
        return Err(lk_plugin::Error::new(ErrorKind::Api, problem).into());
    };
    let done = Done {
        r#type: "speech",
        file: (arguments.output.as_os_str() != "-").then(|| printable::path(&arguments.output)),
        request_id,
        sample_rate: tts.sample_rate(),
        channels: tts.channels(),
        audio_duration: wav.length().as_secs_f64(),
        time_to_first_audio: first.as_secs_f64(),
        duration: asked.elapsed().as_secs_f64(),
    };
    let length = wav.length();
    wav.finish()?;
    done.print(arguments.format, length)?;
    Ok(Exit::Good)
}

/// What was done.
#[derive(Serialize)]
struct Done {
    r#type: &'static str,
    /// `None` when the speech went to standard output.
    file: Option<String>,
    request_id: String,
    sample_rate: u32,
    channels: u16,
    audio_duration: f64,
    time_to_first_audio: f64,
    duration: f64,
}

impl Done {
    fn print(&self, format: TtsFormat, length: Duration) -> Result<()> {
        let text = match format {
            TtsFormat::Json => output::json_line(self)?,
            TtsFormat::Text => format!(
                "{}{:.3} s of speech at {} Hz; the first of it came after {:.3} s, the last after {:.3} s\n",
                self.file.as_ref().map(|file| format!("`{file}`: ")).unwrap_or_default(),
                length.as_secs_f64(),
                self.sample_rate,
                self.time_to_first_audio,
                self.duration
            ),
        };
        // Without a file standard output is the speech.
        match format {
            _ if self.file.is_some() => output::result(&text),
            TtsFormat::Json => output::result_aside(&text),
            TtsFormat::Text => {
                output::note(text.trim_end());
                Ok(())
            }
        }
    }
}
