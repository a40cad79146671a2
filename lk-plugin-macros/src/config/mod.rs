//! The derive `PluginConfig`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Data, DeriveInput, Field, Fields, Ident, LitStr, Meta, Token};

use crate::args::{each_key, skip_to_comma, text_value};
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
    let implementation = implementation(&input, &krate, &mut errors);
    match errors.finish(implementation) {
        Ok(implementation) => Ok(implementation),
        // Whoever takes this config has made no mistake, and must not be told of one.
        Err(errors) if input.generics.params.is_empty() => {
            let (name, errors) = (&input.ident, errors.into_compile_error());
            Ok(quote! {
                #errors
                const _: () = {
                    use #krate::__private as __lk;

                    impl #krate::PluginConfig for #name {
                        const FIELDS: &'static [#krate::ConfigField] = &[];

                        fn read(_: &mut #krate::config::ConfigReader<'_>) -> __lk::Option<Self> {
                            __lk::Option::None
                        }
                    }
                };
            })
        }
        Err(errors) => Err(errors),
    }
}

fn implementation(input: &DeriveInput, krate: &TokenStream, errors: &mut Errors) -> Option<TokenStream> {
    let fields = named_fields(input, errors)?;
    if let Some(parameter) = input.generics.params.first() {
        errors.at(
            parameter.to_token_stream().into_iter().next().map_or_else(Span::call_site, |t| t.span()),
            "a plugin config cannot be generic; write it for concrete types",
        );
    }
    let mut described = Vec::new();
    let mut read = Vec::new();
    let mut names = Vec::new();
    // A local that no field's name can be mistaken for.
    let reader = Ident::new("reader", Span::mixed_site());
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        let options = options(field, errors);
        described.push(describe(field, ident, &options));
        let (key, ty) = (key_of(ident), &field.ty);
        let local = quote::format_ident!("field_{}", names.len(), span = Span::mixed_site());
        read.push(quote!(let #local = #reader.field::<#ty>(#key);));
        names.push(quote!(#ident: #local?));
    }
    let name = &input.ident;
    Some(quote! {
        const _: () = {
            use #krate::__private as __lk;

            // Both in one body, so that a type that cannot be read is complained about once.
            const PARTS: (
                &'static [#krate::ConfigField],
                fn(&mut #krate::config::ConfigReader<'_>) -> __lk::Option<#name>,
            ) = (&[#(#described),*], |#reader: &mut #krate::config::ConfigReader<'_>| -> __lk::Option<#name> {
                #(#read)*
                __lk::Option::Some(#name { #(#names),* })
            });

            impl #krate::PluginConfig for #name {
                const FIELDS: &'static [#krate::ConfigField] = PARTS.0;

                fn read(reader: &mut #krate::config::ConfigReader<'_>) -> __lk::Option<Self> {
                    (PARTS.1)(reader)
                }
            }
        };
    })
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
    let mut default_span = Span::call_site();
    for_each_config(&field.attrs, &["default", "env", "range", "secret", "unit"], errors, |key, input, errors| {
        let spelled = key.to_string();
        match spelled.as_str() {
            "secret" => {
                options.secret = true;
                if input.peek(Token![=]) {
                    errors.at(input.span(), "`secret` has no value; write `secret` alone");
                    skip_to_comma(input);
                }
            }
            "env" => options.env = errors.take(text_value(key, input)).filter(|env| is_variable(env, errors)),
            "unit" => options.unit = errors.take(text_value(key, input)),
            _ => {
                let tokens = after_equals(key, input, errors);
                if tokens.is_empty() {
                    return;
                }
                if spelled == "default" {
                    default_span = tokens[0].span();
                    options.default = errors.take(literal::json(&tokens));
                } else if let Some((min, max)) = errors.take(literal::range(key.span(), &tokens)) {
                    (options.min, options.max) = (min, max);
                }
            }
        }
    });
    check_default(&options, default_span, errors);
    options
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

/// A default that the plugin itself would refuse. (Whether it is of the field's type is for the compiler to know.)
fn check_default(options: &Options, span: Span, errors: &mut Errors) {
    let number = |json: &Option<String>| json.as_ref().and_then(|json| json.parse::<f64>().ok());
    let Some(default) = &options.default else { return };
    let items = default.strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or(default);
    let (min, max) = (number(&options.min), number(&options.max));
    for item in items.split(',') {
        if let Ok(value) = item.parse::<f64>()
            && (min.is_some_and(|min| value < min) || max.is_some_and(|max| value > max))
        {
            errors.at(span, format!("the default `{item}` is outside of the range; change one of them"));
        }
    }
}

/// The tokens between `=` and the next comma.
fn after_equals(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> Vec<TokenTree> {
    let mut tokens = Vec::new();
    if input.parse::<Token![=]>().is_ok() {
        // A key with its equals sign means that the comma before it was forgotten.
        let next_key = || input.peek(Ident) && input.peek2(Token![=]);
        while !input.is_empty() && !input.peek(Token![,]) && !next_key() {
            tokens.extend(input.parse::<TokenTree>());
        }
    }
    if tokens.is_empty() {
        let example = if key == "range" { "0.0..=1.0" } else { "0.5" };
        errors.at(key.span(), format!("`{key}` has no value; write `{key} = {example}`"));
    }
    tokens
}
