//! Text from outside (file names, arguments, plugins, libraries) made fit to print: nothing in it steers the terminal or
//! breaks the paragraph it stands in.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

/// As much of an argument as is repeated, in characters.
const MAX_ARGUMENT: usize = 60;

/// As much of a path as is repeated, in characters: more than of an argument, for only the whole says which file it is.
const MAX_PATH: usize = 200;

/// Stands for a character that is not printed.
const REPLACED: char = char::REPLACEMENT_CHARACTER;

/// What the user wrote, to stand in a message; when it is long, its start.
pub(crate) fn argument(text: &str) -> String {
    let mut start: String = text.chars().take(MAX_ARGUMENT).map(replaced).collect();
    if start.len() < text.len() && text.chars().nth(MAX_ARGUMENT).is_some() {
        start.push('…');
    }
    start
}

/// An argument that nobody expected, as [`argument`] but for what stands after a `=`: that may be the value of a
/// secret.
pub(crate) fn stray(text: &str) -> String {
    key(text).map_or_else(|| argument(text), |key| format!("{key}=…"))
}

/// What stands before the `=` of a key and its value; `None` when the text is no such thing.
pub(crate) fn key(text: &str) -> Option<String> {
    text.split_once('=').filter(|(_, value)| !value.is_empty()).map(|(key, _)| argument(key))
}

/// A path, to stand in a message; when it is long, its end, which has the file's own name.
pub(crate) fn path(path: &Path) -> String {
    let text: String = path.to_string_lossy().chars().map(replaced).collect();
    match text.char_indices().rev().nth(MAX_PATH - 1) {
        Some((start, _)) if start > 0 => format!("…{}", &text[start..]),
        _ => text,
    }
}

/// Text in one line: its line breaks become spaces.
pub(crate) fn paragraph<'t>(text: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
    let text = text.into();
    // As nearly all text is, so that tables need not be copied character by character.
    if is_plain(&text) && text.trim().len() == text.len() {
        return text;
    }
    let lines = text.split(is_line_break).map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ").chars().map(|char| if char == '\t' { ' ' } else { replaced(char) }).collect()
}

/// Text whose line breaks are meant.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    if text.split('\n').all(is_plain) {
        return Cow::Borrowed(text);
    }
    text.chars().map(|char| if char == '\n' { char } else { replaced(char) }).collect()
}

/// JSON text with the characters escaped that JSON would let through. It still says the same: outside of strings JSON has
/// none of them but line feeds.
pub(crate) fn json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if is_hazardous(char) && char != '\n' {
            // Cannot fail on a string; all hazardous characters have four digits.
            let _ = write!(escaped, "\\u{:04x}", u32::from(char));
        } else {
            escaped.push(char);
        }
    }
    escaped
}

fn replaced(char: char) -> char {
    if is_hazardous(char) { REPLACED } else { char }
}

/// Whether a terminal would obey it: control characters (of one and of two bytes), and what breaks lines or turns the
/// direction of the text that follows.
fn is_hazardous(char: char) -> bool {
    char.is_control() || is_line_break(char) || matches!(char, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether it is ASCII that a terminal prints, in one line.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn is_line_break(char: char) -> bool {
    matches!(char, '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_cut_and_cannot_steer_the_terminal() {
        assert_eq!(argument("a\x1b[31mb\nc\u{9B}d\u{202E}é"), "a\u{FFFD}[31mb\u{FFFD}c\u{FFFD}d\u{FFFD}é");
        assert_eq!(argument(&"ä".repeat(60)), "ä".repeat(60));
        assert_eq!(argument(&"ä".repeat(61)), "ä".repeat(60) + "…");
    }

    #[test]
    fn a_value_in_a_stray_argument_is_not_repeated() {
        for (text, shown) in
            [("api_key=sk-1", "api_key=…"), ("=sk-1", "=…"), ("api_key=", "api_key="), ("x.wav", "x.wav")]
        {
            assert_eq!(stray(text), shown);
        }
    }

    #[test]
    fn a_long_path_keeps_its_end() {
        assert_eq!(path(Path::new("evil\x1b[31mred\nnl.wav")), "evil\u{FFFD}[31mred\u{FFFD}nl.wav");
        let long = "ä".repeat(300) + "/call.wav";
        assert_eq!(path(Path::new(&long)), format!("…{}/call.wav", "ä".repeat(191)));
        let fits = "ä".repeat(200);
        assert_eq!(path(Path::new(&fits)), fits);
    }

    #[test]
    fn a_paragraph_is_one_line() {
        assert_eq!(
            paragraph("left == right\r\n  left: 1\n\n right:\t2\x07\n"),
            "left == right left: 1 right: 2\u{FFFD}"
        );
        assert_eq!(lines("one\n  two\x1b[0m\r\n"), "one\n  two\u{FFFD}[0m\u{FFFD}\n");
    }

    #[test]
    fn json_says_the_same() -> serde_json::Result<()> {
        let text = "a\x1b\x7f\u{9B}\u{2028}\u{202E}é\n\"\\";
        let escaped = json(&serde_json::to_string_pretty(&[text])?);
        assert!(escaped.chars().all(|char| char == '\n' || !is_hazardous(char)), "{escaped:?}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&escaped)?, [text]);
        Ok(())
    }
}
