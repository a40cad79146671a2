//! What to say when a name is not among the choices.

/// The choice most like `given`, if one is like it at all: one letter wrong, or one in three of a longer name.
pub(crate) fn closest<'c>(given: &str, choices: &[&'c str]) -> Option<&'c str> {
    let given = given.to_lowercase();
    choices
        .iter()
        .map(|choice| (strsim::damerau_levenshtein(&given, &choice.to_lowercase()), *choice))
        .filter(|(distance, choice)| *distance <= (choice.len() / 3).max(1) && *distance < choice.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, choice)| choice)
}

/// The end of a message about a name that is not among the choices: the one most like it, and all of them, sorted.
///
/// ```
/// let advice = lk_plugin::choose("sine", &["tone", "silence", "sin"]);
/// assert_eq!(advice, "did you mean `sin`? choose from `silence`, `sin`, `tone`");
/// ```
#[must_use]
pub fn choose(given: &str, choices: &[&str]) -> String {
    let mut sorted = choices.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.is_empty() {
        return "there is nothing to choose from".to_owned();
    }
    let list: Vec<String> = sorted.iter().map(|choice| format!("`{choice}`")).collect();
    let list = format!("choose from {}", list.join(", "));
    match closest(given, &sorted) {
        Some(choice) => format!("did you mean `{choice}`? {list}"),
        None => list,
    }
}

/// The longest name that a message repeats, in characters.
const MAX_SHOWN: usize = 60;

/// Somebody's text as a message may show it: short, and [`printable`].
pub(crate) fn shown(text: &str) -> String {
    start_of(text, MAX_SHOWN)
}

/// As [`shown`], up to another length in characters.
pub(crate) fn start_of(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", printable(text.get(..end).unwrap_or_default())),
        None => printable(text),
    }
}

/// Somebody's text without what could rewrite a terminal: control characters, breaks of lines, and turns of the direction
/// in which the text that follows is written.
pub(crate) fn printable(text: &str) -> String {
    let is_harmful = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|letter| if is_harmful(letter) { '\u{fffd}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_short_and_harmless() {
        assert_eq!(shown("a\x1b[31mb\nc\u{202e}d"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}d");
        assert_eq!(shown(&"é".repeat(61)), "é".repeat(60) + "…");
    }

    #[test]
    fn likeness_has_a_limit() {
        let choices = ["openai", "silero", "fake"];
        assert_eq!(closest("opnai", &choices), Some("openai"));
        assert_eq!(closest("Silero", &choices), Some("silero"));
        assert_eq!(closest("whisper", &choices), None);
        assert_eq!(choose("x", &["b", "a", "a"]), "choose from `a`, `b`");
        assert_eq!(choose("x", &[]), "there is nothing to choose from");
    }
}
