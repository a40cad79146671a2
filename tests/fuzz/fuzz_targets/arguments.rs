//! Command lines.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lk_go::fuzzing::arguments(data));
