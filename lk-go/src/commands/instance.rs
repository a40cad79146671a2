//! Instances of plugins of any kind.

use lk_plugin::{Config, Error, ErrorKind, Kind, Llm, Plugin, Result, Stt, Tts, Vad};

/// An instance.
pub(super) enum Instance {
    Stt(Box<dyn Stt>),
    Tts(Box<dyn Tts>),
    Llm(Box<dyn Llm>),
    Vad(Box<dyn Vad>),
}

impl Instance {
    /// Makes one.
    ///
    /// # Errors
    ///
    /// Those of the config and the constructor.
    pub(super) fn of(plugin: &Plugin, config: &Config) -> Result<Self> {
        Ok(match plugin.kind() {
            Kind::Stt => Self::Stt(plugin.create(config)?),
            Kind::Tts => Self::Tts(plugin.create(config)?),
            Kind::Llm => Self::Llm(plugin.create(config)?),
            Kind::Vad => Self::Vad(plugin.create(config)?),
            kind => {
                let message = format!("this lk-go does not know plugins of the kind `{kind}`");
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
        })
    }

    /// Who runs the model; `None` when nobody else does.
    pub(super) fn provider(&self) -> Option<&str> {
        let provider = match self {
            Self::Stt(stt) => stt.provider(),
            Self::Tts(tts) => tts.provider(),
            Self::Llm(llm) => llm.provider(),
            Self::Vad(vad) => vad.provider(),
        };
        (provider != "unknown").then_some(provider)
    }
}
