//! The spellings of the kinds. The table of kinds is in the core; a test holds the two together.

/// Name and trait.
pub(crate) const KINDS: &[(&str, &str)] = &[("llm", "Llm"), ("stt", "Stt"), ("tts", "Tts"), ("vad", "Vad")];
