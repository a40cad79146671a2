#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]
//! Plugins that must be there, and registries of chosen ones.

use lk_plugin::{ChatContext, ChatOptions, Kind, Llm, LlmStream, Result, Tts, lk_plugin};
use lk_plugin::{ChunkedStream, SynthesizeOptions, TtsCapabilities};

lk_plugin::require!("llm/parrot", "tts/grey-parrot", "llm/both", "tts/both");

struct Parrot;

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Ok(LlmStream::failed(lk_plugin::Error::unsupported("it only listens")))
    }
}

impl Tts for Parrot {
    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities::default()
    }

    fn sample_rate(&self) -> u32 {
        16_000
    }

    fn channels(&self) -> u16 {
        1
    }

    fn synthesize(&self, _: &str, _: &SynthesizeOptions) -> Result<ChunkedStream> {
        Ok(ChunkedStream::failed(lk_plugin::Error::unsupported("it only listens")))
    }
}

mod inner {
    #[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
    pub(crate) fn new() -> super::Parrot {
        super::Parrot
    }
}

#[lk_plugin(kind = "tts", name = "grey-parrot")]
impl Parrot {
    fn new() -> Self {
        Self
    }
}

#[lk_plugin(kind = "llm", name = "both")]
#[lk_plugin(kind = "tts", name = "both", description = "said and sung")]
fn both() -> Parrot {
    Parrot
}

fn main() {
    let chosen = lk_plugin::plugins![inner::new, Parrot::new].unwrap();
    let names: Vec<String> = chosen.plugins().iter().map(|plugin| plugin.to_string()).collect();
    assert_eq!(names, ["llm/parrot", "tts/grey-parrot"]);

    let stacked = lk_plugin::plugins![both].unwrap();
    assert_eq!(stacked.plugins().len(), 2);
    assert_eq!(stacked.get(Kind::Tts, "both").unwrap().description(), "said and sung");

    assert!(lk_plugin::plugins![both, both].is_err());
    assert!(lk_plugin::plugins![].unwrap().plugins().is_empty());
}
