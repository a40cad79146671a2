//! The macros: attribute, derives and the rest.
#![no_main]
#![allow(dead_code, reason = "what only the proc-macro entry points call")]

extern crate proc_macro;

#[path = "../../../lk-plugin-macros/src/args.rs"]
mod args;
#[path = "../../../lk-plugin-macros/src/config/mod.rs"]
mod config;
#[path = "../../../lk-plugin-macros/src/errors.rs"]
mod errors;
#[path = "../../../lk-plugin-macros/src/expand.rs"]
mod expand;
#[path = "../../../lk-plugin-macros/src/explicit.rs"]
mod explicit;
#[path = "../../../lk-plugin-macros/src/export.rs"]
mod export;
#[path = "../../../lk-plugin-macros/src/fuzzing.rs"]
mod fuzzing;
#[path = "../../../lk-plugin-macros/src/hint.rs"]
mod hint;
#[path = "../../../lk-plugin-macros/src/item.rs"]
mod item;
#[path = "../../../lk-plugin-macros/src/json.rs"]
mod json;
#[path = "../../../lk-plugin-macros/src/kind.rs"]
mod kind;
#[path = "../../../lk-plugin-macros/src/names.rs"]
mod names;
#[path = "../../../lk-plugin-macros/src/note.rs"]
mod note;
#[path = "../../../lk-plugin-macros/src/place.rs"]
mod place;
#[path = "../../../lk-plugin-macros/src/plugin.rs"]
mod plugin;
#[path = "../../../lk-plugin-macros/src/require.rs"]
mod require;
#[path = "../../../lk-plugin-macros/src/stacked.rs"]
mod stacked;
#[path = "../../../lk-plugin-macros/src/tokens.rs"]
mod tokens;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzzing::attribute(data));
