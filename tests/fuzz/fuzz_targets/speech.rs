//! Bodies of audio, cut anywhere.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lk_plugins::fuzzing::speech(data));
