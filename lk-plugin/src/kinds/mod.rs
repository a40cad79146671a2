//! The four kinds of plugin, and the one table of them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::hint;

mod chat;
mod chat_item;
mod forward;
mod llm;
mod speech;
mod stt;
mod tts;
mod vad;

pub use self::{chat::*, chat_item::*, llm::*, speech::*, stt::*, tts::*, vad::*};

/// Makes a plugin instance of kind `K` (`dyn Stt`, …) from its config: any closure with that signature.
pub type MakeFn<K> = dyn Fn(&Config) -> Result<Box<K>> + Send + Sync;

mod sealed {
    pub trait Sealed {}
}

/// The trait object of a kind: `dyn Stt`, `dyn Tts`, `dyn Llm` or `dyn Vad`.
///
/// It is what [`Registry::create`](crate::Registry::create) is told with `create::<dyn Stt>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a kind of plugin",
    label = "not a kind of plugin",
    note = "the kinds are `dyn Llm`, `dyn Stt`, `dyn Tts` and `dyn Vad`"
)]
pub trait PluginKind: sealed::Sealed + 'static {
    /// The kind.
    const KIND: Kind;

    #[doc(hidden)]
    fn __create(factory: &Factory, config: &Config) -> Option<Result<Box<Self>>>;

    #[doc(hidden)]
    fn __create_static(make: StaticMake, config: &Config) -> Option<Result<Box<Self>>>;

    #[doc(hidden)]
    fn __factory(make: Arc<MakeFn<Self>>) -> Factory;
}

/// The table of kinds. A fifth kind is a row here, a file beside this one and a spelling in the macro crate.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $code:literal $name:literal $noun:literal)*) => {
        /// What a plugin is for.
        ///
        /// ```
        /// use lk_plugin::Kind;
        ///
        /// assert_eq!("stt".parse::<Kind>()?, Kind::Stt);
        /// assert_eq!(Kind::Stt.noun(), "speech-to-text");
        /// # Ok::<(), lk_plugin::Error>(())
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// Every kind, sorted by name.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The number that crosses the boundary of a `.so`; it never changes.
            #[must_use]
            pub const fn code(self) -> u32 {
                match self {
                    $(Self::$kind => $code,)*
                }
            }

            /// The name in attributes, on the command line and in JSON: `stt`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// The name in sentences: `speech-to-text`.
            #[must_use]
            pub const fn noun(self) -> &'static str {
                match self {
                    $(Self::$kind => $noun,)*
                }
            }
        }

        /// What makes instances, by kind.
        #[doc(hidden)]
        #[derive(Clone)]
        pub enum Factory {
            $($kind(Arc<MakeFn<dyn $kind>>),)*
        }

        /// What the attribute wrote to make instances, by kind: nothing but functions, so it can stand in a static.
        #[doc(hidden)]
        #[derive(Clone, Copy)]
        pub enum StaticMake {
            $($kind(fn(&Config) -> Result<Box<dyn $kind>>),)*
        }

        impl StaticMake {
            /// The kind of the instances.
            pub(crate) const fn kind(self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }
        }

        impl From<StaticMake> for Factory {
            fn from(make: StaticMake) -> Self {
                match make {
                    $(StaticMake::$kind(make) => Self::$kind(Arc::new(make)),)*
                }
            }
        }

        impl Factory {
            /// The kind of the instances.
            #[must_use]
            pub(crate) const fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }
        }

        $(
            impl sealed::Sealed for dyn $kind {}

            impl PluginKind for dyn $kind {
                const KIND: Kind = Kind::$kind;

                fn __create(factory: &Factory, config: &Config) -> Option<Result<Box<Self>>> {
                    match factory {
                        Factory::$kind(make) => Some(make(config)),
                        #[allow(unreachable_patterns, reason = "the macro cannot know whether the table has one row")]
                        _ => None,
                    }
                }

                fn __create_static(make: StaticMake, config: &Config) -> Option<Result<Box<Self>>> {
                    match make {
                        StaticMake::$kind(make) => Some(make(config)),
                        #[allow(unreachable_patterns, reason = "the macro cannot know whether the table has one row")]
                        _ => None,
                    }
                }

                fn __factory(make: Arc<MakeFn<Self>>) -> Factory {
                    Factory::$kind(make)
                }
            }
        )*

        /// What the attribute writes for each kind.
        #[doc(hidden)]
        pub mod generated {
            use super::{Config, Result, StaticMake};

            $(
                #[allow(non_snake_case, reason = "one module a kind, named like its trait")]
                pub mod $kind {
                    use super::{Config, Result, StaticMake};
                    use crate::kinds::$kind;

                    pub type Object = dyn $kind;
                    pub type Instance = Box<dyn $kind>;

                    pub const fn make(make: fn(&Config) -> Result<Instance>) -> StaticMake {
                        StaticMake::$kind(make)
                    }
                }
            )*
        }
    };
}

kinds! {
    /// A language model: [`Llm`].
    Llm 1 "llm" "language-model"
    /// Speech to text: [`Stt`].
    Stt 2 "stt" "speech-to-text"
    /// Text to speech: [`Tts`].
    Tts 3 "tts" "text-to-speech"
    /// Voice activity detection: [`Vad`].
    Vad 4 "vad" "voice-activity-detection"
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let choices: Vec<&str> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
            Error::new(
                ErrorKind::NotFound,
                format!("`{}` is not a kind of plugin; {}", hint::shown(text), hint::choose(text, &choices)),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_reads_back() -> Result<()> {
        assert!(Kind::ALL.is_sorted_by_key(|kind| kind.as_str()));
        let codes: Vec<u32> = Kind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes, [1, 2, 3, 4]);
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse::<Kind>()?, *kind);
        }
        let error = "sst".parse::<Kind>().err().map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some("`sst` is not a kind of plugin; did you mean `stt`? choose from `llm`, `stt`, `tts`, `vad`")
        );
        Ok(())
    }
}
