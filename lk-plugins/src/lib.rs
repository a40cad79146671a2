//! The built-in plugins, one room and one feature each.
//!
//! Cargo links a crate only when its code is named somewhere, so a program that wants these plugins says so once, in its
//! `main.rs`:
//!
//! ```
//! use lk_plugins as _;
//! ```
#![forbid(unsafe_code)]

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;

/// One row a built-in: its module and the feature that holds it.
macro_rules! built_ins {
    ($($(#[$doc:meta])* $module:ident $feature:literal)*) => {
        $(
            $(#[$doc])*
            #[cfg(feature = $feature)]
            pub mod $module;
        )*

        /// Each built-in's name, which is also its feature's, and whether it is compiled in.
        pub const BUILT_INS: &[(&str, bool)] = &[$(($feature, cfg!(feature = $feature))),*];
    };
}

built_ins! {
    adapters "adapters"
    fake "fake"
    openai "openai"
    silero "silero"
}
