//! Where an annotated function stands. An attribute is shown its item alone, and a function without `self` or `Self` looks
//! the same in a module and in an `impl` block; so its source is read again.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// Whether this function, annotated with these arguments, stands in an `impl` block (or a trait) and nowhere else.
///
/// `false` when that cannot be seen: the text came from another macro, or is not in a file. The compiler then complains
/// that it finds no function of that name.
pub(crate) fn is_in_impl(args: &TokenStream, function: &Ident) -> bool {
    if !proc_macro::is_available() {
        return false;
    }
    let attribute = proc_macro::Span::call_site();
    // At the left margin nobody writes what stands inside of something else: no need to read the file again.
    if attribute.column() == 1 {
        return false;
    }
    let source = attribute.local_file().and_then(|path| std::fs::read_to_string(path).ok());
    let Some(tokens) = source.and_then(|source| source.parse::<TokenStream>().ok()) else { return false };
    let mut found = Found::default();
    found.search(tokens, false, &text(args), &function.to_string());
    found.in_impl && !found.elsewhere
}

/// Where such a function was found.
#[derive(Default)]
struct Found {
    in_impl: bool,
    elsewhere: bool,
}

impl Found {
    fn search(&mut self, tokens: TokenStream, in_impl: bool, args: &str, function: &str) {
        // The words since the last item ended, which say what the next braces are.
        let (mut is_block, mut is_function, mut annotated) = (false, false, false);
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Ident(word) if word == "impl" || word == "trait" => is_block = true,
                TokenTree::Ident(word) if word == "fn" => {
                    is_function = true;
                    if annotated && matches!(tokens.peek(), Some(TokenTree::Ident(name)) if name == function) {
                        *(if in_impl { &mut self.in_impl } else { &mut self.elsewhere }) = true;
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => {
                    (is_block, is_function, annotated) = (false, false, false);
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                    annotated |= has_arguments(group.stream(), args);
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    self.search(group.stream(), is_block && !is_function, args, function);
                    (is_block, is_function, annotated) = (false, false, false);
                }
                _ => {}
            }
        }
    }
}

/// Whether this is the inside of an attribute with these arguments, by whatever path it is called.
fn has_arguments(attribute: TokenStream, args: &str) -> bool {
    matches!(attribute.into_iter().last(), Some(TokenTree::Group(group)) if text(&group.stream()) == args)
}

/// How tokens are spelled, without the spaces between them.
fn text(tokens: &TokenStream) -> String {
    tokens.to_string().split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_function_directly_in_an_impl_block_is_in_one() {
        for (source, in_impl, elsewhere) in [
            ("impl A { #[p(x = 1)] pub const fn new() -> A { A } }", true, false),
            ("struct S; impl<T> A for B<T> where T: C { #[other] #[a::p(x = 1)] fn new() -> A { A } }", true, false),
            ("trait T { #[p(x = 1)] fn new() -> A; }", true, false),
            ("#[p(x = 1)] fn new() -> impl A { A }", false, true),
            ("fn f() -> impl A { #[p(x = 1)] fn new() -> A { A } }", false, true),
            ("impl A { fn f() { #[p(x = 1)] fn new() -> A { A } } }", false, true),
            ("mod m { #[p(x = 1)] fn new() -> A { A } } impl A { fn new() -> A { A } }", false, true),
            ("#[p(x = 1)] const N: u8 = 1; fn new() -> A { A }", false, false),
            ("impl A { #[p(x = 2)] fn new() -> A { A } #[p(x = 1)] fn old() -> A { A } }", false, false),
        ] {
            let mut found = Found::default();
            let tokens = source.parse().unwrap_or_default();
            found.search(tokens, false, "x=1", "new");
            assert_eq!((found.in_impl, found.elsewhere), (in_impl, elsewhere), "{source}");
        }
    }
}
