//! Reads the attribute `#[config(…)]`.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, LitStr, Meta, Token};

use super::literal::{Literal, Range};
use crate::args::{each_key, path_to_core, skip_to_comma, text_value};
use crate::errors::Errors;
use crate::tokens::split_at_commas;

/// What it says about a field.
#[derive(Default)]
pub(super) struct FieldOptions {
    pub(super) default: Option<(Literal, Span)>,
    /// The items of a default that is a list.
    pub(super) default_items: Vec<Span>,
    pub(super) range: Option<Range>,
    pub(super) length: Option<Range>,
    pub(super) choices: Vec<(Literal, Span)>,
    pub(super) env: Option<LitStr>,
    pub(super) rename: Option<LitStr>,
    pub(super) secret: bool,
    pub(super) unit: Option<LitStr>,
}

impl FieldOptions {
    pub(super) fn read(attributes: &[Attribute], errors: &mut Errors) -> Self {
        const KEYS: &[&str] = &["choices", "default", "env", "length", "range", "rename", "secret", "unit"];
        let mut options = Self::default();
        for_each_config(attributes, KEYS, errors, |key, input, errors| match key.to_string().as_str() {
            "secret" => {
                options.secret = true;
                if input.peek(Token![=]) {
                    errors.at(input.span(), "`secret` has no value; write `secret` alone");
                    skip_to_comma(input);
                }
            }
            "env" => options.env = errors.take(text_value(key, input)).filter(|env| is_variable(env, errors)),
            "rename" => options.rename = errors.take(text_value(key, input)),
            "unit" => options.unit = errors.take(text_value(key, input)),
            "choices" => {
                if let Some(tokens) = after_equals(key, input, "[8_000, 16_000]", errors) {
                    options.choices = choices(&tokens, errors);
                }
            }
            "length" => {
                if let Some(tokens) = after_equals(key, input, "1..", errors) {
                    let length = Range::read(key.span(), &tokens, "`1..`, `..=9` or `1..=9`");
                    options.length = errors.take(length).filter(|length| is_length(length, errors));
                }
            }
            "range" => {
                if let Some(tokens) = after_equals(key, input, "0.0..=1.0", errors) {
                    options.range = errors.take(Range::read(key.span(), &tokens, "`0.0..=1.0`, `0..` or `..=9`"));
                }
            }
            _ => {
                if let Some(tokens) = after_equals(key, input, "0.5", errors) {
                    let default = errors.take(Literal::read(&tokens, "default"));
                    options.default = default.map(|default| (default, tokens[0].span()));
                    let items = items_of(&tokens);
                    options.default_items = split_at_commas(&items).iter().map(|item| item[0].span()).collect();
                }
            }
        });
        options.check_choices(errors);
        options.check_default(errors);
        options
    }

    /// Choices that could never be chosen.
    fn check_choices(&self, errors: &mut Errors) {
        let Some(range) = &self.range else { return };
        for (choice, span) in &self.choices {
            if choice.as_number().is_some_and(|number| !range.contains(number)) {
                errors.at(*span, format!("the choice `{}` is outside of the range; change one of them", choice.json()));
            }
        }
    }

    /// A default that the plugin itself would refuse. (Whether it is of the field's type is for the compiler to know.)
    fn check_default(&self, errors: &mut Errors) {
        let Some((default, span)) = &self.default else { return };
        let outside = |leaf: &&&Literal| match (&self.range, leaf.as_number()) {
            (Some(range), Some(number)) => !range.contains(number),
            _ => false,
        };
        for leaf in default.leaves().iter().filter(outside) {
            errors.at(*span, format!("the default `{}` is outside of the range; change one of them", leaf.json()));
        }
        let known = |leaf: &Literal| self.choices.iter().any(|(choice, _)| choice.is(leaf));
        if !self.choices.is_empty() && !default.leaves().into_iter().all(known) {
            errors.at(*span, "the default is not among the choices; change one of them");
        }
        if let (Some(range), Some(length)) = (&self.length, default.length())
            && !range.contains(length as f64)
        {
            errors.at(
                *span,
                format!("the length of the default is {length}, which `length` refuses; change one of them"),
            );
        }
    }
}

/// What it says about a struct or enum.
pub(super) struct TypeOptions {
    /// Where the core is.
    pub(super) krate: TokenStream,
    /// The rule across fields.
    pub(super) check: Option<syn::Path>,
}

impl TypeOptions {
    pub(super) fn read(attributes: &[Attribute], keys: &[&str], errors: &mut Errors) -> Self {
        let mut options = Self { krate: quote!(::lk_plugin), check: None };
        for_each_config(attributes, keys, errors, |key, input, errors| {
            if key == "check" {
                let Some(tokens) = after_equals(key, input, "check_config", errors) else { return };
                let first = tokens[0].span();
                match syn::parse2(tokens.into_iter().collect()) {
                    Ok(path) => options.check = Some(path),
                    Err(_) => errors.at(first, "this is not the path of a function; write one such as `check_config`"),
                }
            } else if let Some(given) = errors.take(text_value(key, input))
                && let Some(path) = path_to_core(&given, errors)
            {
                options.krate = path;
            }
        });
        options
    }
}

/// What it says about a variant.
pub(super) fn rename_of_variant(attributes: &[Attribute], errors: &mut Errors) -> Option<LitStr> {
    let mut rename = None;
    for_each_config(attributes, &["rename"], errors, |key, input, errors| {
        rename = errors.take(text_value(key, input));
    });
    rename
}

fn for_each_config(
    attributes: &[Attribute],
    keys: &[&str],
    errors: &mut Errors,
    mut value: impl FnMut(&Ident, ParseStream<'_>, &mut Errors),
) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("config")) {
        let Meta::List(list) = &attribute.meta else {
            let span = attribute.path().get_ident().map_or_else(Span::call_site, Ident::span);
            errors.at(span, "`config` says nothing; write `#[config(key = value)]`");
            continue;
        };
        let read = |input: ParseStream<'_>| {
            each_key(input, keys, errors, &mut value);
            Ok(())
        };
        let _: syn::Result<()> = read.parse2(list.tokens.clone());
    }
}

/// Whether the environment can have a variable of this name.
fn is_variable(given: &LitStr, errors: &mut Errors) -> bool {
    let name = given.value();
    let possible = !name.is_empty() && !name.contains(['=', '\0']);
    if !possible {
        errors.at(given.span(), "this is not a variable's name; write one such as `OPENAI_API_KEY`");
    }
    possible
}

/// Whether both ends are numbers of things.
fn is_length(length: &Range, errors: &mut Errors) -> bool {
    let counts = |end: &Option<String>| end.as_ref().is_none_or(|end| end.parse::<u32>().is_ok());
    let is = counts(&length.min) && counts(&length.max);
    if !is {
        errors.at(length.span, "a length is a whole number and not negative; write `1..`, `..=9` or `1..=9`");
    }
    is
}

/// What stands in brackets.
fn items_of(tokens: &[TokenTree]) -> Vec<TokenTree> {
    match tokens {
        [TokenTree::Group(list)] if list.delimiter() == Delimiter::Bracket => list.stream().into_iter().collect(),
        _ => Vec::new(),
    }
}

fn choices(tokens: &[TokenTree], errors: &mut Errors) -> Vec<(Literal, Span)> {
    let items = items_of(tokens);
    if items.is_empty() {
        errors.at(tokens[0].span(), "choices are a list; write `[8_000, 16_000]`");
    }
    let mut choices: Vec<(Literal, Span)> = Vec::new();
    for item in split_at_commas(&items) {
        let span = item[0].span();
        let Some(choice) = errors.take(Literal::read(item, "choice")) else { continue };
        if choices.iter().any(|(other, _)| other.is(&choice)) {
            errors.at(span, format!("`{}` is among the choices twice; keep one", choice.json()));
        }
        choices.push((choice, span));
    }
    choices
}

/// The tokens between `=` and the next comma; `None` when there are none, which is noted.
fn after_equals(key: &Ident, input: ParseStream<'_>, example: &str, errors: &mut Errors) -> Option<Vec<TokenTree>> {
    let mut tokens = Vec::new();
    if input.parse::<Token![=]>().is_ok() {
        // A key with its equals sign means that the comma before it was forgotten.
        let next_key = || input.peek(Ident) && input.peek2(Token![=]);
        while !input.is_empty() && !input.peek(Token![,]) && !next_key() {
            tokens.extend(input.parse::<TokenTree>());
        }
    }
    if tokens.is_empty() {
        errors.at(key.span(), format!("`{key}` has no value; write `{key} = {example}`"));
        return None;
    }
    Some(tokens)
}
