//! Writes the factory and the entry: as little as possible, everything else is in the core.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use crate::plugin::{Parameter, Plugin};

pub(crate) fn expand(plugin: &Plugin) -> TokenStream {
    let Plugin { kind, name, description, krate, cfgs, constructor, .. } = plugin;
    // A local that no name of the user's can be mistaken for.
    let config = Ident::new("config", Span::mixed_site());
    let (argument, fields) = match &plugin.parameter {
        Parameter::Nothing => (quote!(), quote!(__lk::Option::Some(__lk::fields_of::<()>()))),
        Parameter::Reference(place) => {
            (Ident::new("config", config.span().located_at(*place)).into_token_stream(), quote!(__lk::Option::None))
        }
        Parameter::Typed(ty) => {
            (quote!(__lk::read_config::<#ty>(#config)?), quote!(__lk::Option::Some(__lk::fields_of::<#ty>())))
        }
    };
    // A constructor without parameters takes no keys either, and must say so when it is given some.
    let refuse_keys =
        matches!(plugin.parameter, Parameter::Nothing).then(|| quote!(__lk::read_config::<()>(#config)?;));
    let license = match &plugin.license {
        Some(license) => quote!(__lk::Option::Some(#license)),
        None => quote!(__lk::option_env!("CARGO_PKG_LICENSE")),
    };
    let models = plugin.models.iter().map(|model| {
        let (name, url, size, sha256) = (&model.name, &model.url, &model.size, &model.sha256);
        quote!(#krate::ModelFile::new(#name, #url, #size, #sha256))
    });
    // The spans decide which of the user's tokens the compiler complains about; the names stay those of this place.
    let at = |place: Span| Span::call_site().located_at(place);
    let instance = quote_spanned!(at(plugin.plugin_span)=> <__lk::kinds::#kind::Object>::__instance(plugin));
    let into_error = quote_spanned!(at(plugin.error_span)=> error.into_error());
    quote! {
        #(#cfgs)*
        #[doc(hidden)]
        const _: () = {
            use #krate::__private as __lk;

            #[__lk::linkme::distributed_slice(__lk::LK_PLUGIN_ENTRIES_V1)]
            #[linkme(crate = __lk::linkme)]
            static ENTRY: __lk::StaticPlugin = __lk::StaticPlugin {
                name: #name,
                version: __lk::or_empty(__lk::option_env!("CARGO_PKG_VERSION")),
                package: __lk::or_empty(__lk::option_env!("CARGO_PKG_NAME")),
                description: #description,
                license: #license,
                file: __lk::file!(),
                line: __lk::line!(),
                models: &[#(#models),*],
                fields: #fields,
                // A closure, not a function: one body is checked, so each complaint comes once, and there is no name
                // that the constructor's could be mistaken for.
                make: __lk::kinds::#kind::make(
                    |#config: &#krate::Config| -> __lk::StdResult<__lk::kinds::#kind::Instance, #krate::Error> {
                        use __lk::{FailedOther as _, SplitPlugin as _};
                        #refuse_keys
                        match __lk::Returned(#constructor(#argument)).split() {
                            __lk::StdResult::Ok(plugin) => __lk::StdResult::Ok(#instance),
                            __lk::StdResult::Err(error) => __lk::StdResult::Err(#into_error),
                        }
                    },
                ),
            };
        };
    }
}
