//! The attribute `#[lk_plugin]` and the derive `PluginConfig`. Use them through the crate `lk-plugin`.
//!
//! The attribute goes through four files: `args` reads its text, `item` reads the constructor's, `plugin` checks the two
//! against each other, and `expand` writes the factory and the entry. Every mistake found on the way is kept; all are
//! reported at once, and the user's item is always given back, so that no other error follows from them.

use proc_macro::TokenStream;
use quote::quote;

mod args;
#[cfg(test)]
mod cases;
mod config;
mod errors;
mod expand;
mod explicit;
mod export;
#[cfg(test)]
mod fuzzing;
mod hint;
mod item;
mod json;
mod kind;
mod names;
mod note;
mod place;
mod plugin;
mod require;
#[cfg(test)]
mod snapshot;
mod stacked;
mod tokens;

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
/// | `models(…)` | files to download, which `model_file!` finds: `file(name = "…", url = "https://…", size = 1234, sha256 = "…")`, … |
/// | `crate` | where `lk_plugin` is, when it is not called that: `"my_agent::plugin"` |
///
/// The item itself stays as it is. Beside it, the attribute writes a factory and one entry of a `linkme` slice, which the
/// registry collects. Two plugins of one kind and name do not compile within a crate (the compiler names the two as
/// definitions of one macro); across crates the registry panics when it is first used, and names all of them.
#[proc_macro_attribute]
pub fn lk_plugin(args: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    match plugin::check(args.into(), item.clone()) {
        Ok(plugin) => {
            let (item, is_last) = stacked::pass_on(item, &plugin.entries());
            let beside = expand::expand(&plugin, &note::Package::of_environment(), is_last);
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

/// The part of `lk_plugin::export_plugins!` that has to make a symbol's name.
#[doc(hidden)]
#[proc_macro]
pub fn export_plugins(input: TokenStream) -> TokenStream {
    export::expand(input.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Describes a config struct in constants and reads it. Where values come from, configs within configs and rules across
/// fields are explained at the trait of the same name, the types of fields at the trait `ConfigValue`.
///
/// | `#[config(…)]` on a field | meaning | for |
/// |---|---|---|
/// | `default = 0.5` | the value when none is given: a number, a text, `true`, `false`, a list `[1, 2]`, a table `{ "key": 1 }`; for an enum the name of a choice | all but configs, which have the defaults of their fields |
/// | `range = 0.0..=1.0` | the numbers allowed, both ends included; either may be left out | numbers, `Duration`, and each of those in lists and maps |
/// | `length = 1..` | how many characters, items or entries are allowed | texts, lists, maps |
/// | `choices = [8_000, 16_000]` | the values allowed, when an enum would be too much | numbers, texts, and each of those in lists and maps |
/// | `env = "OPENAI_API_KEY"` | the environment variable that is asked when the config has no value | all |
/// | `secret` | the value is never shown, and has no default but an empty one; the type `Secret` implies it | all |
/// | `unit = "Hz"` | the unit, for people; that of a `Duration` is the second | numbers |
/// | `rename = "type"` | the key, when it is not the field's name | all |
///
/// A field without a default must be given, unless its type is an `Option`, or a config of which nothing must be given.
/// The doc comment is the field's description. All of this is checked when the crate is compiled: that a default is of
/// the field's type and within its range, that only numbers have a range and its ends are of the field's type, that each
/// choice is within it, that no two fields have one key.
///
/// | `#[config(…)]` on the struct | meaning |
/// |---|---|
/// | `check = path::to::function` | a rule across fields: `fn(&Self) -> Result<(), E>` with any `E` that can be printed |
/// | `crate = "path"` | where `lk_plugin` is, when it is not called that |
#[proc_macro_derive(PluginConfig, attributes(config))]
pub fn plugin_config(item: TokenStream) -> TokenStream {
    config::derive(item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes an enum the type of a config field: its variants are the choices.
///
/// A variant `ServerVad` is called `server_vad`, unless `#[config(rename = "server-vad")]` above it says otherwise; its
/// doc comment says what it means. Variants hold no data. Elsewhere than on enums, implement the trait of the same name.
/// `#[config(crate = "path")]` on the enum says where `lk_plugin` is, when it is not called that.
#[proc_macro_derive(ConfigValue, attributes(config))]
pub fn config_value(item: TokenStream) -> TokenStream {
    config::derive_choice(item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
