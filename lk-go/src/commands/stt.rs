//! `lk-go stt`: what a speech-to-text plugin hears in a recording.

use std::thread;

use lk_plugin::{
    AudioFrame, AudioFrameRef, AudioInput, RecognizeOptions, RecognizeStream, SpeechEvent, SpeechEventType, Stt,
};

use self::report::line;
use super::chosen;
use crate::BuiltIns;
use crate::cli::{StreamFormat, SttArgs};
use crate::error::{Error, Exit, Result};
use crate::wav::WavReader;
use crate::{interrupt, output};

mod report;

/// The most audio that is sent at once, in bytes of 16-bit samples: half an hour of stereo at 48 kHz.
const MAX_WHOLE: usize = 2 * 2 * 48_000 * 60 * 30;

/// Sends the recording, whole or piece by piece, and prints the transcript.
///
/// # Errors
///
/// When there is no such plugin, its config is wrong, it fails, or the recording cannot be read.
pub(super) fn run(arguments: &SttArgs, built_ins: BuiltIns<'_>) -> Result<Exit> {
    let stt = chosen::create::<dyn Stt>(&arguments.plugin, &arguments.config, built_ins)?;
    let capabilities = stt.capabilities();
    let mut options = RecognizeOptions::default();
    if let Some(language) = &arguments.language {
        options = options.with_language(language.as_str());
    }
    interrupt::listen();
    let recording = WavReader::open(&arguments.file);
    if interrupt::requested() {
        output::note("interrupted before the recording was opened");
        return Ok(Exit::Interrupted);
    }
    let print = |event: &SpeechEvent| print(event, arguments.format);
    let by_pieces = if arguments.stream { capabilities.streaming } else { !capabilities.offline_recognize };
    if by_pieces {
        return piece_by_piece(stt.stream(&options)?, recording?, print);
    }
    let mut recording = recording?;
    let Some(audio) = whole(&mut recording)? else {
        output::note("interrupted while the recording was read");
        return Ok(Exit::Interrupted);
    };
    if let Some(warning) = recording.warning() {
        output::warning(warning);
    }
    match interrupt::or(stt.recognize(audio.as_ref(), &options)) {
        Some(event) => print(&event?).map(|()| Exit::Good),
        None => Ok(interrupted()),
    }
}

/// The whole recording; `None` after Ctrl-C.
fn whole(recording: &mut WavReader) -> Result<Option<AudioFrame>> {
    let (mut samples, mut format) = (Vec::new(), None);
    while let Some(frame) = recording.next_frame()? {
        format = Some((frame.sample_rate(), frame.channels()));
        samples.extend_from_slice(frame.samples());
        if samples.len() * size_of::<i16>() > MAX_WHOLE {
            return Err(Error::Input {
                file: recording.name().to_owned(),
                problem: "is too long to be sent at once".to_owned(),
                advice: "use `--stream` with a plugin that can, or cut it into pieces".to_owned(),
                source: None,
            });
        }
    }
    if interrupt::requested() {
        return Ok(None);
    }
    let (rate, channels) = format.ok_or_else(|| Error::Input {
        file: recording.name().to_owned(),
        problem: "has no samples in it".to_owned(),
        advice: "check what recorded it".to_owned(),
        source: None,
    })?;
    Ok(Some(AudioFrame::new(samples, rate, channels)?))
}

/// Reads the recording in a thread of its own, for reading may wait, and the plugin must not wait with it.
fn piece_by_piece(
    stream: RecognizeStream,
    recording: WavReader,
    print: impl Fn(&SpeechEvent) -> Result<()>,
) -> Result<Exit> {
    let RecognizeStream { input, mut events, .. } = stream;
    let reader =
        thread::Builder::new().name("recording".to_owned()).spawn(move || push_all(recording, input)).map_err(
            |error| lk_plugin::Error::new(lk_plugin::ErrorKind::Io, "no thread was to be had").with_source(error),
        )?;
    let outcome = loop {
        match interrupt::or(events.next()) {
            Some(Some(Ok(event))) => print(&event)?,
            Some(Some(Err(error))) => break Err(error.into()),
            Some(None) => break Ok(Exit::Good),
            None => break Ok(interrupted()),
        }
    };
    // Without a listener the reader stops.
    drop(events);
    if matches!(outcome, Ok(Exit::Good)) {
        match reader.join() {
            Ok(read) => read.map(|warning| warning.into_iter().for_each(output::warning))?,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
    outcome
}

/// Pushes the recording; gives what there is to say about it.
fn push_all(mut recording: WavReader, mut input: AudioInput) -> Result<Option<String>> {
    while let Some(frame) = recording.next_frame()? {
        let frame: AudioFrameRef<'_> = frame;
        match pollster::block_on(input.push_frame(frame)) {
            // The plugin's own events tell why.
            Err(error) if error.kind() == lk_plugin::ErrorKind::Closed => return Ok(None),
            pushed => pushed?,
        }
    }
    Ok(recording.warning())
}

fn interrupted() -> Exit {
    output::note("interrupted before the transcript was complete");
    Exit::Interrupted
}

fn print(event: &SpeechEvent, format: StreamFormat) -> Result<()> {
    match format {
        StreamFormat::Json => output::result(&line(event)?),
        StreamFormat::Text if event.event_type == SpeechEventType::FinalTranscript => {
            output::result(&format!("{}\n", event.text().trim()))
        }
        StreamFormat::Text => Ok(()),
    }
}
