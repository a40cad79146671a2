//! The derive `ConfigValue`, for enums whose variants are choices.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Data, DeriveInput, Fields, Variant};

use super::doc_of;
use super::name::{Name, refuse_twins};
use super::options::{TypeOptions, rename_of_variant};
use crate::errors::Errors;

pub(crate) fn derive(tokens: TokenStream) -> syn::Result<TokenStream> {
    let input: DeriveInput = syn::parse2(tokens)?;
    let mut errors = Errors::default();
    let krate = TypeOptions::read(&input.attrs, &["crate"], &mut errors).krate;
    let variants = variants(&input, &mut errors);
    let names: Vec<Name> = variants
        .iter()
        .map(|variant| {
            let rename = rename_of_variant(&variant.attrs, &mut errors);
            Name::of_variant(&variant.ident, rename.as_ref(), &mut errors)
        })
        .collect();
    refuse_twins(names.iter(), "choices", &mut errors);
    let texts = names.iter().map(|name| &name.text);
    let docs = variants.iter().map(|variant| doc_of(&variant.attrs));
    let choices = quote!(#(__lk::ConfigChoice::new(#texts, #docs)),*);
    let texts = names.iter().map(|name| &name.text);
    let variants = variants.iter().map(|variant| &variant.ident);
    let arms = quote!(#(__lk::Option::Some(#texts) => __lk::StdResult::Ok(Self::#variants),)*);
    let name = &input.ident;
    let implementation = |choices: TokenStream, arms: TokenStream| {
        quote! {
            const _: () = {
                use #krate::__private as __lk;

                impl #krate::ConfigValue for #name {
                    const TYPE: #krate::ValueType = #krate::ValueType::Choice(&[#choices]);

                    fn from_json(value: &#krate::config::Value) -> __lk::StdResult<Self, #krate::Mismatch> {
                        match value.as_str() {
                            #arms
                            _ => __lk::StdResult::Err(#krate::Mismatch::new()),
                        }
                    }
                }
            };
        }
    };
    match errors.finish(Some(implementation(choices, arms))) {
        // Whoever has a field of this type has made no mistake, and must not be told of one.
        Err(errors) if input.generics.params.is_empty() => {
            let (errors, stub) = (errors.into_compile_error(), implementation(quote!(), quote!()));
            Ok(quote!(#errors #stub))
        }
        result => result,
    }
}

fn variants<'i>(input: &'i DeriveInput, errors: &mut Errors) -> Vec<&'i Variant> {
    if let Some(parameter) = input.generics.params.first() {
        let span = parameter.to_token_stream().into_iter().next().map_or_else(Span::call_site, |token| token.span());
        errors.at(span, "an enum of choices cannot be generic; remove this");
    }
    let data = match &input.data {
        Data::Enum(data) => data,
        Data::Struct(data) => {
            errors.at(data.struct_token.span, "a struct has no choices; derive `PluginConfig` for it instead");
            return Vec::new();
        }
        Data::Union(data) => {
            errors.at(data.union_token.span, "a union has no choices; derive `ConfigValue` for an enum");
            return Vec::new();
        }
    };
    if data.variants.is_empty() {
        errors.at(input.ident.span(), "an enum without variants leaves nothing to choose; add one");
    }
    for variant in &data.variants {
        let span = match &variant.fields {
            Fields::Unit => continue,
            Fields::Named(fields) => fields.brace_token.span.open(),
            Fields::Unnamed(fields) => fields.paren_token.span.open(),
        };
        errors.at(span, "a choice holds no data; remove this, and give the data a field of its own in the config");
    }
    data.variants.iter().collect()
}
