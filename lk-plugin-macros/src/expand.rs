//! Writes the factory and the entry: as little as possible, everything else is in the core.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use crate::names;
use crate::note::{self, Package};
use crate::plugin::{Parameter, Place, Plugin};

/// The entry of this attribute and, when it is the last one on its constructor, the list of all, which
/// [`plugins!`](crate::plugins) finds by the constructor's path.
pub(crate) fn expand(plugin: &Plugin, package: &Package, is_last: bool) -> TokenStream {
    let Plugin { krate, cfgs, above, name, .. } = plugin;
    let of_entry = quote!(&'static #krate::__private::StaticPlugin);
    let of_list = quote!(&'static [#of_entry]);
    let entry = names::entry(&plugin.kind_name(), &name.value());
    let items = items(plugin, package);
    match &plugin.place {
        // One constant alone: were the function in an `impl` block, a second one would be a second error.
        Place::Beside(function, visibility) if is_last => {
            let list = names::entries(function);
            quote!(#(#cfgs)* #[doc(hidden)] #visibility const #list: #of_list = { #items &[#(#above,)* &ENTRY] };)
        }
        Place::Impl(of) if is_last => {
            let list = names::entries(&Ident::new("new", Span::call_site()));
            quote! {
                #(#cfgs)* #[doc(hidden)] const #entry: #of_entry = { #items &ENTRY };
                #(#cfgs)* #[doc(hidden)] impl #of { #[doc(hidden)] pub const #list: #of_list = &[#(#above,)* #entry]; }
            }
        }
        _ => quote!(#(#cfgs)* #[doc(hidden)] const #entry: #of_entry = { #items &ENTRY };),
    }
}

/// The entry as a static, for the block of a constant.
fn items(plugin: &Plugin, package: &Package) -> TokenStream {
    let Plugin { kind, name, description, krate, constructor, .. } = plugin;
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
    let unique = names::unique(&plugin.kind_name(), &name.value());
    // Two of these in one crate do not compile, and both names are pointed at. The lint is about macros that only look
    // local.
    let unique = quote_spanned! {at(name.span())=>
        #[allow(non_local_definitions)]
        #[doc(hidden)]
        #[macro_export]
        macro_rules! #unique {
            () => {};
        }
    };
    let members = note::members(plugin, package);
    let elf = note::elf();
    let section = names::section(&plugin.kind_name(), &name.value());
    // Only when asked: it forbids what the start-up check alone would allow, a registry put together by hand.
    let unique_at_link = cfg!(feature = "unique-at-link").then(|| {
        let symbol = names::symbol(&plugin.kind_name(), &name.value());
        quote! {
            #[unsafe(export_name = #symbol)]
            static UNIQUE: u8 = 0;
        }
    });
    quote! {
            use #krate::__private as __lk;

            #unique

            // What can be read of the plugin without running anything.
            #[cfg(#elf)]
            const MEMBERS: &str = #members;
            #[cfg(#elf)]
            const NOTE_LENGTH: usize = __lk::note::plugin_length(MEMBERS, &ENTRY);
            #[cfg(#elf)]
            #[used]
            #[unsafe(link_section = ".note.lk.plugin")]
            static NOTE: __lk::note::Note<NOTE_LENGTH> = __lk::note::plugin(MEMBERS, &ENTRY);

            // What `require!` looks for. The entry refers to it, and it to the note, so that all three stay or go.
            #[cfg(#elf)]
            #[unsafe(link_section = #section)]
            static LINKED: __lk::note::Linked = &NOTE.head;
            #[cfg(not(#elf))]
            static LINKED: __lk::note::Linked = ();

            #unique_at_link

            #[cfg_attr(
                not(any(miri, target_family = "wasm")),
                __lk::linkme::distributed_slice(__lk::LK_PLUGIN_ENTRIES_V3),
                linkme(crate = __lk::linkme)
            )]
            static ENTRY: __lk::StaticPlugin = __lk::StaticPlugin {
                name: #name,
                package: &__lk::StaticPackage {
                    name: __lk::or_empty(__lk::option_env!("CARGO_PKG_NAME")),
                    version: __lk::or_empty(__lk::option_env!("CARGO_PKG_VERSION")),
                    license: #license,
                },
                description: #description,
                file: __lk::file!(),
                line: __lk::line!(),
                linked: &LINKED,
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
    }
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test stops at its first surprise")]
mod tests {
    use super::*;
    use crate::snapshot::assert_written;

    /// What the attribute writes, beside `snapshots/<name>.rs`.
    fn assert_expands_to(name: &str, args: TokenStream, item: TokenStream) {
        assert_written(name, expanded(args, item));
    }

    fn expanded(args: TokenStream, item: TokenStream) -> TokenStream {
        let (item, plugin) = match crate::plugin::check(args, item.clone()) {
            Ok(plugin) => (item, plugin),
            Err(error) => panic!("{error}"),
        };
        let (item, is_last) = crate::stacked::pass_on(item, &plugin.entries());
        let package =
            Package { name: "agent".to_owned(), version: "1.0.0".to_owned(), license: "Apache-2.0".to_owned() };
        let beside = expand(&plugin, &package, is_last);
        quote!(#item #beside)
    }

    #[test]
    fn the_last_of_two_attributes_on_a_block_lists_both() {
        let lists = |item| {
            let written = expanded(quote!(kind = "llm", name = "both"), item).to_string();
            written.contains("__LK_PLUGINS_OF_NEW")
        };
        let block = quote!(impl Parrot { fn new() -> Self { Self } });
        assert!(lists(block.clone()));
        assert!(!lists(quote!(#[lk_plugin(kind = "tts", name = "both")] #block)));
    }

    #[test]
    fn a_function_with_a_typed_config() {
        assert_expands_to(
            "typed_config",
            quote!(
                kind = "stt",
                name = "open-ai",
                models(file(
                    name = "m.onnx",
                    url = "https://example.com/m.onnx",
                    size = 5,
                    sha256 = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"
                ))
            ),
            quote!(
                /// Hears with a model.
                pub fn new(config: SttConfig) -> Result<OpenAiStt> {
                    Ok(OpenAiStt(config))
                }
            ),
        );
    }

    #[test]
    fn an_impl_block_with_the_config_as_it_is() {
        assert_expands_to(
            "impl_block",
            quote!(kind = "vad", name = "energy", license = "MIT", crate = "agent::plugin"),
            quote!(
                impl Energy {
                    /// Hears energy.
                    fn new(config: &Config) -> Self {
                        Self
                    }
                }
            ),
        );
    }

    #[test]
    fn the_first_of_two_attributes_on_a_function_without_config() {
        assert_expands_to(
            "stacked",
            quote!(kind = "llm", name = "both"),
            quote!(
                #[cfg(unix)]
                #[lk_plugin(kind = "tts", name = "both")]
                fn both() -> Parrot {
                    Parrot
                }
            ),
        );
    }
}
