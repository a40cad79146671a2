//! Questions about tokens that syn does not parse.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// Whether it is this sign, joined to the next one or not.
pub(crate) fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// Whether it is this keyword or name.
pub(crate) fn is_word(token: &TokenTree, wanted: &str) -> bool {
    matches!(token, TokenTree::Ident(word) if word == wanted)
}

/// Splits where a comma is not inside angle brackets; groups hide their own.
pub(crate) fn split_at_commas(tokens: &[TokenTree]) -> Vec<&[TokenTree]> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for (index, token) in tokens.iter().enumerate() {
        let arrow = index > 0 && is_punct(&tokens[index - 1], '-');
        if is_punct(token, '<') {
            depth += 1;
        } else if is_punct(token, '>') && !arrow {
            depth = depth.saturating_sub(1);
        } else if is_punct(token, ',') && depth == 0 {
            parts.push(&tokens[start..index]);
            start = index + 1;
        }
    }
    parts.push(&tokens[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

/// The first token that is not an invisible group, which is what a `macro_rules!` fragment comes in.
pub(crate) fn first_token(tokens: &[TokenTree]) -> Option<TokenTree> {
    match tokens.first()? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            first_token(&group.stream().into_iter().collect::<Vec<_>>())
        }
        token => Some(token.clone()),
    }
}

/// Where that word stands among these tokens or in their groups.
pub(crate) fn find_word(wanted: &str, tokens: &[TokenTree]) -> Option<Span> {
    tokens.iter().find_map(|token| match token {
        TokenTree::Group(group) => find_word(wanted, &group.stream().into_iter().collect::<Vec<_>>()),
        token => is_word(token, wanted).then(|| token.span()),
    })
}

/// These tokens as a stream.
pub(crate) fn stream(tokens: &[TokenTree]) -> TokenStream {
    tokens.iter().map(ToTokens::to_token_stream).collect()
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn a_comma_within_angle_brackets_splits_nothing() {
        let parts = |tokens: TokenStream| {
            let tokens: Vec<TokenTree> = tokens.into_iter().collect();
            split_at_commas(&tokens).into_iter().map(|part| stream(part).to_string()).collect::<Vec<_>>()
        };
        assert_eq!(parts(quote!(A<B>, C)), [quote!(A<B>), quote!(C)].map(|part| part.to_string()));
        let wanted = [quote!(M<fn() -> A, B>), quote!(C)].map(|part| part.to_string());
        assert_eq!(parts(quote!(M<fn() -> A, B>, C,)), wanted);
    }

    #[test]
    fn a_word_is_found_in_groups_too() {
        let tokens: Vec<TokenTree> = quote!(A<(B, [Self; 2])>).into_iter().collect();
        assert!(find_word("Self", &tokens).is_some() && find_word("C", &tokens).is_none());
    }

    #[test]
    fn the_first_token_is_looked_for_in_invisible_groups_alone() {
        let first = |delimiter| {
            let group = proc_macro2::Group::new(delimiter, quote!(A B));
            first_token(&[TokenTree::Group(group)]).map(|token| token.to_string())
        };
        assert_eq!(first(Delimiter::None).as_deref(), Some("A"));
        assert_eq!(first(Delimiter::Parenthesis), Some(quote!((A B)).to_string()));
    }
}
