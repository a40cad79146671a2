//! Reads as much of the annotated item as the attribute needs: syn's own `ItemFn` would need its feature `full`.

use proc_macro2::{Delimiter, Ident, Spacing, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, Lit, Meta, Token, Visibility};

use crate::tokens::{is_punct, is_word, split_at_commas};

/// The annotated item.
pub(crate) struct Item {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) form: Form,
}

pub(crate) enum Form {
    /// A free function, or one inside an `impl` block (told apart by the compiler alone).
    Function(Function),
    /// An `impl` block.
    Impl {
        /// Between `impl` and the braces.
        header: Vec<TokenTree>,
        /// The functions called `new`.
        constructors: Vec<Function>,
        braces: Span,
    },
    /// Anything else, with the word that says what.
    Other { word: String, span: Span },
}

pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    /// `const`, `async`, `unsafe`, `extern` before `fn`.
    pub(crate) qualifiers: Vec<Ident>,
    pub(crate) name: Ident,
    /// `<…>`, without the brackets.
    pub(crate) generics: Vec<TokenTree>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) parentheses: Span,
    /// After `->`; empty when there is no return type.
    pub(crate) output: Vec<TokenTree>,
    pub(crate) where_clause: Option<Span>,
}

pub(crate) struct Parameter {
    /// After the colon; the whole parameter when there is none, as in `&self`.
    pub(crate) type_tokens: Vec<TokenTree>,
    pub(crate) is_self: bool,
    pub(crate) span: Span,
}

impl Item {
    pub(crate) fn read(tokens: TokenStream) -> syn::Result<Self> {
        let read = |input: ParseStream<'_>| {
            let attributes = input.call(Attribute::parse_outer)?;
            let visibility = input.parse()?;
            let form = form(input)?;
            // What is left is the body.
            input.parse::<TokenStream>()?;
            Ok(Self { attributes, visibility, form })
        };
        read.parse2(tokens)
    }
}

/// The first line of the doc comment among these attributes, without its full stop: in a table it would be odd.
pub(crate) fn first_doc_line(attributes: &[Attribute]) -> Option<String> {
    let lines = attributes.iter().filter_map(doc_text);
    lines
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| line.trim().strip_suffix('.').unwrap_or(line.trim()).to_owned())
        .find(|line| !line.is_empty())
}

/// The text of a `#[doc = "…"]` attribute, which is what a doc comment is.
pub(crate) fn doc_text(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else { return None };
    match &meta.value {
        Expr::Lit(literal) if meta.path.is_ident("doc") => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn form(input: ParseStream<'_>) -> syn::Result<Form> {
    let (qualifiers, word) = look_ahead(input);
    match word {
        Some(word) if word == "fn" => return function(input, Vec::new()).map(Form::Function),
        Some(word) if word == "impl" => return implementation(input),
        _ => {}
    }
    // `const N: u8` is a constant, `unsafe trait` a trait: the last word but a name tells.
    let (word, span) = match (next_keyword(input), qualifiers.first()) {
        (Some(word), _) => (word.to_string(), word.span()),
        (None, Some(word)) => (word.to_string(), word.span()),
        (None, None) => ("item".to_owned(), input.span()),
    };
    Ok(Form::Other { word, span })
}

/// The qualifiers that come next, and the word behind them.
fn look_ahead(input: ParseStream<'_>) -> (Vec<Ident>, Option<Ident>) {
    let ahead = input.fork();
    let mut qualifiers = Vec::new();
    while let Some(word) = next_word(&ahead) {
        if !["const", "async", "unsafe", "extern", "default"].contains(&word.to_string().as_str()) {
            return (qualifiers, Some(word));
        }
        qualifiers.push(word);
        // The ABI of `extern "C"`.
        let _: Option<syn::LitStr> = ahead.parse().ok();
    }
    (qualifiers, None)
}

fn next_word(input: ParseStream<'_>) -> Option<Ident> {
    if input.peek(Ident::peek_any) { input.call(Ident::parse_any).ok() } else { None }
}

/// The word that says what the item is, past `unsafe` and the like.
fn next_keyword(input: ParseStream<'_>) -> Option<Ident> {
    let ahead = input.fork();
    let mut last = None;
    while let Some(word) = next_word(&ahead) {
        let spelled = word.to_string();
        let is_item =
            ["struct", "enum", "union", "trait", "mod", "static", "type", "use", "const", "macro_rules", "macro"]
                .contains(&spelled.as_str());
        if is_item {
            last = Some(word);
            if spelled != "const" {
                break;
            }
        } else if !["unsafe", "async", "extern", "auto"].contains(&spelled.as_str()) {
            break;
        }
    }
    last
}

/// From its qualifiers to its return type; a where clause and the body are left.
fn function(input: ParseStream<'_>, attributes: Vec<Attribute>) -> syn::Result<Function> {
    let mut qualifiers = Vec::new();
    loop {
        let word = next_word(input).ok_or_else(|| input.error("expected `fn`"))?;
        if word == "fn" {
            break;
        }
        qualifiers.push(word);
        let _: Option<syn::LitStr> = input.parse().ok();
    }
    let name: Ident = input.parse()?;
    let generics = if input.peek(Token![<]) { angle_brackets(input)? } else { Vec::new() };
    let group: proc_macro2::Group = input.parse()?;
    let parameters = parameters(group.stream());
    let mut output = Vec::new();
    if input.peek(Token![->]) {
        input.parse::<Token![->]>()?;
        while !input.is_empty()
            && !input.peek(syn::token::Brace)
            && !input.peek(Token![where])
            && !input.peek(Token![;])
        {
            output.push(input.parse()?);
        }
    }
    let where_clause = input.peek(Token![where]).then(|| input.span());
    Ok(Function { attributes, qualifiers, name, generics, parameters, parentheses: group.span(), output, where_clause })
}

fn implementation(input: ParseStream<'_>) -> syn::Result<Form> {
    while next_word(input).is_some_and(|word| word != "impl") {}
    let mut header = Vec::new();
    while !input.is_empty() && !input.peek(syn::token::Brace) {
        header.push(input.parse()?);
    }
    let group: proc_macro2::Group = input.parse()?;
    let functions = |input: ParseStream<'_>| {
        let mut constructors = Vec::new();
        while !input.is_empty() {
            let attributes = input.call(Attribute::parse_outer)?;
            input.parse::<Visibility>()?;
            if look_ahead(input).1.is_some_and(|word| word == "fn") {
                let function = function(input, attributes)?;
                if function.name == "new" {
                    constructors.push(function);
                }
            }
            // The body, or whatever else an item ends with.
            loop {
                match input.parse::<TokenTree>() {
                    Ok(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => break,
                    Ok(token) if is_punct(&token, ';') => break,
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
        }
        Ok(constructors)
    };
    Ok(Form::Impl { header, constructors: functions.parse2(group.stream())?, braces: group.span_open() })
}

/// What stands in `<…>`, with the brackets themselves left out.
fn angle_brackets(input: ParseStream<'_>) -> syn::Result<Vec<TokenTree>> {
    input.parse::<Token![<]>()?;
    let mut inside = Vec::new();
    let mut depth = 1;
    loop {
        let token: TokenTree = input.parse()?;
        if let TokenTree::Punct(punct) = &token {
            let arrow = inside.last().is_some_and(|token| is_punct(token, '-'));
            match punct.as_char() {
                '<' => depth += 1,
                '>' if !arrow => depth -= 1,
                _ => {}
            }
        }
        if depth == 0 {
            return Ok(inside);
        }
        inside.push(token);
    }
}

fn parameters(tokens: TokenStream) -> Vec<Parameter> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    split_at_commas(&tokens).into_iter().filter_map(parameter).collect()
}

fn parameter(tokens: &[TokenTree]) -> Option<Parameter> {
    let span = tokens.first()?.span();
    let is_joint =
        |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ':' && p.spacing() == Spacing::Joint);
    // A single colon: `::` belongs to a path, which may come right behind it.
    let mut in_path = false;
    let colon = tokens.iter().position(|token| {
        let is_single = is_punct(token, ':') && !is_joint(token) && !in_path;
        in_path = is_joint(token);
        is_single
    });
    let pattern = &tokens[..colon.unwrap_or(tokens.len())];
    let self_span = pattern.iter().find(|token| is_word(token, "self"));
    let (is_self, span) = (self_span.is_some(), self_span.map_or(span, TokenTree::span));
    let type_tokens = tokens[colon.map_or(0, |index| index + 1)..].to_vec();
    Some(Parameter { type_tokens, is_self, span })
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test stops at its first surprise")]
mod tests {
    use quote::quote;

    use super::*;
    use crate::tokens::stream;

    fn form(tokens: TokenStream) -> Form {
        match Item::read(tokens) {
            Ok(item) => item.form,
            Err(error) => panic!("{error}"),
        }
    }

    fn function(tokens: TokenStream) -> Function {
        match form(tokens) {
            Form::Function(function) => function,
            _ => panic!("no function"),
        }
    }

    #[test]
    fn commas_and_arrows_in_angle_brackets_are_no_ends() {
        let function = function(quote!(
            fn f<F: Fn() -> A, B>(config: C) -> D {}
        ));
        assert_eq!(stream(&function.generics).to_string(), quote!(F: Fn() -> A, B).to_string());
        assert_eq!(function.parameters.len(), 1);
        let nested = self::function(quote!(
            fn f<A: Into<Option<B>>>() {}
        ));
        assert_eq!(nested.name, "f");
    }

    #[test]
    fn the_type_of_a_parameter_comes_after_its_single_colon() {
        for (parameter, wanted) in [
            (quote!(config: a::B), quote!(a::B)),
            (quote!(config: ::a::B), quote!(::a::B)),
            (quote!(a::Wrapped(config): B), quote!(B)),
            (quote!(&self), quote!(&self)),
        ] {
            let function = function(quote!(fn f(#parameter) {}));
            assert_eq!(stream(&function.parameters[0].type_tokens).to_string(), wanted.to_string());
        }
    }

    #[test]
    fn what_has_no_type_is_no_mistake_of_the_reader() {
        assert_eq!(parameters(quote!(: , ::)).len(), 2);
    }

    #[test]
    fn the_first_line_of_the_docs_is_found_among_other_attributes() {
        let item = Item::read(quote!(
            #[must_use = "it hears"]
            #[doc = "\n Hears. \n Well."]
            fn new() -> A {}
        ));
        let attributes = item.map(|item| item.attributes).unwrap_or_default();
        assert_eq!(first_doc_line(&attributes).as_deref(), Some("Hears"));
    }

    #[test]
    fn a_constructor_in_a_block_may_have_qualifiers_and_anything_before_it() {
        let block = quote!(impl A {
            const N: u8 = 1;
            const MAKE: fn() -> A = A::new;
            type B = C;
            fn before() -> [u8; 2] where B: C { [1, 2] }
            pub const fn new() -> A { A }
            unsafe extern "C" fn other() {}
        });
        let Form::Impl { constructors, .. } = form(block) else { panic!("no block") };
        assert_eq!(constructors.len(), 1);
        assert_eq!(constructors[0].qualifiers, ["const"]);
    }

    #[test]
    fn the_word_that_says_what_an_item_is_may_have_others_before_it() {
        for (item, wanted) in [
            ("const N: u8 = 1;", "const"),
            ("const trait T {}", "trait"),
            ("unsafe trait T {}", "trait"),
            ("pub struct S;", "struct"),
        ] {
            let Form::Other { word, .. } = form(item.parse().unwrap_or_default()) else { panic!("{wanted}") };
            assert_eq!(word, wanted);
        }
    }
}
