//! Errors and conversations as JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lk_plugin::fuzzing::wire(data));
