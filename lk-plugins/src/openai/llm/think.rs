//! Takes a model's thoughts out of its text, wherever the pieces of the text end.

use std::borrow::Cow;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Text without `<think>…</think>`.
#[derive(Debug, Default)]
pub(super) struct ThinkFilter {
    thinking: bool,
    // The end of what came, which may be the beginning of a tag.
    held: String,
    said: bool,
}

impl ThinkFilter {
    /// What there is to say of this piece.
    pub(super) fn push<'t>(&mut self, piece: &'t str) -> Cow<'t, str> {
        // Most pieces have nothing to do with any of this.
        if !self.thinking && self.held.is_empty() && self.said && !piece.contains('<') {
            return Cow::Borrowed(piece);
        }
        let mut rest = std::mem::take(&mut self.held) + piece;
        let mut text = String::new();
        loop {
            let tag = if self.thinking { CLOSE } else { OPEN };
            let Some(place) = rest.find(tag) else { break };
            if !self.thinking {
                self.say(&rest[..place], &mut text);
            }
            rest.drain(..place + tag.len());
            self.thinking = !self.thinking;
        }
        let tag = if self.thinking { CLOSE } else { OPEN };
        let keep = (1..tag.len()).rev().find(|length| rest.ends_with(&tag[..*length])).unwrap_or(0);
        let held = rest.split_off(rest.len() - keep);
        if !self.thinking {
            self.say(&rest, &mut text);
        }
        self.held = held;
        Cow::Owned(text)
    }

    /// What was held back and is no tag after all; a thought without an end is none of it.
    pub(super) fn finish(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        if self.thinking { String::new() } else { held }
    }

    /// The empty lines between a thought and the answer belong to the thought.
    fn say(&mut self, words: &str, text: &mut String) {
        let words = if self.said { words } else { words.trim_start() };
        self.said |= !words.is_empty();
        text.push_str(words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_go_wherever_the_pieces_end() {
        for (text, wanted) in [
            ("<think>no\n</think>\n\nyes", "yes"),
            ("\n<think></think>a <b> c<think>x</think> d", "a <b> c d"),
            ("a < b <thin", "a < b <thin"),
            ("é<think>日本</think>語", "é語"),
            ("said<think>never ends", "said"),
            ("<think>a</thinker></think>b", "b"),
            ("<<think>x</think>>", "<>"),
            ("plain", "plain"),
        ] {
            let borders: Vec<usize> = text.char_indices().map(|(index, _)| index).chain([text.len()]).collect();
            for first in &borders {
                for second in borders.iter().filter(|second| *second >= first) {
                    let mut filter = ThinkFilter::default();
                    let mut got = String::new();
                    for piece in [&text[..*first], &text[*first..*second], &text[*second..]] {
                        got += &filter.push(piece);
                    }
                    got += &filter.finish();
                    assert_eq!(got, wanted, "{text} at {first} and {second}");
                }
            }
        }
    }
}
