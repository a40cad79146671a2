//! Text cut into sentences while it is written.

use unicode_segmentation::UnicodeSegmentation;

/// The longest piece, in characters: text without an end of a sentence is cut at a space, so that speech begins and memory
/// is bounded.
const LONGEST: usize = 1_000;

/// Words with a point that seldom end a sentence, in lower case; Unicode's rules know no words, and leave these to us.
const ABBREVIATIONS: &[&str] = &[
    "adm", "approx", "bzw", "capt", "cf", "dr", "e.g", "etc", "gen", "gov", "i.e", "jr", "lt", "messrs", "mlle", "mme",
    "mr", "mrs", "ms", "prof", "rev", "sgt", "sr", "st", "vgl", "vs", "z.b",
];

/// Collects text and gives sentences away.
///
/// The pieces together are the text, to the last space.
#[derive(Debug)]
pub(super) struct Sentences {
    shortest: usize,
    context: usize,
    buffer: String,
    // What was looked through without finding an end; to be looked at again only with a mark that could be one.
    unchanged: bool,
}

impl Sentences {
    /// Pieces of at least `shortest` characters, where a segment has so many; and at least `context` characters are there before the
    /// first end of a sentence is looked for.
    pub(super) fn new(shortest: usize, context: usize) -> Self {
        Self { shortest, context, buffer: String::new(), unchanged: true }
    }

    /// More text.
    pub(super) fn push(&mut self, text: &str) {
        self.buffer.push_str(text);
        self.unchanged = false;
    }

    /// The next whole sentence, if it is certain.
    pub(super) fn next(&mut self) -> Option<String> {
        if self.unchanged || at_least(&self.buffer, self.context).is_none() {
            return None;
        }
        let end = self.end_of_sentence().or_else(|| self.end_of_longest());
        self.unchanged = end.is_none();
        end.map(|end| self.take(end))
    }

    /// The rest of the segment.
    pub(super) fn rest(&mut self) -> String {
        self.unchanged = true;
        std::mem::take(&mut self.buffer)
    }

    fn take(&mut self, end: usize) -> String {
        let rest = self.buffer.split_off(end);
        std::mem::replace(&mut self.buffer, rest)
    }

    fn end_of_sentence(&self) -> Option<usize> {
        let mut sentences = self.buffer.split_sentence_bound_indices().peekable();
        while let Some((start, sentence)) = sentences.next() {
            // A sentence that is still being written has no end.
            sentences.peek()?;
            let end = start + sentence.len();
            let is_long = self.buffer[..end].trim().chars().nth(self.shortest.saturating_sub(1)).is_some();
            // A letter makes it certain: with a small one the sentence goes on.
            let is_certain = || self.buffer[end..].contains(char::is_alphabetic);
            if is_long && !ends_with_abbreviation(sentence) && is_certain() {
                return Some(end);
            }
        }
        None
    }

    fn end_of_longest(&self) -> Option<usize> {
        let limit = at_least(&self.buffer, LONGEST)?;
        let space = self.buffer[..limit].rfind(char::is_whitespace).filter(|space| *space > 0);
        Some(space.map_or(limit, |space| space + self.buffer[space..].chars().next().map_or(0, char::len_utf8)))
    }
}

/// Where `count` characters end; `None` when there are fewer.
fn at_least(text: &str, count: usize) -> Option<usize> {
    if count == 0 {
        return Some(0);
    }
    text.char_indices().nth(count - 1).map(|(index, last)| index + last.len_utf8())
}

/// Whether its point belongs to its last word: "Mr.", "e.g.", or an initial as in "J. Austen".
fn ends_with_abbreviation(sentence: &str) -> bool {
    let Some(text) = sentence.trim_end().strip_suffix('.') else { return false };
    if sentence.ends_with(['\n', '\r', '\u{2028}', '\u{2029}']) {
        return false;
    }
    let word =
        text.rsplit(|letter: char| letter.is_whitespace() || "\"'([{«“‘".contains(letter)).next().unwrap_or(text);
    let mut letters = word.chars();
    if let (Some(initial), None) = (letters.next(), letters.next()) {
        // "I" alone is a word.
        return initial.is_uppercase() && initial != 'I';
    }
    ABBREVIATIONS.binary_search(&word.to_lowercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, shortest: usize, step: usize) -> Vec<String> {
        let mut sentences = Sentences::new(shortest, 10);
        let mut pieces = Vec::new();
        let letters: Vec<char> = text.chars().collect();
        for token in letters.chunks(step) {
            sentences.push(&token.iter().collect::<String>());
            pieces.extend(std::iter::from_fn(|| sentences.next()));
        }
        pieces.push(sentences.rest());
        assert_eq!(pieces.concat(), text, "nothing is lost or doubled");
        pieces.into_iter().map(|piece| piece.trim().to_owned()).filter(|piece| !piece.is_empty()).collect()
    }

    #[test]
    fn abbreviations_are_sorted() {
        assert!(ABBREVIATIONS.is_sorted());
    }

    #[test]
    fn sentences_are_cut_the_same_however_the_text_comes() {
        let text = "The business of her life was to get its daughters married. My dear Mr. Bennet, said his lady to him one \
                    day, have you heard? J. Austen wrote it in 1813, at 3.5 pages a day, e.g. on Mondays. \"Is that so?\" asked Mrs. \
                    Long. It was!\n- a list\n- of two things that are long enough";
        let wanted = [
            "The business of her life was to get its daughters married.",
            "My dear Mr. Bennet, said his lady to him one day, have you heard?",
            "J. Austen wrote it in 1813, at 3.5 pages a day, e.g. on Mondays.",
            "\"Is that so?\" asked Mrs. Long.",
            "It was!\n- a list\n- of two things that are long enough",
        ];
        for step in [1, 3, 7, 1_000] {
            assert_eq!(cut(text, 20, step), wanted, "{step} characters at a time");
        }
    }

    #[test]
    fn short_sentences_stay_together_and_other_scripts_are_cut_too() {
        assert_eq!(cut("Yes. No. Well, perhaps. It depends.", 20, 4), ["Yes. No. Well, perhaps.", "It depends."]);
        assert_eq!(cut("Yes. No. Well, perhaps.", 0, 4), ["Yes.", "No.", "Well, perhaps."]);
        assert_eq!(
            cut("今天天气很好。我们去公园散步吧！好吗？", 5, 1),
            ["今天天气很好。", "我们去公园散步吧！", "好吗？"]
        );
        assert_eq!(cut("यह पहला वाक्य है। यह दूसरा वाक्य है।", 5, 2), ["यह पहला वाक्य है।", "यह दूसरा वाक्य है।"]);
    }

    #[test]
    fn text_without_an_end_is_cut_at_a_space() {
        let pieces = cut(&"na ".repeat(1_000), 20, 11);
        assert!(pieces.len() >= 3 && pieces.iter().all(|piece| piece.chars().count() <= LONGEST), "{pieces:?}");
        assert_eq!(cut(&"x".repeat(2_500), 20, 100).iter().map(String::len).collect::<Vec<_>>(), [1_000, 1_000, 500]);
    }
}
