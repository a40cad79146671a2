//! Several attributes on one constructor: each writes its own entry, the last one the list of all.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Meta};

use crate::names;
use crate::tokens::{is_punct, is_word};

/// The word that tells the next attribute which entries there are above it.
pub(crate) const ABOVE: &str = "__above";

/// Hands `entries` to the next of our attributes on the item. Returns the item, and whether there was none.
pub(crate) fn pass_on(item: TokenStream, entries: &[Ident]) -> (TokenStream, bool) {
    let split = |input: ParseStream<'_>| Ok((input.call(Attribute::parse_outer)?, input.parse::<TokenStream>()?));
    let Ok((mut attributes, rest)) = split.parse2(item.clone()) else { return (item, true) };
    let is_ours = |attribute: &&mut Attribute| {
        attribute.path().segments.last().is_some_and(|segment| segment.ident == "lk_plugin")
    };
    match attributes.iter_mut().find(is_ours).map(|attribute| &mut attribute.meta) {
        Some(Meta::List(list)) => {
            let above = Ident::new(ABOVE, proc_macro2::Span::call_site());
            list.tokens.extend(quote!(, #above(#(#entries),*)));
            (attributes.iter().map(ToTokens::to_token_stream).chain([rest]).collect(), false)
        }
        _ => (item, true),
    }
}

/// Takes what [`pass_on`] added off the attribute's text.
pub(crate) fn take_above(text: TokenStream) -> (TokenStream, Vec<Ident>) {
    let mut tokens: Vec<TokenTree> = text.into_iter().collect();
    let above = match tokens.as_slice() {
        // Without the comma somebody else wrote it.
        [.., comma, word, TokenTree::Group(group)] if is_punct(comma, ',') && is_word(word, ABOVE) => group.stream(),
        _ => return (tokens.into_iter().collect(), Vec::new()),
    };
    // The word, its list, and the comma in front.
    tokens.truncate(tokens.len() - 3);
    let entries = above.into_iter().filter_map(|token| match token {
        // The rest somebody else wrote.
        TokenTree::Ident(entry) if names::is_entry(&entry) => Some(entry),
        _ => None,
    });
    (tokens.into_iter().collect(), entries.collect())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]
mod tests {
    use super::*;
    use crate::plugin::check;

    #[test]
    fn the_last_of_several_attributes_knows_those_above() {
        let item = quote!(
            #[lk_plugin(kind = "tts", name = "both")]
            fn new() -> Parrot {
                Parrot
            }
        );
        let first = check(quote!(kind = "llm", name = "both"), item.clone()).unwrap();
        let (item, is_last) = pass_on(item, &first.entries());
        assert!(!is_last);
        let mut function: syn::ItemFn = syn::parse2(item).unwrap();
        let attribute = function.attrs.remove(0);
        let args = attribute.meta.require_list().unwrap().tokens.clone();
        let second = check(args, function.to_token_stream()).unwrap();
        assert_eq!(second.entries(), [names::entry("llm", "both"), names::entry("tts", "both")]);
        assert!(pass_on(function.to_token_stream(), &second.entries()).1);
    }
}
