//! Languages, plugin names and specs.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lk_plugin::fuzzing::names(data));
