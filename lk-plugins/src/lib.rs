//! The built-in plugins, one room and one feature each.
//!
//! Cargo links a crate only when its code is named somewhere, so a program that wants these plugins says so once, in its
//! `main.rs`:
//!
//! ```
//! use lk_plugins as _;
//! ```
// There each item says which feature it wants.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;

/// One row a room: its module, the feature that holds it, and what its plugins are called.
macro_rules! built_ins {
    ($($(#[$doc:meta])* $module:ident $feature:literal [$($name:literal),*])*) => {
        $(
            $(#[$doc])*
            #[cfg(feature = $feature)]
            pub mod $module;
        )*

        /// Each built-in's name, the feature that holds it, and whether it is compiled in.
        pub const BUILT_INS: &[(&str, &str, bool)] = &[$($(($name, $feature, cfg!(feature = $feature)),)*)*];
    };
}

built_ins! {
    adapters "adapters" ["fallback", "stream"]
    fake "fake" ["fake"]
    openai "openai" ["openai"]
    silero "silero" ["silero"]
}
