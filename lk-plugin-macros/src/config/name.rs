//! What fields and choices are called in a config.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::{Ident, LitStr};

use crate::errors::Errors;

/// A name and the token that says it.
pub(super) struct Name {
    pub(super) text: String,
    pub(super) span: Span,
}

impl Name {
    /// The key of a field.
    pub(super) fn of_field(ident: &Ident, rename: Option<&LitStr>, errors: &mut Errors) -> Self {
        let Some(rename) = rename else { return Self { text: ident.unraw().to_string(), span: ident.span() } };
        let name = Self { text: rename.value(), span: rename.span() };
        // Dots lead into nested configs, and `=` ends a key of `--set`.
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
        if name.text.is_empty() || !name.text.chars().all(is_word) {
            errors.at(name.span, format!("`{}` cannot be a key; use letters, digits, `_` and `-`", name.text));
        }
        name
    }

    /// The name of a choice.
    pub(super) fn of_variant(ident: &Ident, rename: Option<&LitStr>, errors: &mut Errors) -> Self {
        let Some(rename) = rename else {
            return Self { text: snake_case(&ident.unraw().to_string()), span: ident.span() };
        };
        let name = Self { text: rename.value(), span: rename.span() };
        if name.text.trim().is_empty() || name.text.chars().any(char::is_control) {
            errors.at(name.span, "a choice needs a name that can be written; give one such as `\"low\"`");
        }
        name
    }
}

/// Complains about every name that another one has already.
pub(super) fn refuse_twins<'n>(names: impl Iterator<Item = &'n Name>, what: &str, errors: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        if seen.contains(&name.text.as_str()) {
            errors.at(name.span, format!("two {what} are called `{}`; rename one of them", name.text));
        }
        seen.push(&name.text);
    }
}

/// `ServerVad` is `server_vad`, `HTTPOnly` is `http_only`.
pub(super) fn snake_case(camel: &str) -> String {
    let letters: Vec<char> = camel.chars().collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let after_small = index > 0 && !letters[index - 1].is_uppercase();
        let before_small = letters.get(index + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && index > 0 && (after_small || before_small) && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn words_are_told_by_their_capitals() {
        for (camel, snake) in [
            ("Tone", "tone"),
            ("ServerVad", "server_vad"),
            ("HTTPOnly", "http_only"),
            ("Gpt4o", "gpt4o"),
            ("X", "x"),
            ("OnX", "on_x"),
            ("ServerVAD", "server_vad"),
            ("Pcm_16", "pcm_16"),
            ("OnOff_Both", "on_off_both"),
        ] {
            assert_eq!(snake_case(camel), snake);
        }
    }
}
