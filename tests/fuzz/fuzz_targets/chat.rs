//! Answers of language models, cut anywhere.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lk_plugins::fuzzing::chat(data));
