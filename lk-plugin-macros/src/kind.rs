//! The spellings of the kinds. The table of kinds is in the core; a test holds the two together.

/// Name, trait, noun.
pub(crate) const KINDS: &[(&str, &str, &str)] = &[
    ("llm", "Llm", "language-model"),
    ("stt", "Stt", "speech-to-text"),
    ("tts", "Tts", "text-to-speech"),
    ("vad", "Vad", "voice-activity-detection"),
];

/// "choose from `llm`, …", with the most likely one in front when one is likely: one letter wrong, or one in three of a
/// longer name.
pub(crate) fn choose(given: &str, choices: &[&str]) -> String {
    let given = given.to_lowercase();
    let list: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
    let list = format!("choose from {}", list.join(", "));
    let distances = choices.iter().map(|choice| (strsim::damerau_levenshtein(&given, choice), choice));
    match distances.min().filter(|(distance, choice)| *distance <= (choice.len() / 3).max(1)) {
        Some((_, choice)) => format!("did you mean `{choice}`? {list}"),
        None => list,
    }
}
