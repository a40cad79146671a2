//! The derive `PluginConfig`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Data, DeriveInput, Field, Fields, Ident, LitStr, Meta, Token};

use crate::args::{each_key, text_value};
use crate::errors::Errors;
use crate::item::doc_text;

mod literal;

/// What `#[config(…)]` says about a field.
#[derive(Default)]
struct Options {
    default: Option<String>,
    min: Option<String>,
    max: Option<String>,
    env: Option<LitStr>,
    unit: Option<LitStr>,
    secret: bool,
}

pub(crate) fn derive(tokens: TokenStream) -> syn::Result<TokenStream> {
    let input: DeriveInput = syn::parse2(tokens)?;
    let mut errors = Errors::default();
    let krate = path_to_core(&input.attrs, &mut errors);
    let fields = named_fields(&input, &mut errors);
    let Some(fields) = fields else { return errors.finish(None) };
    if let Some(parameter) = input.generics.params.first() {
        errors.at(
            parameter.to_token_stream().into_iter().next().map_or_else(Span::call_site, |t| t.span()),
            "a plugin config cannot be generic; write it for concrete types",
        );
    }
    let mut described = Vec::new();
    let mut read = Vec::new();
    let mut names = Vec::new();
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        let options = options(field, &mut errors);
        described.push(describe(field, ident, &options));
        let (key, ty) = (key_of(ident), &field.ty);
        // On the type's own tokens, so that a type that cannot be read is complained about there.
        let call = quote_spanned!(ident.span()=> reader.field::<#ty>(#key));
        read.push(quote!(let #ident = #call;));
        names.push(ident);
    }
    let name = &input.ident;
    errors.finish(Some(quote! {
        const _: () = {
            use #krate::__private as __lk;

            impl #krate::PluginConfig for #name {
                const FIELDS: &'static [#krate::ConfigField] = &[#(#described),*];

                fn read(reader: &mut #krate::config::ConfigReader<'_>) -> __lk::Option<Self> {
                    #(#read)*
                    __lk::Option::Some(Self { #(#names: #names?),* })
                }
            }
        };
    }))
}

fn key_of(ident: &Ident) -> String {
    syn::ext::IdentExt::unraw(ident).to_string()
}

fn describe(field: &Field, ident: &Ident, options: &Options) -> TokenStream {
    let (key, ty) = (key_of(ident), &field.ty);
    let doc = doc_of(&field.attrs);
    let mut described = quote! {
        __lk::ConfigField::new(#key, <#ty as __lk::ConfigValue>::TYPE)
            .doc(#doc)
            .required_if(!<#ty as __lk::ConfigValue>::OPTIONAL)
    };
    let texts = [("default_json", &options.default), ("min", &options.min), ("max", &options.max)];
    for (method, text) in texts.into_iter().filter_map(|(method, text)| Some((method, text.as_ref()?))) {
        let method = Ident::new(method, Span::call_site());
        described.extend(quote!(.#method(#text)));
    }
    if let Some(env) = &options.env {
        described.extend(quote!(.env(#env)));
    }
    if let Some(unit) = &options.unit {
        described.extend(quote!(.unit(#unit)));
    }
    if options.secret {
        described.extend(quote!(.secret()));
    }
    described
}

/// The doc comment, lines joined as they stand.
fn doc_of(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes.iter().filter_map(doc_text).map(|line| line.trim().to_owned()).collect();
    lines.join("\n").trim().to_owned()
}

fn named_fields<'i>(input: &'i DeriveInput, errors: &mut Errors) -> Option<Vec<&'i Field>> {
    const ADVICE: &str = "derive `PluginConfig` on a struct with named fields";
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(fields.named.iter().collect()),
            Fields::Unit => return Some(Vec::new()),
            Fields::Unnamed(_) => errors.at(input.ident.span(), format!("a config's fields need names; {ADVICE}")),
        },
        Data::Enum(data) => errors.at(data.enum_token.span, format!("an enum cannot be a plugin's config; {ADVICE}")),
        Data::Union(data) => errors.at(data.union_token.span, format!("a union cannot be a plugin's config; {ADVICE}")),
    }
    None
}

/// `#[config(crate = "path")]` on the struct.
fn path_to_core(attributes: &[Attribute], errors: &mut Errors) -> TokenStream {
    let mut krate = quote!(::lk_plugin);
    for_each_config(attributes, &["crate"], errors, |key, input, errors| {
        if let Some(given) = errors.take(text_value(key, input)) {
            match given.parse::<syn::Path>() {
                Ok(path) => krate = quote!(#path),
                Err(_) => errors.at(
                    given.span(),
                    format!("`{}` is not a path; write one such as `\"my_agent::plugin\"`", given.value()),
                ),
            }
        }
    });
    krate
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

fn options(field: &Field, errors: &mut Errors) -> Options {
    let mut options = Options::default();
    let mut seen: Vec<String> = Vec::new();
    for_each_config(&field.attrs, &["default", "env", "range", "secret", "unit"], errors, |key, input, errors| {
        let spelled = key.to_string();
        if seen.contains(&spelled) {
            errors.at(key.span(), format!("`{spelled}` is given twice; keep one"));
        }
        seen.push(spelled.clone());
        match spelled.as_str() {
            "secret" => options.secret = true,
            "env" => options.env = errors.take(text_value(key, input)),
            "unit" => options.unit = errors.take(text_value(key, input)),
            _ => {
                let tokens = after_equals(key, input, errors);
                if tokens.is_empty() {
                    return;
                }
                if spelled == "default" {
                    options.default = errors.take(literal::json(&tokens));
                } else if let Some((min, max)) = errors.take(literal::range(key.span(), &tokens)) {
                    (options.min, options.max) = (min, max);
                }
            }
        }
    });
    options
}

/// The tokens between `=` and the next comma.
fn after_equals(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> Vec<TokenTree> {
    let mut tokens = Vec::new();
    if input.parse::<Token![=]>().is_ok() {
        while !input.is_empty() && !input.peek(Token![,]) {
            tokens.extend(input.parse::<TokenTree>());
        }
    }
    if tokens.is_empty() {
        let example = if key == "range" { "0.0..=1.0" } else { "0.5" };
        errors.at(key.span(), format!("`{key}` has no value; write `{key} = {example}`"));
    }
    tokens
}
