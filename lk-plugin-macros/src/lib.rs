//! The attribute `#[lk_plugin]` and the derive `PluginConfig`. Use them through the crate `lk-plugin`.
//!
//! The attribute goes through four files: `args` reads its text, `item` reads the constructor's, `plugin` checks the two
//! against each other, and `expand` writes the factory and the entry. Every mistake found on the way is kept; all are
//! reported at once, and the user's item is always given back, so that no other error follows from them.

use proc_macro::TokenStream;
use quote::quote;

mod args;
mod config;
mod errors;
mod expand;
mod explicit;
mod item;
mod kind;
mod names;
mod plugin;
mod require;
mod stacked;

/// Makes a constructor a plugin: `#[lk_plugin(kind = "stt", name = "openai")]`.
///
/// It goes on a free function, or on an `impl` block with a function `new`. The constructor takes nothing, a config that
/// implements `PluginConfig`, or `&Config`; it returns the plugin, or a `Result` of it with any error.
///
/// | key | value |
/// |---|---|
/// | `kind` | `"llm"`, `"stt"`, `"tts"` or `"vad"` |
/// | `name` | unique within the kind: lower-case letters and digits, with single hyphens between them |
/// | `description` | one line; else the first line of the doc comment |
/// | `license` | an SPDX expression; else the package's |
/// | `models(…)` | files to download: `file(name = "…", url = "https://…", size = 1234, sha256 = "…")`, … |
/// | `crate` | where `lk_plugin` is, when it is not called that: `"my_agent::plugin"` |
///
/// The item itself stays as it is. Beside it, the attribute writes a factory and one entry of a `linkme` slice, which the
/// registry collects. Two plugins of one kind and name do not compile within a crate (the compiler names the two as
/// definitions of one macro), and stop the program at its start across crates.
#[proc_macro_attribute]
pub fn lk_plugin(args: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    match plugin::check(args.into(), item.clone()) {
        Ok(plugin) => {
            let (item, is_last) = stacked::pass_on(item, &plugin.entries());
            let beside = expand::expand(&plugin, is_last);
            quote!(#item #beside).into()
        }
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#item #error).into()
        }
    }
}

/// The part of `lk_plugin::require!` that has to know the kinds.
#[doc(hidden)]
#[proc_macro]
pub fn require(input: TokenStream) -> TokenStream {
    require::expand(input.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// The part of `lk_plugin::plugins!` that has to make names.
#[doc(hidden)]
#[proc_macro]
pub fn plugins(input: TokenStream) -> TokenStream {
    explicit::expand(input.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Describes a config struct in constants and reads it: see the trait `PluginConfig`.
///
/// | `#[config(…)]` on a field | meaning |
/// |---|---|
/// | `default = 0.5` | the value when none is given: a literal, as in JSON |
/// | `range = 0.0..=1.0` | the numbers allowed; either end may be left out |
/// | `env = "OPENAI_API_KEY"` | the environment variable that is asked when the config has no value |
/// | `secret` | the value is never shown; the type `Secret` implies it |
/// | `unit = "Hz"` | the unit, for people |
///
/// A field without a default must be given, unless its type is an `Option`. The doc comment is the field's description.
/// On the struct, `#[config(crate = "path")]` says where `lk_plugin` is, when it is not called that.
#[proc_macro_derive(PluginConfig, attributes(config))]
pub fn plugin_config(item: TokenStream) -> TokenStream {
    config::derive(item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes an enum the type of a config field: its variants are the choices.
#[proc_macro_derive(ConfigValue, attributes(config))]
pub fn config_value(item: TokenStream) -> TokenStream {
    config::derive_choice(item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
