//! `require!("stt/openai")`: no such plugin, no binary.

use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;
use syn::parse::{ParseStream, Parser};

use crate::args::comma_separated;
use crate::errors::Errors;
use crate::{names, note, plugin};

/// A reference to the section of each plugin, which only linking the plugin defines.
pub(crate) fn expand(input: TokenStream) -> syn::Result<TokenStream> {
    let read = |input: ParseStream<'_>| {
        comma_separated::<LitStr>(input, "this names no plugin; write kind and name, as in `\"stt/openai\"`")
    };
    let plugins = read.parse2(input)?;
    let mut errors = Errors::default();
    let mut required = Vec::new();
    let elf = note::elf();
    for plugin in &plugins {
        let value = plugin.value();
        let Some((kind, name)) = value.split_once('/') else {
            errors.at(plugin.span(), format!("`{value}` names no plugin; write kind and name, as in `stt/openai`"));
            continue;
        };
        let (kind, name) = (LitStr::new(kind, plugin.span()), LitStr::new(name, plugin.span()));
        plugin::kind_of(&kind, &mut errors);
        plugin::is_name(&name, &mut errors);
        let symbol = format!("__start_{}", names::section(&kind.value(), &name.value()));
        required.push(quote! {
                #[cfg(#elf)]
                const _: () = {
                    unsafe extern "C" {
                        #[link_name = #symbol]
                        safe static PLUGIN: u8;
                    }
                    #[used]
                    static REQUIRED: &u8 = &PLUGIN;
                };
        });
    }
    // Of a plugin with a mistake nothing is written, nor of the others.
    errors.finish(Some(quote!(#(#required)*)))
}
