//! Frames and sample rates.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lk_plugin::fuzzing::audio(data));
