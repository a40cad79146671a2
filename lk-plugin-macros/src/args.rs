//! Reads the text of the attribute: `kind = "stt", name = "openai", …`.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Ident, LitInt, LitStr, Token};

use crate::errors::Errors;
use crate::hint::{choose, closest};
use crate::stacked::take_above;

/// The attribute's text, unchecked but for its shape.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) kind: Option<LitStr>,
    pub(crate) name: Option<LitStr>,
    pub(crate) description: Option<LitStr>,
    pub(crate) license: Option<LitStr>,
    pub(crate) krate: Option<LitStr>,
    pub(crate) models: Vec<Model>,
    /// The entries of the attributes above this one on the same constructor.
    pub(crate) above: Vec<Ident>,
}

/// One `file(…)` of `models(…)`.
pub(crate) struct Model {
    pub(crate) name: LitStr,
    pub(crate) url: LitStr,
    pub(crate) size: LitInt,
    pub(crate) sha256: LitStr,
}

const COMMA_MISSING: &str = "a comma is missing; put one before this";

const KEYS: &[&str] = &["crate", "description", "kind", "license", "models", "name"];

impl Args {
    pub(crate) fn read(text: TokenStream, errors: &mut Errors) -> Self {
        let (text, above) = take_above(text);
        let mut args = Self { above, ..Self::default() };
        let mut meant = Vec::new();
        let read = |input: ParseStream<'_>| {
            meant = each_key(input, KEYS, errors, |key, input, errors| {
                if key == "models" {
                    args.models.extend(models(key, input, errors));
                    return;
                }
                let value = errors.take(text_value(key, input));
                match key.to_string().as_str() {
                    "kind" => args.kind = args.kind.take().or(value),
                    "name" => args.name = args.name.take().or(value),
                    "description" => args.description = args.description.take().or(value),
                    "license" => args.license = args.license.take().or(value),
                    _ => args.krate = args.krate.take().or(value),
                }
            });
            Ok(())
        };
        // The closure consumes all it is given and notes what is wrong itself.
        let _: syn::Result<()> = read.parse2(text);
        for (key, example) in [("kind", "stt"), ("name", "openai")] {
            if !meant.contains(&key) {
                errors.at(Span::call_site(), format!("`{key}` is missing; add `{key} = \"{example}\"`"));
            }
        }
        args
    }
}

/// Goes through `key …, key …`: `value` gets a key, without its `r#`, and reads what follows; whatever it leaves up to the
/// next comma is skipped, so that one mistake does not hide the next. Returns the keys that were given, or meant by a
/// misspelled one.
pub(crate) fn each_key<'k>(
    input: ParseStream<'_>,
    keys: &[&'k str],
    errors: &mut Errors,
    mut value: impl FnMut(&Ident, ParseStream<'_>, &mut Errors),
) -> Vec<&'k str> {
    let mut meant: Vec<&str> = Vec::new();
    while !input.is_empty() {
        match input.call(Ident::parse_any) {
            Ok(key) => {
                let key = key.unraw();
                let spelled = key.to_string();
                if let Some(known) = keys.iter().find(|known| **known == spelled) {
                    // Files are the one thing that comes several times.
                    if meant.contains(known) && *known != "file" {
                        errors.at(key.span(), format!("`{spelled}` is given twice; keep one"));
                    }
                    meant.push(known);
                    value(&key, input, errors);
                } else {
                    // The two ends of a range, which many libraries have apart.
                    let is_end = ["min", "max"].contains(&spelled.to_lowercase().as_str()) && keys.contains(&"range");
                    let alike = if is_end { "range" } else { &spelled };
                    meant.extend(closest(alike, keys));
                    errors.at(key.span(), format!("`{spelled}` is not a key; {}", choose(alike, keys)));
                    skip_to_comma(input);
                }
            }
            Err(_) => {
                let list: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
                errors.at(
                    input.span(),
                    format!("a value without its key; write `key = value` with one of {}", list.join(", ")),
                );
                skip_to_comma(input);
            }
        }
        if at_key(input) {
            errors.at(input.span(), COMMA_MISSING);
        } else if !input.is_empty() && !input.peek(Token![,]) {
            errors.at(input.span(), "this does not belong here; remove it, or put a comma and a key before it");
            skip_to_comma(input);
        }
        let _: Option<Token![,]> = input.parse().ok();
    }
    meant
}

/// Values with commas between them; `problem` is said of what is none.
pub(crate) fn comma_separated<T: Parse>(input: ParseStream<'_>, problem: &str) -> syn::Result<Vec<T>> {
    let mut values = Vec::new();
    while !input.is_empty() {
        values.push(input.parse().map_err(|error: syn::Error| syn::Error::new(error.span(), problem))?);
        if !input.is_empty() && input.parse::<Token![,]>().is_err() {
            let another = input.fork().parse::<T>().is_ok();
            return Err(syn::Error::new(input.span(), if another { COMMA_MISSING } else { problem }));
        }
    }
    Ok(values)
}

/// Whether `key =` or `key(…)` comes next.
fn at_key(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead.call(Ident::parse_any).is_ok() && (ahead.peek(Token![=]) || ahead.peek(syn::token::Paren))
}

pub(crate) fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _: Option<TokenTree> = input.parse().ok();
    }
}

/// The value of `crate = "path"`.
pub(crate) fn path_to_core(given: &LitStr, errors: &mut Errors) -> Option<TokenStream> {
    let path = given.parse::<syn::Path>().map_err(|_| {
        let problem = format!("`{}` is not a path; write one such as `\"my_agent::plugin\"`", given.value());
        syn::Error::new(given.span(), problem)
    });
    errors.take(path).map(ToTokens::into_token_stream)
}

/// `= "text"`.
pub(crate) fn text_value(key: &Ident, input: ParseStream<'_>) -> syn::Result<LitStr> {
    literal(key, input, "a string", "\"…\"")
}

fn literal<T: Parse>(key: &Ident, input: ParseStream<'_>, what: &str, example: &str) -> syn::Result<T> {
    if input.parse::<Token![=]>().is_err() {
        skip_to_comma(input);
        return Err(syn::Error::new(key.span(), format!("`{key}` has no value; write `{key} = {example}`")));
    }
    let place = if input.is_empty() { key.span() } else { input.span() };
    let value = input.fork().parse::<T>();
    match value {
        Ok(_) => input.parse(),
        Err(_) => {
            let but = if input.fork().parse::<syn::Path>().is_ok() { ", not a constant or macro" } else { "" };
            skip_to_comma(input);
            Err(syn::Error::new(place, format!("`{key}` takes {what}{but}; write `{key} = {example}`")))
        }
    }
}

/// `(file(name = "…", url = "…", size = 1, sha256 = "…"), …)`.
fn models(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> Vec<Model> {
    const SHAPE: &str = "write `models(file(name = \"…\", url = \"…\", size = 1234, sha256 = \"…\"))`";
    let mut models = Vec::new();
    let Some(list) = parenthesized(input) else {
        errors.at(key.span(), format!("`models` takes a list of files; {SHAPE}"));
        skip_to_comma(input);
        return models;
    };
    let tokens: Vec<TokenTree> = list.stream().into_iter().collect();
    if !tokens.iter().any(|token| matches!(token, TokenTree::Ident(word) if word.unraw() == "file")) {
        let place = tokens.first().map_or_else(|| key.span(), TokenTree::span);
        errors.at(place, format!("`models` has no `file(…)` in it; {SHAPE}"));
        return models;
    }
    let read = |input: ParseStream<'_>| {
        each_key(input, &["file"], errors, |file, input, errors| match parenthesized(input) {
            Some(group) => models.extend(model(file, &group, errors)),
            None => errors.at(file.span(), format!("`file` takes its facts in parentheses; {SHAPE}")),
        });
        Ok(())
    };
    let _: syn::Result<()> = read.parse2(list.stream());
    models
}

fn model(file: &Ident, group: &Group, errors: &mut Errors) -> Option<Model> {
    let (mut name, mut url, mut size, mut sha256) = (None, None, None, None);
    const FACTS: &[&str] = &["name", "sha256", "size", "url"];
    let mut meant = Vec::new();
    let read = |input: ParseStream<'_>| {
        meant = each_key(input, FACTS, errors, |key, input, errors| {
            if key == "size" {
                size = errors.take(literal(key, input, "a whole number of bytes", "1234"));
                return;
            }
            let text = errors.take(text_value(key, input));
            match key.to_string().as_str() {
                "name" => name = text,
                "url" => url = text,
                _ => sha256 = text,
            }
        });
        Ok(())
    };
    let _: syn::Result<()> = read.parse2(group.stream());
    if let (Some(name), Some(url), Some(size), Some(sha256)) = (name, url, size, sha256) {
        return Some(Model { name, url, size, sha256 });
    }
    let missing: Vec<String> =
        FACTS.iter().filter(|fact| !meant.contains(fact)).map(|fact| format!("`{fact}`")).collect();
    if !missing.is_empty() {
        errors.at(file.span(), format!("a file needs `name`, `sha256`, `size` and `url`; add {}", missing.join(", ")));
    }
    None
}

fn parenthesized(input: ParseStream<'_>) -> Option<Group> {
    let group = input.fork().parse::<Group>().ok().filter(|group| group.delimiter() == Delimiter::Parenthesis)?;
    let _: Option<Group> = input.parse().ok();
    Some(group)
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    /// What is said of an attribute's text.
    fn said(text: TokenStream) -> Vec<String> {
        let mut errors = Errors::default();
        Args::read(text, &mut errors);
        let errors = errors.finish::<()>(None).err();
        errors.into_iter().flatten().map(|error| error.to_string()).collect()
    }

    #[test]
    fn what_follows_a_value_is_a_key_only_with_a_value_of_its_own() {
        for (text, wanted) in [
            (quote!(kind = "stt" name = "a"), "a comma is missing"),
            (quote!(kind = "stt" models(file()), name = "a"), "a comma is missing"),
            (quote!(kind = "stt" name, name = "a"), "this does not belong here"),
            (quote!(kind = "stt" = "llm", name = "a"), "this does not belong here"),
        ] {
            let said = said(text.clone());
            assert!(said.first().is_some_and(|said| said.starts_with(wanted)), "{text}: {said:?}");
        }
    }

    #[test]
    fn what_rust_would_have_to_work_out_first_is_no_literal() {
        let but = ", not a constant or macro;";
        for (value, wanted) in [
            (quote!(KIND), true),
            (quote!(crate::KIND), true),
            (quote!(concat!("st", "t")), true),
            (quote!(1), false),
            (quote!(true), false),
        ] {
            let said = said(quote!(kind = #value, name = "a"));
            let is_told = matches!(said.as_slice(), [said] if said.contains(but));
            assert_eq!((said.len(), is_told), (1, wanted), "{value}: {said:?}");
        }
    }

    #[test]
    fn a_raw_key_is_the_key() {
        let mut errors = Errors::default();
        let text = quote!(
            r#kind = "stt",
            r#name = "a",
            r#models(r#file(r#name = "m", r#url = "https://a", r#size = 1, r#sha256 = "b"))
        );
        let args = Args::read(text, &mut errors);
        assert!(errors.finish(Some(())).is_ok() && args.kind.is_some() && args.name.is_some());
        let facts = args.models.iter().map(|model| [&model.name, &model.url, &model.sha256].map(LitStr::value));
        assert_eq!(facts.collect::<Vec<_>>(), [["m", "https://a", "b"]]);
    }
}
