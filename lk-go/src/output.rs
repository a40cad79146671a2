//! The only place that prints. Results go to standard output, everything else to standard error.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::time::Duration;

use clap::error::ErrorKind;
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use console::{Alignment, Style, Term, measure_text_width, pad_str};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::{printable, terminal, usage};

/// The narrowest that a terminal makes a table's last column: a few words a line.
const MIN_LAST_COLUMN: u16 = 20;

/// The blanks behind each column of a table, which count to its width.
const GAP: u16 = 2;

/// Prints a result to standard output.
///
/// A reader that went away (`| head`) has seen enough: that is no error.
///
/// # Errors
///
/// When standard output does not take it, such as a full disk.
pub(crate) fn result(text: &str) -> Result<()> {
    write(io::stdout().lock(), printable::lines(text).as_bytes())
}

/// Prints a result to standard error, for a command whose standard output is audio; else as [`result`].
///
/// # Errors
///
/// As [`result`].
pub(crate) fn result_aside(text: &str) -> Result<()> {
    write(io::stderr(), printable::lines(text).as_bytes())
}

fn write(mut stream: impl Write, bytes: &[u8]) -> Result<()> {
    match stream.write_all(bytes).and_then(|()| stream.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
    }
}

/// Prints text that is for a program and ours from end to end: as it is; else as [`result`].
///
/// # Errors
///
/// As [`result`].
pub(crate) fn script(text: &[u8]) -> Result<()> {
    write(io::stdout().lock(), text)
}

/// Prints a JSON document as a result.
///
/// # Errors
///
/// As [`result`].
pub(crate) fn json(document: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(document).map_err(unserializable)?;
    result(&(printable::json(&text) + "\n"))
}

/// A line of JSON.
pub(crate) fn json_line(value: &impl Serialize) -> Result<String> {
    Ok(printable::json(&serde_json::to_string(value).map_err(unserializable)?) + "\n")
}

/// Seconds to the nearest microsecond. A whole number divided once is the float nearest to the decimal, so it prints as
/// that: 1.344, never 1.3440000000000001.
pub(crate) fn seconds(duration: Duration) -> f64 {
    ((duration.as_nanos() + 500) / 1000) as f64 / 1e6
}

/// The width of the terminal that standard output is; `None` when it is none.
pub(crate) fn width() -> Option<u16> {
    let terminal = Term::stdout();
    terminal.is_term().then(|| terminal.size().1)
}

/// A table without borders, with a line break at its end. It fits the terminal by wrapping its last column; without a
/// terminal nothing is wrapped, so that every row stays one line, whatever is in a cell. The columns of these numbers are
/// aligned to the right.
pub(crate) fn table<'t, const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [impl Into<Cow<'t, str>>; N]>,
    right: &[usize],
) -> String {
    let rows = rows.into_iter().map(|row| row.map(printable::paragraph));
    match width() {
        None => unwrapped(header, &rows.collect::<Vec<_>>(), right),
        Some(width) => wrapped(header, rows, right, width),
    }
}

/// A row a line. What wraps would take longer to lay this out than `lk-go plugin list` takes for all else.
fn unwrapped<const N: usize>(header: [&str; N], rows: &[[Cow<'_, str>; N]], right: &[usize]) -> String {
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].as_ref()).chain([header[column]]);
        cells.map(measure_text_width).max().unwrap_or(0)
    });
    let mut text = String::new();
    for cells in std::iter::once(header).chain(rows.iter().map(|row| row.each_ref().map(AsRef::as_ref))) {
        for (column, cell) in cells.into_iter().enumerate() {
            let alignment = if right.contains(&column) { Alignment::Right } else { Alignment::Left };
            text.push_str(&pad_str(cell, widths[column], alignment, None));
            text.push_str("  ");
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

fn wrapped<'t, const N: usize>(
    header: [&str; N],
    rows: impl Iterator<Item = [Cow<'t, str>; N]>,
    right: &[usize],
    width: u16,
) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header).add_rows(rows);
    let widths = table.column_max_content_widths();
    let last = widths.last().map_or(0, |width| (*width).min(MIN_LAST_COLUMN));
    // Else the other columns wrap too, between words.
    let needed: u32 = widths.iter().rev().skip(1).map(|width| u32::from(*width) + u32::from(GAP)).sum();
    let is_wide_enough = needed + u32::from(last) <= u32::from(width);
    let words: Vec<u16> = (0..N).map(|column| longest_word(&table, column)).collect();
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, GAP));
        if right.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        column.set_constraint(match words.get(index) {
            Some(_) if index + 1 == N => ColumnConstraint::LowerBoundary(Width::Fixed(last + GAP)),
            Some(word) if !is_wide_enough => ColumnConstraint::LowerBoundary(Width::Fixed(word.saturating_add(GAP))),
            _ => ColumnConstraint::ContentWidth,
        });
    }
    // The gap behind the last column is not printed.
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.saturating_add(GAP));
    table.trim_fmt() + "\n"
}

/// The width of the longest word in a column.
fn longest_word(table: &Table, column: usize) -> u16 {
    let cells = table.header().into_iter().chain(table.row_iter()).filter_map(|row| row.cell_iter().nth(column));
    let widths = cells.filter_map(|cell| cell.content().split(' ').map(measure_text_width).max());
    widths.max().map_or(0, |width| u16::try_from(width).unwrap_or(u16::MAX))
}

/// Names and what belongs to them, side by side without a header; else as [`table`].
pub(crate) fn list<'t>(rows: impl IntoIterator<Item = [impl Into<Cow<'t, str>>; 2]>) -> String {
    let table = table(["", ""], rows, &[]);
    // The header that is none.
    table.split_once('\n').map_or_else(String::new, |(_, rows)| rows.to_owned())
}

/// Prints what clap has to say: help and version to standard output, mistakes to standard error.
///
/// # Errors
///
/// As [`result`].
pub(crate) fn usage(message: &clap::Error) -> Result<()> {
    let is_help = message.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    let text = message.render();
    let text = |is_colored| if is_colored { text.ansi().to_string() } else { text.to_string() };
    if !message.use_stderr() {
        return write(io::stdout().lock(), text(console::colors_enabled()).as_bytes());
    }
    if is_help {
        // Nobody is left to hear that this failed.
        let _ = io::stderr().write_all(text(console::colors_enabled_stderr()).as_bytes());
    } else {
        say(Style::new().red().bold(), "error", usage::mistake(message));
    }
    Ok(())
}

/// Prints a failure and its causes.
pub(crate) fn error(error: &Error) {
    let style = Style::new().red().bold();
    match error {
        Error::Several(errors) => return errors.iter().for_each(self::error),
        // A list, one place a line.
        Error::Duplicates(duplicates) => say_lines(style, "error", duplicates),
        error => say(style, "error", error),
    }
    for cause in error.causes() {
        say(Style::new().bold(), "caused by", cause);
    }
    if let Error::Plugin(error) = error {
        // What a provider's support asks for, and its own words where the message does not have them.
        if let Some(request_id) = error.request_id() {
            say(Style::new().bold(), "request id", request_id);
        }
        if let Some(body) = error.body().filter(|body| !body.trim().is_empty()) {
            say(Style::new().bold(), "answer", body);
        }
    }
}

/// Prints something that the user should know although the command went on.
pub(crate) fn warning(text: impl fmt::Display) {
    say(Style::new().yellow().bold(), "warning", text);
}

/// A number of things: `1 file`, `2 files`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Prints something that the user may want to know.
pub(crate) fn note(text: impl fmt::Display) {
    say(Style::new().cyan().bold(), "note", text);
}

/// Takes away what another program's progress bar left on the terminal's last line.
pub(crate) fn clear_line() {
    let terminal = Term::stderr();
    if terminal.is_term() {
        // As with all that is said on the side.
        let _ = terminal.clear_line();
    }
}

/// The panic hook: one paragraph, and the backtrace for those who asked for it.
pub(crate) fn bug(panic: &PanicHookInfo<'_>) {
    let payload = panic.payload();
    let message =
        payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = message.unwrap_or("no message");
    let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
    say(
        Style::new().red().bold(),
        "error",
        format_args!(
            "lk-go {} panicked: `{message}`{place}; this is a bug, here or in a plugin: please report this message and \
             the command line that led to it",
            env!("CARGO_PKG_VERSION")
        ),
    );
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        say_lines(Style::new().bold(), "backtrace", backtrace);
    }
}

/// A progress bar of so much audio on standard error; invisible when that is no terminal, gone
/// when it is dropped.
pub(crate) fn progress(length: Duration) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(milliseconds(length)), ProgressDrawTarget::stderr())
        .with_finish(ProgressFinish::AndClear);
    styled(bar, "{wide_bar} {percent:>3} %  {eta} left")
}

/// A progress bar of a file of so many bytes; else as [`progress`].
#[cfg(feature = "download")]
pub(crate) fn download(name: &str, size: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr())
        .with_finish(ProgressFinish::AndClear)
        .with_message(printable::paragraph(name).into_owned());
    styled(bar, "{msg} {wide_bar} {bytes} of {total_bytes}  {bytes_per_sec}  {eta} left")
}

/// A sign on standard error that something is going on; else as [`progress`].
pub(crate) fn waiting(what: impl fmt::Display) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        .with_finish(ProgressFinish::AndClear)
        .with_message(printable::paragraph(what.to_string()));
    let bar = styled(bar, "{spinner} {msg}");
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    match ProgressStyle::with_template(template) {
        Ok(style) if terminal::is_unicode() => bar.with_style(style),
        // The last of the signs is for when it is done.
        Ok(style) => bar.with_style(style.progress_chars("#.").tick_chars("-\\|/ ")),
        Err(_) => bar,
    }
}

/// Whether what goes to standard output may have colours.
pub(crate) fn has_colors() -> bool {
    console::colors_enabled()
}

/// Does it without a word about panics: the caller tells what became of them.
pub(crate) fn quiet_panics<T>(work: impl FnOnce() -> T) -> T {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = work();
    std::panic::set_hook(hook);
    outcome
}

/// Moves a progress bar to this point of the audio.
pub(crate) fn advance(bar: &ProgressBar, position: Duration) {
    bar.set_position(milliseconds(position));
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn unserializable(error: serde_json::Error) -> Error {
    Error::Output(error.into())
}

/// One paragraph, whatever is in it.
fn say(style: Style, label: &str, text: impl fmt::Display) {
    write_labelled(style, label, &printable::paragraph(text.to_string()));
}

fn say_lines(style: Style, label: &str, text: impl fmt::Display) {
    write_labelled(style, label, &printable::lines(&text.to_string()));
}

fn write_labelled(style: Style, label: &str, text: &str) {
    let label = style.for_stderr().apply_to(format_args!("{label}:")).to_string();
    // Our own signs; what users and plugins wrote stays as it is.
    let text =
        if terminal::is_unicode() { text.to_owned() } else { text.replace('…', "...").replace('\u{FFFD}', "?") };
    // Nobody is left to hear that this failed.
    let _ = writeln!(io::stderr(), "{label} {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_a_table_is_one_line_whatever_is_in_its_cells() {
        let rows = [["one", "first\n\x1b[31msecond\tthird\r\n"]];
        let table = table(["NAME", "DESCRIPTION"], rows, &[]);
        assert_eq!(table, "NAME  DESCRIPTION\none   first \u{FFFD}[31msecond third\n");
    }

    #[test]
    fn a_narrow_terminal_breaks_no_word() {
        let header = ["TURN", "TRANSCRIPT (s)", "AUDIO (s)", "OUTCOME"];
        let rows = || [["1", "0.000", "0.001", "interrupted"].map(Cow::Borrowed)].into_iter();
        let [whole, narrow] = [44, 36];
        for width in 1..60 {
            let table = wrapped(header, rows(), &[0, 1, 2], width);
            for word in ["TURN", "TRANSCRIPT", "AUDIO", "OUTCOME", "0.000", "interrupted"] {
                assert!(table.contains(word), "{word} {width}\n{table}");
            }
            assert_eq!(table.lines().count(), if width >= whole { 2 } else { 3 }, "{width}\n{table}");
            let longest = table.lines().map(measure_text_width).max().unwrap_or(0);
            assert!(longest <= usize::from(width.max(narrow)), "{width}\n{table}");
        }
    }

    #[test]
    fn with_and_without_a_terminal_a_table_is_the_same_where_all_fits() {
        let header = ["NAME", "SIZE", "WHAT IT IS"];
        let rows = [["a", "1000000", ""], ["声", "1", "a voice…"], ["", "", "b"]].map(|row| row.map(Cow::Borrowed));
        for right in [&[][..], &[1]] {
            assert_eq!(unwrapped(header, &rows, right), wrapped(header, rows.clone().into_iter(), right, 200));
        }
    }

    #[test]
    fn seconds_print_cleanly() {
        for windows in 0..100_000u32 {
            let text = serde_json::to_string(&seconds(Duration::from_millis(32) * windows)).unwrap_or_default();
            let digits = text.split_once('.').map_or(0, |(_, digits)| digits.len());
            assert!(digits <= 3, "{text}");
        }
        assert_eq!(seconds(Duration::from_secs_f64(0.032 * 42.0)), 1.344);
    }
}
