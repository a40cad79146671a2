//! The boundary of a `.so`: what crosses it, and how. `docs/abi.md` is the description; this is its code.
//!
//! Both sides compile this crate, each with an allocator, statics and perhaps a compiler of its own. So nothing crosses
//! but `#[repr(C)]` data and C functions:
//!
//! - [`layout`]: the words, the handles and their vtables; types only;
//! - [`values`]: the contract's types as tables, from which the C structs and both directions of the copy follow;
//!   [`cross`] has the rules for each kind of field, [`arena`] is where a writer puts what it points to;
//! - [`guest`]: the plugin's side, which `export_plugins!` leads to;
//! - `host`: the program's side (feature `dynamic`): the contract's traits over those vtables.
#![allow(unsafe_code)]
#![cfg_attr(
    not(all(feature = "dynamic", target_os = "linux")),
    allow(dead_code, reason = "half of the boundary is the host's")
)]

mod arena;
mod cross;
pub(crate) mod guest;
#[cfg(any(all(feature = "dynamic", target_os = "linux"), test))]
pub(crate) mod host;
pub(crate) mod layout;
#[cfg(test)]
mod tests;
mod values;

// The version of the layout: what only appends raises the minor number, everything else the major.
pub(crate) use crate::note::ABI;
