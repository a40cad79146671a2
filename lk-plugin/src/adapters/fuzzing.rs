//! Text of a model as it comes, cut anywhere: the fuzz target `sentences`.

use super::sentences::Sentences;
use crate::fuzzing::cuts;

/// Two bytes of options, and text.
///
/// The pieces together are the text; none is empty but perhaps the last, and none longer than the limit, whatever the
/// tokens are.
pub fn sentences(data: &[u8]) {
    let Some(([seed, options], text)) = data.split_first_chunk::<2>() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let (shortest, context) = (usize::from(options & 15) * 2, usize::from(options >> 4) * 2);
    let letters: Vec<char> = text.chars().collect();
    let cut = |longest: usize| {
        let mut sentences = Sentences::new(shortest, context);
        let mut pieces = Vec::new();
        for token in cuts(u64::from(*seed), letters.len(), longest) {
            sentences.push(&letters[token].iter().collect::<String>());
            while let Some(piece) = sentences.next() {
                assert!(!piece.is_empty());
                pieces.push(piece);
            }
        }
        pieces.push(sentences.rest());
        assert_eq!(pieces.concat(), text);
        pieces
    };
    let tokens = cut(12);
    // Longer text may have to be cut without an end of a sentence, and then is where it has come to.
    if letters.len() < 300 {
        assert_eq!(cut(1), tokens);
    }
}
