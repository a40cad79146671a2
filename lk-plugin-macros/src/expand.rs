//! Writes the factory and the entry: as little as possible, everything else is in the core.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::plugin::{Parameter, Plugin};

pub(crate) fn expand(plugin: &Plugin) -> TokenStream {
    let Plugin { kind, name, description, krate, cfgs, constructor, .. } = plugin;
    let (argument, fields) = match &plugin.parameter {
        Parameter::Nothing => (quote!(), quote!(__lk::Option::Some(__lk::fields_of::<()>()))),
        Parameter::Reference(reference) => {
            (quote!({ let config: #reference = config; config }), quote!(__lk::Option::None))
        }
        Parameter::Typed(config) => {
            (quote!(__lk::read_config::<#config>(config)?), quote!(__lk::Option::Some(__lk::fields_of::<#config>())))
        }
    };
    // A constructor without parameters takes no keys either, and must say so when it is given some.
    let refuse_keys = matches!(plugin.parameter, Parameter::Nothing).then(|| quote!(__lk::read_config::<()>(config)?;));
    let license = match &plugin.license {
        Some(license) => quote!(__lk::Option::Some(#license)),
        None => quote!(__lk::option_env!("CARGO_PKG_LICENSE")),
    };
    let models = plugin.models.iter().map(|model| {
        let (name, url, size, sha256) = (&model.name, &model.url, &model.size, &model.sha256);
        quote!(#krate::ModelFile::new(#name, #url, #size, #sha256))
    });
    // The spans decide which of the user's tokens the compiler complains about.
    let instance = quote_spanned!(plugin.plugin_span=> __lk::kinds::#kind::instance(plugin));
    let into_error = quote_spanned!(plugin.error_span=> error.into_error());
    quote! {
        #(#cfgs)*
        #[doc(hidden)]
        const _: () = {
            use #krate::__private as __lk;

            fn make(config: &#krate::Config) -> __lk::StdResult<__lk::kinds::#kind::Instance, #krate::Error> {
                #[allow(unused_imports)]
                use __lk::{FailedOther as _, SplitPlugin as _};
                #refuse_keys
                match __lk::Returned(#constructor(#argument)).split() {
                    __lk::StdResult::Ok(plugin) => __lk::StdResult::Ok(#instance),
                    __lk::StdResult::Err(error) => __lk::StdResult::Err(#into_error),
                }
            }

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
                make: __lk::kinds::#kind::make(make),
            };
        };
    }
}
