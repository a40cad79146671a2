//! Plugins for real-time voice agents.
//!
//! A voice agent hears ([`Vad`], [`Stt`]), thinks ([`Llm`]) and speaks ([`Tts`]); each of these comes from some provider.
//! This crate lets anyone add a provider without touching the agent: annotate a constructor, link the crate, and the
//! [`Registry`] has it.
//!
//! ```
//! use lk_plugin::{ChatChunk, ChatContext, ChatOptions, Config, EventStream, Llm, LlmStream, PluginConfig, Registry,
//!     Result, lk_plugin};
//!
//! /// Says the same thing whatever it is asked.
//! struct Parrot {
//!     phrase: String,
//! }
//!
//! impl Llm for Parrot {
//!     fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
//!         let phrase = self.phrase.clone();
//!         Ok(EventStream::from_fn(|mut chunks| async move { chunks.send(ChatChunk::text("1", phrase)).await }))
//!     }
//! }
//!
//! #[derive(PluginConfig)]
//! struct ParrotConfig {
//!     /// What it says.
//!     #[config(default = "hello")]
//!     phrase: String,
//! }
//!
//! /// A parrot for your agent.
//! #[lk_plugin(kind = "llm", name = "parrot")]
//! fn new(config: ParrotConfig) -> Parrot {
//!     Parrot { phrase: config.phrase }
//! }
//!
//! let parrot = Registry::global().create::<dyn Llm>("parrot", &Config::new())?;
//! let answer = parrot.chat(&ChatContext::new(), &ChatOptions::default())?.collect_response();
//! assert_eq!(pollster::block_on(answer)?.text, "hello");
//! # Ok::<(), lk_plugin::Error>(())
//! ```
//!
//! | to | see |
//! |---|---|
//! | write a plugin | [`lk_plugin`], the trait of its kind, [`PluginConfig`] |
//! | use plugins | [`Registry`], [`Config`] |
//! | understand streams | [`stream`] |
//! | get at a plugin's model files | [`model_file!`], [`models`] |
//! | make a plugin file, load one | [`export_plugins`], `Registry::load_path` (feature `dynamic`) |
//!
//! The crate needs no runtime and brings no HTTP, no inference, and no `unsafe` but at the boundary of plugin files.
//! Features: `dynamic` reads and loads such files (Linux), `log` and `tracing` take what plugins say across, `tokio` offers plugins that
//! need it a runtime of their own (`runtime`), `resample` converts sample rates (`Resampler`), `toml` and `yaml` read
//! config files of these formats, `url` makes `config::Url` the type of a config field, `unique-at-link` makes two crates
//! with plugins of one kind and name fail to link, `conformance` checks whether a plugin keeps the contract
//! (`conformance`), `monitor` tells what plugins did (`monitor`), `adapters` makes one plugin of several (`adapters`).
// There each item says which feature it wants.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod abi;
#[cfg(feature = "adapters")]
pub mod adapters;
mod audio;
pub mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod connect;
#[cfg(all(feature = "dynamic", target_os = "linux"))]
pub mod dynamic;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod hint;
mod kinds;
mod language;
mod linked;
pub mod models;
#[cfg(feature = "monitor")]
pub mod monitor;
mod note;
mod plugin;
mod registry;
#[cfg(feature = "tokio")]
pub mod runtime;
pub mod stream;

/// What generated code calls; nothing for people.
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

#[cfg(feature = "resample")]
pub use self::audio::Resampler;
pub use self::audio::{
    AudioFrame, AudioFrameRef, MAX_CHANNELS, SAMPLE_RATES, SampleRange, duration_to_samples, format_changed,
    samples_to_duration,
};
pub use self::config::{Config, ConfigChoice, ConfigField, ConfigValue, Mismatch, PluginConfig, Secret, ValueType};
pub use self::connect::ConnectOptions;
pub use self::error::{BoxError, Error, ErrorKind, MAX_BODY_BYTES, Result, WireError};
pub use self::hint::choose;
pub use self::kinds::*;
pub use self::language::LanguageCode;
pub use self::plugin::{ModelFile, Origin, Plugin, check_plugin_name};
pub use self::registry::{DuplicatePlugins, Registry};
pub use self::stream::{BoxFuture, EventSender, EventStream, InputReceiver, boxed};
pub use lk_plugin_macros::{ConfigValue, PluginConfig, lk_plugin};

/// Keeps a program from being linked without these plugins, each named by its kind and name.
///
/// Cargo drops a plugin's crate from a program that does not name it, without a word. With this line the linker says
/// which plugin is missing: `undefined symbol: __start_lk_plugin_stt_openai`. The remedy is the dependency, its feature, and
/// `use its_crate as _;`.
///
/// ```
/// # mod plugin {
/// #     use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, Result, lk_plugin};
/// #     struct Parrot;
/// #     impl Llm for Parrot {
/// #         fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> { unreachable!() }
/// #     }
/// #     #[lk_plugin(kind = "llm", name = "required-parrot")]
/// #     fn new() -> Parrot { Parrot }
/// # }
/// lk_plugin::require!("llm/required-parrot");
/// ```
///
/// It works where the linker makes such symbols: on Linux, Android and FreeBSD. Elsewhere it checks the spelling alone, and
/// [`Registry::require`] at the program's start does the rest.
#[macro_export]
macro_rules! require {
    ($($plugin:tt)*) => {
        $crate::__private::require! { $($plugin)* }
    };
}

/// Makes this crate, built as a `cdylib`, a file of plugins that programs load at run time.
///
/// It exports the plugins of the package that writes it. `from` adds those of other packages, which must be linked in:
/// two lines make a `.so` of any crate with plugins.
///
/// ```
/// lk_plugin::export_plugins!();
/// # fn main() {}
/// ```
///
/// ```ignore
/// use lk_plugins as _; // whose plugins are exported too
/// lk_plugin::export_plugins!(from = ["lk-plugins"]);
/// ```
///
/// Nothing else changes: with `crate-type = ["rlib", "cdylib"]` the same crate is a library whose plugins are linked in
/// statically, also beside others that do this. A crate that plugins in other `.so` files use as a library should leave
/// the line to a crate of its own, because a file has only one module. See `docs/dynamic.md`.
#[macro_export]
macro_rules! export_plugins {
    ($($options:tt)*) => {
        $crate::__private::export_plugins! { ($crate) $($options)* }
    };
}

/// A registry of the plugins of these constructors, each named by the path of its annotated function.
///
/// For where the linker's slice is not to be had: Miri, wasm, a Rust `staticlib` linked by another language; and for tests
/// that want just these. Constructors in an `impl` block go by their type, as in `plugins![Silero::new]`.
///
/// ```
/// # mod plugin {
/// #     use lk_plugin::{ChatContext, ChatOptions, Llm, LlmStream, Result, lk_plugin};
/// #     pub struct Parrot;
/// #     impl Llm for Parrot {
/// #         fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> { unreachable!() }
/// #     }
/// #     #[lk_plugin(kind = "llm", name = "chosen-parrot")]
/// #     pub fn new() -> Parrot { Parrot }
/// # }
/// let registry = lk_plugin::plugins![plugin::new]?;
/// assert_eq!(registry.plugins().len(), 1);
/// # Ok::<(), lk_plugin::DuplicatePlugins>(())
/// ```
///
/// # Errors
///
/// [`DuplicatePlugins`] when two of one kind have the same name.
#[macro_export]
macro_rules! plugins {
    ($($constructor:tt)*) => {
        $crate::__private::plugins! { ($crate) $($constructor)* }
    };
}

/// The examples of the README and of the book are compiled, and run, with this crate's own.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../README.md")]
    struct Readme;

    #[doc = include_str!("../../docs/config.md")]
    struct ConfigPage;

    #[cfg(all(feature = "dynamic", target_os = "linux"))]
    #[doc = include_str!("../../docs/dynamic.md")]
    struct DynamicPage;
}
