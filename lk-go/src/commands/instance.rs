//! Instances of plugins of any kind.

use lk_plugin::{
    AudioFrame, ChatContext, ChatOptions, ChatRole, Config, ConnectOptions, Error, ErrorKind, Kind, Llm, Plugin,
    RecognizeOptions, Result, Stt, SynthesizeOptions, Tts, Vad,
};

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

    /// Asks for something small, once: whether anybody answers.
    ///
    /// # Errors
    ///
    /// Those of the call.
    pub(super) async fn ask(&self) -> Result<()> {
        let connect = ConnectOptions::default().with_max_retry(0);
        match self {
            Self::Llm(llm) => {
                let mut question = ChatContext::new();
                question.add_message(ChatRole::User, "Say hello.");
                let options = ChatOptions::default().with_connect(connect);
                llm.chat(&question, &options)?.next().await.transpose()?;
            }
            Self::Tts(tts) => {
                let options = SynthesizeOptions::default().with_connect(connect);
                tts.synthesize("Hello.", &options)?.next().await.transpose()?;
            }
            Self::Stt(stt) => {
                let options = RecognizeOptions::default().with_connect(connect);
                let silence = AudioFrame::new(vec![0; 16_000], 16_000, 1)?;
                if stt.capabilities().offline_recognize {
                    stt.recognize(silence.as_ref(), &options).await?;
                } else {
                    stt.stream(&options)?.feed([silence]).collect().await?;
                }
            }
            Self::Vad(_) => {}
        }
        Ok(())
    }
}
