//! Sound of all sorts in frames of all sorts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lk_plugins::fuzzing::vad(data));
