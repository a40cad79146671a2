//! `lk-go vad`: what a voice-activity-detection plugin hears in a recording.

use std::time::{Duration, Instant};

use lk_plugin::{Vad, VadEvent, VadEventType};

use self::report::Report;
use super::chosen;
use crate::BuiltIns;
use crate::cli::{Events, VadArgs, VadFormat};
use crate::error::{Exit, Result};
use crate::wav::WavReader;
use crate::{interrupt, output};

mod report;

/// From which length on a progress bar is shown.
const LONG: Duration = Duration::from_secs(30);

/// Reads the recording to its end (or Ctrl-C) and prints what was found. Nothing is printed before: a recording that
/// turns out to be broken leaves nothing on standard output.
///
/// # Errors
///
/// When there is no such plugin, its config is wrong, it fails, or the recording cannot be read.
pub(super) fn run(arguments: &VadArgs, built_ins: BuiltIns<'_>) -> Result<Exit> {
    let vad = chosen::create::<dyn Vad>(&arguments.plugin, &arguments.config, built_ins)?;
    interrupt::listen();
    let opened = WavReader::open(&arguments.file);
    if interrupt::requested() {
        output::note("interrupted before the recording was opened");
        return Ok(Exit::Interrupted);
    }
    let mut recording = opened?;
    let report = detect(&*vad, &mut recording, arguments.events)?;
    if report.interrupted {
        output::note(interruption(&recording));
    } else if let Some(warning) = recording.warning() {
        output::warning(warning);
    }
    output::result(&match arguments.format {
        VadFormat::Text => report.text(arguments.events),
        VadFormat::Json => report.json_lines()?,
    })?;
    Ok(if report.interrupted { Exit::Interrupted } else { Exit::Good })
}

fn detect(vad: &dyn Vad, recording: &mut WavReader, wanted: Events) -> Result<Report> {
    let mut stream = vad.stream()?;
    let progress = recording.promised().filter(|length| *length > LONG).map(output::progress);
    let mut report = Report::default();
    let mut fresh = Vec::new();
    let mut keep = |fresh: &mut Vec<VadEvent>| {
        let edge = |event: &VadEvent| event.event_type != VadEventType::InferenceDone;
        report.events.extend(fresh.drain(..).filter(|event| wanted == Events::All || edge(event)));
    };
    let place = recording.name().to_owned();
    while !interrupt::requested() {
        let Some(frame) = recording.next_frame()? else { break };
        let start = Instant::now();
        stream.push(frame, &mut fresh).map_err(|error| error.at(&place))?;
        report.processing += start.elapsed();
        keep(&mut fresh);
        if let Some(progress) = &progress {
            output::advance(progress, recording.position());
        }
    }
    let start = Instant::now();
    stream.end_input(&mut fresh).map_err(|error| error.at(&place))?;
    report.processing += start.elapsed();
    keep(&mut fresh);
    report.length = recording.position();
    report.interrupted = interrupt::requested();
    Ok(report)
}

fn interruption(recording: &WavReader) -> String {
    let position = recording.position().as_secs_f64();
    match recording.promised() {
        Some(promised) => format!("interrupted after {position:.3} s of {:.3} s", promised.as_secs_f64()),
        None => format!("interrupted after {position:.3} s"),
    }
}
