//! Rust literals as JSON, so that no number has to be rendered when constants are put together.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::{Lit, LitFloat};

use super::name::snake_case;
use crate::json::{Members, list, quoted};
use crate::tokens::{is_punct, split_at_commas};

/// A value as JSON has them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Boolean(bool),
    /// With the digits of the source.
    Number(String),
    Text(String),
    List(Vec<Literal>),
    Table(Vec<(String, Literal)>),
}

impl Literal {
    /// A number with or without sign, a string, `true`, `false`, a list `[…]` or table `{ "key": … }` of these. `what` it
    /// is for is said when it is none.
    pub(super) fn read(tokens: &[TokenTree], what: &str) -> syn::Result<Self> {
        let unusable = |advice: &str| {
            let span = tokens.first().map_or_else(Span::call_site, TokenTree::span);
            Err(syn::Error::new(span, format!("this cannot be a {what}; {advice}")))
        };
        let advice = "write a number, a string, `true`, `false`, a list or a table of these";
        match tokens {
            [minus, TokenTree::Literal(_)] if is_punct(minus, '-') => {
                number(&tokens[1..]).map(|text| Self::Number(format!("-{text}")))
            }
            [TokenTree::Ident(word)] if word == "true" || word == "false" => Ok(Self::Boolean(word == "true")),
            [TokenTree::Ident(word)] if word == "None" => {
                unusable("leave it out, then an `Option` is `None` when nothing is given")
            }
            [TokenTree::Group(group)] => {
                let parts: Vec<TokenTree> = group.stream().into_iter().collect();
                let parts = split_at_commas(&parts).into_iter();
                match group.delimiter() {
                    Delimiter::Bracket => {
                        parts.map(|part| Self::read(part, what)).collect::<Result<_, _>>().map(Self::List)
                    }
                    Delimiter::Brace => parts.map(|part| entry(part, what)).collect::<Result<_, _>>().map(Self::Table),
                    // What a `macro_rules!` fragment comes in.
                    Delimiter::None => Self::read(&group.stream().into_iter().collect::<Vec<_>>(), what),
                    Delimiter::Parenthesis => unusable(advice),
                }
            }
            [TokenTree::Literal(_)] => match literal(&tokens[0])? {
                Lit::Str(text) => Ok(Self::Text(text.value())),
                Lit::Int(_) | Lit::Float(_) => number(tokens).map(Self::Number),
                _ => unusable(advice),
            },
            [.., TokenTree::Ident(variant)] if is_camel_case(&variant.to_string()) => {
                let name = snake_case(&variant.to_string());
                unusable(&format!("for a choice write its name, such as `\"{name}\"`"))
            }
            _ => unusable(advice),
        }
    }

    pub(super) fn json(&self) -> String {
        match self {
            Self::Boolean(is) => is.to_string(),
            Self::Number(digits) => digits.clone(),
            Self::Text(text) => quoted(text),
            Self::List(items) => list(items.iter().map(Self::json)),
            Self::Table(entries) => {
                let mut members = Members::default();
                for (key, value) in entries {
                    members.add(key, value.json());
                }
                members.into_object()
            }
        }
    }

    /// The single values in it.
    pub(super) fn leaves(&self) -> Vec<&Self> {
        match self {
            Self::List(items) => items.iter().flat_map(Self::leaves).collect(),
            Self::Table(entries) => entries.iter().flat_map(|(_, value)| value.leaves()).collect(),
            leaf => vec![leaf],
        }
    }

    /// How many characters, items or entries it has, if it can be counted.
    pub(super) fn length(&self) -> Option<usize> {
        match self {
            Self::Text(text) => Some(text.chars().count()),
            Self::List(items) => Some(items.len()),
            Self::Table(entries) => Some(entries.len()),
            _ => None,
        }
    }

    pub(super) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// Whether both are the same value: `1` is `1.0`.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self.as_number(), other.as_number()) {
            (Some(one), Some(other)) => one == other,
            _ => self == other,
        }
    }
}

/// Whether it is spelled as a variant is, and not as a constant.
fn is_camel_case(word: &str) -> bool {
    word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase)
}

/// `"key": value`.
fn entry(tokens: &[TokenTree], what: &str) -> syn::Result<(String, Literal)> {
    let span = tokens.first().map_or_else(Span::call_site, TokenTree::span);
    if let [TokenTree::Literal(_), colon, value @ ..] = tokens
        && is_punct(colon, ':')
        && !value.is_empty()
        && let Lit::Str(key) = literal(&tokens[0])?
    {
        return Ok((key.value(), Literal::read(value, what)?));
    }
    Err(syn::Error::new(span, "this is no entry of a table; write `\"key\": value`"))
}

/// The two ends of a range, each with its number if it has one.
pub(super) struct Range {
    pub(super) min: Option<String>,
    pub(super) max: Option<String>,
    pub(super) span: Span,
    /// Where the ends stand.
    pub(super) ends: [Span; 2],
}

impl Range {
    /// `1..=9`, `..=9` or `1..`.
    pub(super) fn read(key: Span, tokens: &[TokenTree], example: &str) -> syn::Result<Self> {
        let dots = tokens.windows(2).position(|pair| pair.iter().all(|token| is_punct(token, '.')));
        let span = tokens.first().map_or(key, TokenTree::span);
        let wrong = |span| syn::Error::new(span, format!("this is not a range; write {example}"));
        let dots = dots.ok_or_else(|| wrong(span))?;
        let (min, rest) = (&tokens[..dots], &tokens[dots + 2..]);
        let max = match rest {
            [] => rest,
            [equals, max @ ..] if is_punct(equals, '=') && !max.is_empty() => max,
            _ => return Err(syn::Error::new(tokens[dots].span(), "a range includes its end; write `..=`")),
        };
        let end = |tokens: &[TokenTree]| if tokens.is_empty() { Ok(None) } else { signed(tokens).map(Some) };
        let ends = [min, max].map(|end| end.first().map_or(span, TokenTree::span));
        let range = Self { min: end(min)?, max: end(max)?, span, ends };
        match range.numbers() {
            (None, None) => Err(wrong(tokens[dots].span())),
            (Some(least), Some(most)) if least > most => {
                Err(syn::Error::new(span, "this range is empty; put the smaller number first"))
            }
            _ => Ok(range),
        }
    }

    pub(super) fn numbers(&self) -> (Option<f64>, Option<f64>) {
        let number = |end: &Option<String>| end.as_ref().and_then(|digits| digits.parse().ok());
        (number(&self.min), number(&self.max))
    }

    pub(super) fn contains(&self, number: f64) -> bool {
        let (min, max) = self.numbers();
        min.is_none_or(|min| min <= number) && max.is_none_or(|max| number <= max)
    }
}

fn signed(tokens: &[TokenTree]) -> syn::Result<String> {
    match tokens {
        [minus, rest @ ..] if is_punct(minus, '-') => number(rest).map(|text| format!("-{text}")),
        _ => number(tokens),
    }
}

fn number(tokens: &[TokenTree]) -> syn::Result<String> {
    let span = tokens.first().map_or_else(Span::call_site, TokenTree::span);
    let wrong = || syn::Error::new(span, "this is not a number that JSON can hold; write digits, such as `0.5`");
    let [token] = tokens else { return Err(wrong()) };
    match literal(token)? {
        // Underscores, bases and suffixes are Rust's; JSON has digits.
        Lit::Int(number) => Ok(number.base10_digits().to_owned()),
        Lit::Float(number) => float(&number).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

fn literal(token: &TokenTree) -> syn::Result<Lit> {
    syn::parse2(TokenStream::from(token.clone()))
}

/// `1.` and `1e3` are no numbers in JSON, or not the way we want to print them.
fn float(number: &LitFloat) -> Option<String> {
    let value: f64 = number.base10_parse().ok().filter(|value: &f64| value.is_finite())?;
    Some(format!("{value:?}"))
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn literal(tokens: TokenStream) -> Literal {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        Literal::read(&tokens, "default").unwrap_or(Literal::Boolean(false))
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_the_rest_as_it_stands() {
        assert!(literal(quote!(1)).is(&literal(quote!(1.0))));
        assert!(!literal(quote!(1)).is(&literal(quote!(-1))));
        assert!(!literal(quote!(1)).is(&literal(quote!("1"))));
        assert!(literal(quote!("a")).is(&literal(quote!("a"))));
    }

    #[test]
    fn what_is_no_literal_is_told_what_to_write() {
        for (tokens, wanted) in [
            (quote!(!1), "write a number, a string"),
            (quote!(voice), "write a number, a string"),
            (quote!(VOICE), "write a number, a string"),
            (quote!(None), "leave it out"),
            (quote!(Turns::ServerVad), "write its name, such as `\"server_vad\"`"),
            (quote!({ 1: 2 }), "write `\"key\": value`"),
            (quote!({ "a" - 2 }), "write `\"key\": value`"),
            (quote!({ "a": }), "write `\"key\": value`"),
        ] {
            let tokens: Vec<TokenTree> = tokens.into_iter().collect();
            let said = Literal::read(&tokens, "default").err().map(|error| error.to_string()).unwrap_or_default();
            assert!(said.contains(wanted), "{said}");
        }
    }

    #[test]
    fn literals_are_written_as_json_has_them() {
        for (tokens, json) in [
            (quote!(true), "true"),
            (quote!(false), "false"),
            (quote!(-1_000u32), "-1000"),
            (quote!(0xff), "255"),
            (quote!(1e3), "1000.0"),
            (quote!([1, ["a"], {}]), r#"[1,["a"],{}]"#),
            (quote!({ "a": 1, "b": [-2] }), r#"{"a":1,"b":[-2]}"#),
        ] {
            assert_eq!(literal(tokens).json(), json);
        }
    }

    #[test]
    fn a_range_has_an_end_that_belongs_to_it() {
        let read = |tokens: TokenStream| {
            let tokens: Vec<TokenTree> = tokens.into_iter().collect();
            let range = Range::read(Span::call_site(), &tokens, "`1..`");
            range.map(|range| range.numbers()).map_err(|error| error.to_string())
        };
        assert_eq!(read(quote!(1..=9)), Ok((Some(1.0), Some(9.0))));
        assert_eq!(read(quote!(1..=1)), Ok((Some(1.0), Some(1.0))));
        assert_eq!(read(quote!(-0.5..)), Ok((Some(-0.5), None)));
        assert_eq!(read(quote!(..=-9)), Ok((None, Some(-9.0))));
        for (tokens, wanted) in [
            (quote!(1..9), "includes its end"),
            (quote!(1..=), "includes its end"),
            (quote!(1..-9), "includes its end"),
            (quote!(1), "not a range; write `1..`"),
            (quote!(+1..), "not a number"),
            (quote!(..), "not a range; write `1..`"),
            (quote!(2..=1), "is empty"),
            (quote!(..="a"), "not a number"),
        ] {
            let said = read(tokens).err().unwrap_or_default();
            assert!(said.contains(wanted), "{said}");
        }
    }

    #[test]
    fn texts_lists_and_tables_can_be_counted() {
        let lengths = [quote!("añb"), quote!([1, 2]), quote!({ "a": 1, "b": 2, "c": 3, "d": 4 }), quote!(5)];
        assert_eq!(lengths.map(|tokens| literal(tokens).length()), [Some(3), Some(2), Some(4), None]);
    }
}
