//! The derives `PluginConfig` (here) and `ConfigValue` (`choice`).

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, Data, DeriveInput, Field, Fields, Ident, LitStr};

use self::name::{Name, refuse_twins};
use self::options::{FieldOptions, TypeOptions};
use crate::errors::Errors;
use crate::item::doc_text;
use crate::json::{Members, list, quoted};
use crate::tokens::is_punct;

mod choice;
mod literal;
mod name;
mod options;

pub(crate) use self::choice::derive as derive_choice;

pub(crate) fn derive(tokens: TokenStream) -> syn::Result<TokenStream> {
    let input: DeriveInput = syn::parse2(tokens)?;
    let mut errors = Errors::default();
    let options = TypeOptions::read(&input.attrs, &["check", "crate"], &mut errors);
    let implementation = implementation(&input, &options, &mut errors);
    match errors.finish(implementation) {
        // Whoever takes this config has made no mistake, and must not be told of one.
        Err(errors) if input.generics.params.is_empty() => {
            let (name, krate, errors) = (&input.ident, &options.krate, errors.into_compile_error());
            let nested = as_value(name, krate);
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
                    #nested
                };
            })
        }
        result => result,
    }
}

fn implementation(input: &DeriveInput, options: &TypeOptions, errors: &mut Errors) -> Option<TokenStream> {
    let fields = named_fields(input, errors)?;
    if let Some(parameter) = input.generics.params.first() {
        errors.at(
            parameter.to_token_stream().into_iter().next().map_or_else(Span::call_site, |t| t.span()),
            "a plugin config cannot be generic; write it for concrete types",
        );
    }
    let (name, krate) = (&input.ident, &options.krate);
    // The compiler reports a config that contains itself through another one as a cycle of constants, and names them.
    let parts = Ident::new("A_CONFIG_CANNOT_CONTAIN_ITSELF", name.span().resolved_at(Span::mixed_site()));
    // A local that no field's name can be mistaken for.
    let reader = Ident::new("reader", Span::mixed_site());
    let mut names = Vec::new();
    let (mut described, mut checks, mut read, mut taken) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (index, (field, ident)) in fields.into_iter().enumerate() {
        if let Some(span) = mention_of(name, field.ty.to_token_stream()) {
            errors.at(span, format!("`{name}` would contain itself; give the field another type, such as `Config`"));
        }
        let options = FieldOptions::read(&field.attrs, errors);
        let key = Name::of_field(ident, options.rename.as_ref(), errors);
        described.push(describe(field, &key, &options));
        checks.extend(checks_of(&parts, index, &options));
        let (text, ty) = (&key.text, &field.ty);
        let local = quote::format_ident!("field_{}", index, span = Span::mixed_site());
        read.push(quote!(let #local = #reader.field::<#ty>(#text);));
        taken.push(quote!(#ident: #local?));
        names.push(key);
    }
    refuse_twins(names.iter(), "fields", errors);
    let made = Ident::new("made", Span::mixed_site());
    let check = options.check.as_ref().map(|path| {
        let span = path.segments.last().map_or_else(Span::call_site, |segment| segment.ident.span());
        let result = quote_spanned!(span=> #path(&#made));
        quote!(#reader.check(#result)?;)
    });
    let nested = as_value(name, krate);
    Some(quote! {
        const _: () = {
            use #krate::__private as __lk;

            // Both in one body, so that a type that cannot be read is complained about once.
            const #parts: (
                &'static [#krate::ConfigField],
                fn(&mut #krate::config::ConfigReader<'_>) -> __lk::Option<#name>,
            ) = (&[#(#described),*], |#reader: &mut #krate::config::ConfigReader<'_>| -> __lk::Option<#name> {
                #(#read)*
                let #made = #name { #(#taken),* };
                #check
                __lk::Option::Some(#made)
            });
            #(#checks)*

            impl #krate::PluginConfig for #name {
                const FIELDS: &'static [#krate::ConfigField] = #parts.0;

                fn read(reader: &mut #krate::config::ConfigReader<'_>) -> __lk::Option<Self> {
                    (#parts.1)(reader)
                }
            }
            #nested
        };
    })
}

/// What lets the config be a field of another one. (An implementation for every `PluginConfig` would spoil what the
/// compiler says about a field whose type is none.)
fn as_value(name: &Ident, krate: &TokenStream) -> TokenStream {
    quote! {
        impl #krate::ConfigValue for #name {
            const TYPE: #krate::ValueType = #krate::ValueType::Config(<#name as #krate::PluginConfig>::FIELDS);

            fn from_json(value: &#krate::config::Value) -> __lk::StdResult<Self, #krate::Mismatch> {
                __lk::read_nested(value)
            }

            fn read_value(reader: &mut #krate::config::ConfigReader<'_>) -> __lk::Option<Self> {
                reader.config()
            }
        }
    }
}

fn describe(field: &Field, key: &Name, options: &FieldOptions) -> TokenStream {
    let (key, ty, doc) = (&key.text, &field.ty, doc_of(&field.attrs));
    let mut described = quote!(__lk::ConfigField::new(#key, <#ty as __lk::ConfigValue>::TYPE).doc(#doc));
    let mut say = |method: &str, value: Option<TokenStream>| {
        let method = Ident::new(method, Span::call_site());
        described.extend(value.map(|value| quote!(.#method(#value))));
    };
    let text = |text: &Option<String>| text.as_ref().map(ToTokens::to_token_stream);
    let count = |end: &Option<String>| end.as_ref().and_then(|end| end.parse::<TokenStream>().ok());
    say("default_json", options.default.as_ref().map(|(default, _)| default.json().to_token_stream()));
    if let Some(range) = &options.range {
        say("min", text(&range.min));
        say("max", text(&range.max));
    }
    if let Some(length) = &options.length {
        say("min_length", count(&length.min));
        say("max_length", count(&length.max));
    }
    if !options.choices.is_empty() {
        let choices = options.choices.iter().map(|(choice, _)| choice.json());
        say("choices", Some(quote!(&[#(#choices),*])));
    }
    say("env", options.env.as_ref().map(ToTokens::to_token_stream));
    say("unit", options.unit.as_ref().map(ToTokens::to_token_stream));
    say("secret", options.secret.then(TokenStream::new));
    say("__rendered", Some(rendered(key, &doc, options).to_token_stream()));
    described
}

/// The same as JSON: members of an object, for the plugin's note. What may come from the type is not among them.
fn rendered(key: &str, doc: &str, options: &FieldOptions) -> String {
    let mut members = Members::default();
    members.add_text("name", Some(key));
    members.add_text("doc", Some(doc).filter(|doc| !doc.is_empty()));
    members.add_text("default", options.default.as_ref().map(|(default, _)| default.json()).as_deref());
    if let Some(range) = &options.range {
        members.add_text("min", range.min.as_deref());
        members.add_text("max", range.max.as_deref());
    }
    if let Some(length) = &options.length {
        for (name, end) in [("min_length", &length.min), ("max_length", &length.max)] {
            end.iter().for_each(|end| members.add(name, end));
        }
    }
    if !options.choices.is_empty() {
        members.add("choices", list(options.choices.iter().map(|(choice, _)| quoted(&choice.json()))));
    }
    members.add_text("env", options.env.as_ref().map(LitStr::value).as_deref());
    members.into_string()
}

/// What the compiler has to check, since it alone knows the field's type: one constant each, with the span of the token
/// that would be wrong.
fn checks_of(parts: &Ident, index: usize, options: &FieldOptions) -> Vec<TokenStream> {
    let check = |span: Span, function: &str, argument: Option<usize>| {
        let function = Ident::new(function, span);
        let argument = argument.map(|argument| quote_spanned!(span=> , #argument));
        let call = quote_spanned!(span=> __lk::check::#function(&#parts.0[#index] #argument));
        quote!(const _: () = #call;)
    };
    let mut checks = Vec::new();
    checks.extend(options.default.as_ref().map(|(_, span)| check(*span, "default_fits", None)));
    let items = options.default_items.iter().enumerate();
    checks.extend(items.map(|(item, span)| check(*span, "default_item_fits", Some(item))));
    checks.extend(options.range.as_ref().map(|range| check(range.span, "range_fits", None)));
    if let Some(range) = &options.range {
        let ends = [&range.min, &range.max].into_iter().zip(range.ends).enumerate();
        let ends = ends.filter(|(_, (end, _))| end.is_some());
        checks.extend(ends.map(|(index, (_, span))| check(span, "range_end_fits", Some(index))));
    }
    checks.extend(options.length.as_ref().map(|length| check(length.span, "length_fits", None)));
    checks.extend(options.unit.as_ref().map(|unit| check(unit.span(), "unit_fits", None)));
    let choices = options.choices.iter().enumerate();
    checks.extend(choices.map(|(choice, (_, span))| check(*span, "choice_fits", Some(choice))));
    checks
}

/// Where a type names the struct itself.
fn mention_of(name: &Ident, tokens: TokenStream) -> Option<Span> {
    let mut in_path = false;
    for token in tokens {
        match &token {
            TokenTree::Ident(word) if !in_path && (word == name || word == "Self") => return Some(word.span()),
            TokenTree::Group(group) => {
                if let Some(span) = mention_of(name, group.stream()) {
                    return Some(span);
                }
            }
            _ => {}
        }
        in_path = is_punct(&token, ':');
    }
    None
}

/// The doc comment, lines joined as they stand.
fn doc_of(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes.iter().filter_map(doc_text).map(|line| line.trim().to_owned()).collect();
    lines.join("\n").trim().to_owned()
}

fn named_fields<'i>(input: &'i DeriveInput, errors: &mut Errors) -> Option<Vec<(&'i Field, &'i Ident)>> {
    const ADVICE: &str = "derive `PluginConfig` on a struct with named fields";
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => {
                return Some(fields.named.iter().filter_map(|field| Some((field, field.ident.as_ref()?))).collect());
            }
            Fields::Unit => return Some(Vec::new()),
            Fields::Unnamed(_) => errors.at(input.ident.span(), format!("a config's fields need names; {ADVICE}")),
        },
        Data::Enum(data) => errors.at(
            data.enum_token.span,
            format!(
                "an enum cannot be a plugin's config; {ADVICE}, or `ConfigValue` on an enum that a field chooses from"
            ),
        ),
        Data::Union(data) => errors.at(data.union_token.span, format!("a union cannot be a plugin's config; {ADVICE}")),
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::assert_written;

    #[test]
    fn a_config_with_all_that_can_be_said_of_a_field() {
        let derived = derive(quote!(
            #[config(check = Ears::is_in_order, crate = "agent::plugin")]
            struct Ears {
                /// The provider's key.
                ///
                /// A "secret".
                #[config(env = "EARS_API_KEY", secret)]
                key: String,
                #[config(default = 16_000, choices = [8_000, 16_000], unit = "Hz")]
                rate: u32,
                #[config(default = -0.5, range = -1.0..=1.0)]
                bias: f64,
                #[config(range = 1..)]
                attempts: Option<u8>,
                #[config(default = ["yes", "no"], length = 1..=8, rename = "known-words")]
                words: Vec<String>,
                #[config(default = { "a": 1 }, length = ..=4)]
                r#type: BTreeMap<String, u8>,
                retry: Retry,
            }
        ));
        assert_written("config", derived.unwrap_or_else(syn::Error::into_compile_error));
    }

    #[test]
    fn an_enum_of_choices() {
        let derived = derive_choice(quote!(
            enum Turns {
                /// The provider listens.
                ServerVad,
                #[config(rename = "off")]
                Disabled,
            }
        ));
        assert_written("choices", derived.unwrap_or_else(syn::Error::into_compile_error));
    }

    #[test]
    fn a_raw_key_is_the_key() {
        let written = |ty, field| {
            let derived = derive(quote!(
                #[config(#ty)]
                struct A {
                    #[config(#field)]
                    a: u8,
                }
            ));
            derived.unwrap_or_else(syn::Error::into_compile_error).to_string()
        };
        assert_eq!(
            written(quote!(r#check = check), quote!(r#default = 1, r#env = "A", r#unit = "Hz", r#secret)),
            written(quote!(check = check), quote!(default = 1, env = "A", unit = "Hz", secret))
        );
    }

    #[test]
    fn a_mistake_leaves_a_config_that_others_can_name_unless_it_is_generic() {
        for (derived, name) in [
            (
                derive(quote!(
                    struct A(u8);
                )),
                "PluginConfig",
            ),
            (
                derive_choice(quote!(
                    enum A {
                        B(u8),
                    }
                )),
                "ConfigValue",
            ),
        ] {
            let written = derived.map(|tokens| tokens.to_string()).unwrap_or_default();
            assert!(written.contains("compile_error") && written.contains(&format!("{name} for A")), "{written}");
        }
        assert!(
            derive(quote!(
                struct A<T> {
                    b: T,
                }
            ))
            .is_err()
        );
        assert!(
            derive_choice(quote!(
                enum A<T> {
                    B,
                }
            ))
            .is_err()
        );
    }

    #[test]
    fn a_config_that_contains_itself_is_seen_wherever_the_type_says_so() {
        let contains_itself = |ty: TokenStream| {
            let derived = derive(quote!(struct A { a: #ty })).unwrap_or_default();
            derived.to_string().contains("would contain itself")
        };
        for ty in [quote!(A), quote!(Self), quote!(Vec<A>), quote!([A; 2]), quote!((u8, (A,)))] {
            assert!(contains_itself(ty.clone()), "{ty}");
        }
        // A type of that name elsewhere.
        for ty in [quote!(other::A), quote!([u8; 2]), quote!(B)] {
            assert!(!contains_itself(ty.clone()), "{ty}");
        }
    }
}
