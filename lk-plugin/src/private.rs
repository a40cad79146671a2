//! What generated code calls. No promise holds here: the macro crate and this one are pinned to each other.

use crate::config::{Config, PluginConfig};
pub use crate::config::{ConfigChoice, ConfigField, ConfigValue, check};
use crate::error::{BoxError, Error, ErrorKind, Result};

pub use crate::abi::guest::{Exports, module};
pub use crate::kinds::generated as kinds;
#[cfg(not(any(miri, target_family = "wasm")))]
pub use crate::linked::LK_PLUGIN_ENTRIES_V3;
pub use crate::plugin::{StaticPackage, StaticPlugin};
#[cfg(not(any(miri, target_family = "wasm")))]
pub use linkme;
pub use lk_plugin_macros::{export_plugins, plugins, require};
pub use std::ffi::c_void as Nothing;
// Generated code must not name `::core` or `::std`: a dependency may be renamed to either.
pub use std::option::Option;
pub use std::result::Result as StdResult;
pub use std::{cfg, file, line, option_env};

/// The notes that the attribute and `export_plugins!` leave.
pub mod note {
    pub use crate::note::{Linked, Module, Note, module, module_length, plugin, plugin_length};
}

/// What `plugins!` makes: the entries of each constructor.
pub fn registry_of(
    constructors: &[&'static [&'static StaticPlugin]],
) -> StdResult<crate::Registry, crate::DuplicatePlugins> {
    let plugins = constructors.iter().flat_map(|entries| entries.iter());
    crate::Registry::checked(plugins.map(|entry| crate::Plugin::from(*entry)).collect())
}

/// What Cargo tells the compiler, or nothing where something else called it.
pub const fn or_empty(value: Option<&'static str>) -> &'static str {
    match value {
        Some(value) => value,
        None => "",
    }
}

/// Reads the typed config of a constructor.
pub fn read_config<C: PluginConfig>(config: &Config) -> Result<C> {
    C::from_config(config)
}

/// Reads a config that stands in another one.
pub fn read_nested<C: PluginConfig>(value: &crate::config::Value) -> StdResult<C, crate::Mismatch> {
    crate::config::nested(value)
}

/// The described fields of a constructor's config.
pub const fn fields_of<C: PluginConfig>() -> &'static [crate::ConfigField] {
    C::FIELDS
}

/// What a constructor returned. `split` is an inherent method for `Result`s and a trait method for everything else, so
/// that aliases of `Result` work and the compiler complains about the plugin type alone.
pub struct Returned<T>(pub T);

impl<T, E> Returned<StdResult<T, E>> {
    pub fn split(self) -> StdResult<T, Failed<E>> {
        self.0.map_err(Failed)
    }
}

/// A constructor that returns the plugin itself cannot fail.
pub trait SplitPlugin: Sized {
    type Plugin;

    fn split(self) -> StdResult<Self::Plugin, Failed<Error>>;
}

impl<T> SplitPlugin for Returned<T> {
    type Plugin = T;

    fn split(self) -> StdResult<T, Failed<Error>> {
        Ok(self.0)
    }
}

/// A constructor's error. `into_error` is an inherent method for ours and a trait method for others.
pub struct Failed<E>(pub E);

impl Failed<Error> {
    pub fn into_error(self) -> Error {
        self.0
    }
}

/// An error type that a constructor may return: `lk_plugin::Error`, anything that implements `std::error::Error`,
/// `String`, `anyhow::Error`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a plugin's constructor",
    label = "not an error that can be converted",
    note = "return `lk_plugin::Error`, `String`, `Box<dyn std::error::Error + Send + Sync>`, or a type that implements \
            `std::error::Error + Send + Sync + 'static`"
)]
pub trait ConstructorError: Into<BoxError> {}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> ConstructorError for E {}

/// Converts every other error. The bound is the method's, so that the compiler complains about the error type and not
/// about a missing method.
pub trait FailedOther<E> {
    fn into_error(self) -> Error
    where
        E: ConstructorError;
}

impl<E> FailedOther<E> for Failed<E> {
    fn into_error(self) -> Error
    where
        E: ConstructorError,
    {
        // An `Error` behind a box or an `anyhow::Error` keeps its kind.
        match self.0.into().downcast::<Error>() {
            Ok(error) => *error,
            Err(source) => {
                let kind = if source.is::<std::io::Error>() { ErrorKind::Io } else { ErrorKind::Plugin };
                Error::new(kind, "the plugin could not be made").with_source(source)
            }
        }
    }
}
