//! Transcripts and messages of sessions.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lk_plugins::fuzzing::transcript(data));
