//! Plugin files and their locks, from their bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lk_plugin::fuzzing::note(data));
