//! `lk-go run`: a whole voice agent answers a recording.

use std::time::{Duration, Instant};

use lk_plugin::AudioFrameRef;
use lk_plugin::monitor::{Monitor, MonitorEvent, MonitorEvents};

use self::config::{Agent, Labels};
use self::report::Report;
use crate::BuiltIns;
use crate::cli::{RunArgs, RunFormat};
use crate::error::{Error, Exit, Result};
use crate::voice::{Pace, Session, TurnFailure, VoiceEventType};
use crate::wav::WavReader;
use crate::wav_writer::WavWriter;
use crate::{interrupt, output, wav_writer};

mod config;
mod line;
mod report;

/// How many turns in a row may fail.
const MAX_FAILURES: usize = 3;

/// Answers the recording, writes the answers, and prints what happened.
///
/// # Errors
///
/// When the answers would replace the recording or the config, the config is wrong, the recording cannot be read, the
/// answers cannot be written, or the vad fails.
pub(super) fn run(arguments: &RunArgs, built_ins: BuiltIns<'_>) -> Result<Exit> {
    let Some(input) = arguments.input.as_ref().filter(|_| !arguments.print_config) else {
        output::result(config::DEFAULT)?;
        return Ok(Exit::Good);
    };
    if let Some(output) = &arguments.output {
        let inputs = [("`--in`", Some(input.as_path())), ("`<CONFIG.toml>`", arguments.config_file.as_deref())];
        wav_writer::refuse_same(("--out", output), &inputs)?;
    }
    // First: what making the plugins tells is told too.
    let monitor = Monitor::global().subscribe();
    let Agent { plugins, mut options, labels } =
        Agent::load(arguments.config_file.as_deref(), &arguments.settings, built_ins)?;
    if arguments.no_interruptions {
        options.interruptions = false;
    }
    if arguments.realtime {
        options.pace = Pace::Realtime;
    }
    interrupt::listen();
    let opened = WavReader::open(input);
    if interrupt::requested() {
        output::note("interrupted before the recording was opened");
        return Ok(Exit::Interrupted);
    }
    let mut recording = opened?;
    let (rate, channels) = (plugins.tts.sample_rate(), plugins.tts.channels());
    let answers = arguments.output.as_ref().map(|path| WavWriter::create(path, rate, channels)).transpose()?;
    let stdout_is_speech = arguments.output.as_ref().is_some_and(|path| path.as_os_str() == "-");
    let printer = Printer { format: arguments.format, stdout_is_speech };
    let session = Session::new(plugins, options)?;
    if arguments.config_file.is_none() && arguments.settings.is_empty() {
        output::note(
            "without a config only the vad is real, and all words follow a script; `lk-go run --print-config` shows both",
        );
    }
    let report = Report::new(labels.clone());
    let mut run = Run { session, monitor, answers, labels, report, printer, failures: 0, failed: None };
    let begun = Instant::now();
    let outcome = run.converse(&mut recording)?;
    run.report.took = begun.elapsed();
    if let Some(warning) = recording.warning().filter(|_| outcome == Exit::Good) {
        output::warning(warning);
    }
    run.finish(outcome)
}

/// A conversation under way.
struct Run {
    session: Session,
    monitor: MonitorEvents,
    answers: Option<WavWriter>,
    labels: Labels,
    report: Report,
    printer: Printer,
    // In a row.
    failures: usize,
    failed: Option<Exit>,
}

impl Run {
    /// The recording, and then the time that the last answers need.
    fn converse(&mut self, recording: &mut WavReader) -> Result<Exit> {
        let place = recording.name().to_owned();
        loop {
            let Some(frame) = recording.next_frame()? else { break };
            let frame: AudioFrameRef<'_> = frame;
            match interrupt::or(self.session.hear(frame)) {
                Some(heard) => heard.map_err(|error| error.at(&place))?,
                None => return Ok(Exit::Interrupted),
            }
            self.step()?;
            if self.failures >= MAX_FAILURES {
                return Ok(Exit::Provider);
            }
        }
        if interrupt::requested() {
            return Ok(Exit::Interrupted);
        }
        self.report.input = self.session.clock();
        interrupt::or(self.session.end_input()).transpose().map_err(|error| error.at(&place))?;
        self.step()?;
        loop {
            match interrupt::or(self.session.run_out()) {
                None => return Ok(Exit::Interrupted),
                Some(false) => break,
                Some(true) => self.step()?,
            }
        }
        self.step()?;
        Ok(Exit::Good)
    }

    /// Writes what was heard, and tells what happened.
    fn step(&mut self) -> Result<()> {
        if let Some(answers) = &mut self.answers {
            answers.write(self.session.speech()?)?;
        }
        for event in self.session.take_events() {
            self.report.take(&event);
            self.printer.print(|format| match format {
                RunFormat::Json => line::of(&event),
                RunFormat::Text => Ok(report::said(&event)),
            })?;
            let turn = event.turn;
            match event.event_type {
                VoiceEventType::Failed(failure) => {
                    let error = told(failure, turn, &self.labels);
                    self.failed = Some(error.exit());
                    self.failures += 1;
                    output::error(&error);
                }
                VoiceEventType::ReplyEnded(_) => self.failures = 0,
                _ => {}
            }
        }
        while let Some(event) = self.monitor.try_next() {
            self.report.count(&event);
            if let MonitorEvent::Availability(availability) = &event {
                let is = if availability.available { "is back" } else { "failed, and is left out until it is back" };
                output::note(format_args!("{}/{} {is}", availability.kind, availability.member));
            }
            // People get totals of these at the end.
            if self.printer.format == RunFormat::Json {
                self.printer.print(|_| output::json_line(&event))?;
            }
        }
        Ok(())
    }

    /// Puts the file in its place, and prints the rest.
    fn finish(mut self, outcome: Exit) -> Result<Exit> {
        let length = self.session.clock();
        if self.report.input == Duration::ZERO {
            self.report.input = length;
        }
        match outcome {
            Exit::Interrupted => output::note(format_args!("interrupted after {:.3} s", length.as_secs_f64())),
            Exit::Provider => output::note(format_args!(
                "{MAX_FAILURES} turns in a row failed; ended after {:.3} s",
                length.as_secs_f64()
            )),
            _ => {}
        }
        if self.report.turns() == 0 && !length.is_zero() && outcome == Exit::Good {
            output::note(format_args!("{} heard nobody speak, so there is nothing to answer", self.labels.of("vad")));
        }
        if let Some(answers) = self.answers.take() {
            answers.finish()?;
        }
        self.report.length = length;
        self.printer.print(|format| match format {
            RunFormat::Json => line::end(&self.report, outcome == Exit::Good),
            RunFormat::Text => Ok(self.report.text()),
        })?;
        Ok(match (outcome, self.failed) {
            (Exit::Interrupted, _) => Exit::Interrupted,
            (_, Some(failed)) => failed,
            (outcome, None) => outcome,
        })
    }
}

/// Prints the result where it belongs.
struct Printer {
    format: RunFormat,
    stdout_is_speech: bool,
}

impl Printer {
    /// Prints a part of it; people get none where standard output is speech.
    fn print(&self, part: impl FnOnce(RunFormat) -> Result<String>) -> Result<()> {
        match (self.format, self.stdout_is_speech) {
            (format, false) => output::result(&part(format)?),
            (RunFormat::Json, true) => output::result_aside(&part(RunFormat::Json)?),
            (RunFormat::Text, true) => Ok(()),
        }
    }
}

/// The failure as an error that says where it happened.
fn told(failure: TurnFailure, turn: u64, labels: &Labels) -> Error {
    failure.error.at(format_args!("turn {turn}: {}", labels.of(failure.stage.as_str()))).into()
}
