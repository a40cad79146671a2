//! Rust literals as JSON text, so that no number has to be rendered when constants are put together.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{Lit, LitFloat, LitInt};

/// A default: a number with or without sign, a string, `true`, `false`, or a list of these.
pub(super) fn json(tokens: &[TokenTree]) -> syn::Result<String> {
    let span = tokens.first().map_or_else(Span::call_site, TokenTree::span);
    let unusable = || {
        syn::Error::new(span, "this cannot be a default; write a number, a string, `true`, `false` or a list of these")
    };
    match tokens {
        [TokenTree::Punct(minus), TokenTree::Literal(_)] if minus.as_char() == '-' => {
            number(&tokens[1..]).map(|text| format!("-{text}"))
        }
        [TokenTree::Ident(word)] if word == "true" || word == "false" => Ok(word.to_string()),
        [TokenTree::Group(list)] if list.delimiter() == proc_macro2::Delimiter::Bracket => {
            let items: Vec<TokenTree> = list.stream().into_iter().collect();
            let items: syn::Result<Vec<String>> = crate::item::split_at_commas(&items).into_iter().map(json).collect();
            Ok(format!("[{}]", items?.join(",")))
        }
        [TokenTree::Literal(_)] => match literal(&tokens[0])? {
            Lit::Str(text) => Ok(quoted(&text.value())),
            Lit::Int(_) | Lit::Float(_) => number(tokens),
            _ => Err(unusable()),
        },
        _ => Err(unusable()),
    }
}

/// `1..=9`, `..=9` or `1..`, as the two ends.
pub(super) fn range(key: Span, tokens: &[TokenTree]) -> syn::Result<(Option<String>, Option<String>)> {
    let dots = tokens
        .windows(2)
        .position(|pair| pair.iter().all(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == '.')));
    let wrong = |span| syn::Error::new(span, "this is not a range; write `0.0..=1.0`, `0..` or `..=9`");
    let dots = dots.ok_or_else(|| wrong(tokens.first().map_or(key, TokenTree::span)))?;
    let (min, rest) = (&tokens[..dots], &tokens[dots + 2..]);
    let max = match rest {
        [] => rest,
        [TokenTree::Punct(equals), max @ ..] if equals.as_char() == '=' && !max.is_empty() => max,
        _ => return Err(syn::Error::new(tokens[dots].span(), "a range includes its end; write `..=`")),
    };
    let end = |tokens: &[TokenTree]| if tokens.is_empty() { Ok(None) } else { signed(tokens).map(Some) };
    let (min_text, max_text) = (end(min)?, end(max)?);
    if let (Some(Ok(least)), Some(Ok(most))) =
        (min_text.as_ref().map(|text| text.parse::<f64>()), max_text.as_ref().map(|text| text.parse::<f64>()))
        && least > most
    {
        return Err(syn::Error::new(min[0].span(), "this range is empty; put the smaller number first"));
    }
    if min_text.is_none() && max_text.is_none() {
        return Err(wrong(tokens[dots].span()));
    }
    Ok((min_text, max_text))
}

fn signed(tokens: &[TokenTree]) -> syn::Result<String> {
    match tokens {
        [TokenTree::Punct(minus), rest @ ..] if minus.as_char() == '-' => number(rest).map(|text| format!("-{text}")),
        _ => number(tokens),
    }
}

fn number(tokens: &[TokenTree]) -> syn::Result<String> {
    let span = tokens.first().map_or_else(Span::call_site, TokenTree::span);
    let wrong = || syn::Error::new(span, "this is not a number that JSON can hold; write digits, such as `0.5`");
    let [token] = tokens else { return Err(wrong()) };
    match literal(token)? {
        Lit::Int(number) => integer(&number).ok_or_else(wrong),
        Lit::Float(number) => float(&number).ok_or_else(wrong),
        _ => Err(wrong()),
    }
}

fn literal(token: &TokenTree) -> syn::Result<Lit> {
    syn::parse2(TokenStream::from(token.clone()))
}

/// Underscores, bases and suffixes are Rust's; JSON has digits.
fn integer(number: &LitInt) -> Option<String> {
    Some(number.base10_digits().to_owned())
}

/// `1.` and `1e3` are no numbers in JSON, or not the way we want to print them.
fn float(number: &LitFloat) -> Option<String> {
    let value: f64 = number.base10_parse().ok().filter(|value: &f64| value.is_finite())?;
    Some(format!("{value:?}"))
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            letter if u32::from(letter) < 0x20 => json.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => json.push(letter),
        }
    }
    json.push('"');
    json
}
