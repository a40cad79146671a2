//! `tts/openai`: text to speech by `POST /audio/speech`.

use std::sync::Arc;

use lk_plugin::runtime::on_tokio;
use lk_plugin::{
    ChunkedStream, Error, EventStream, Result, SynthesizeOptions, Tts, TtsCapabilities, lk_plugin,
};

use super::client::Client;
use super::connection::openai_config;
use super::preset::Preset;

mod conform;
mod format;
mod frames;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod opus;
mod packed;
mod raw;
mod speech;
mod wav;

pub use self::format::SpeechFormat;
use self::speech::Voice;

openai_config! {
    /// How [`OpenAiTts`] sounds, and where its server is.
    #[config(check = OpenAiTtsConfig::check)]
    pub struct OpenAiTtsConfig {
        /// The model. Unless given, the preset's: `gpt-4o-mini-tts` for `openai` and `azure`.
        model: Option<String>,
        /// Who speaks: `alloy`, `ash`, `coral`, …; another server has other voices.
        #[config(default = "ash", length = 1..)]
        voice: String,
        /// How fast, as a multiple of the usual.
        #[config(default = 1.0, range = 0.25..=4.0)]
        speed: f64,
        /// How to speak, as in `cheerful and quick`; for models that take it (`gpt-4o-mini-tts`).
        instructions: Option<String>,
        /// What to ask the server for. What it sends is decoded whatever it is: its `Content-Type` and its first bytes
        /// decide.
        #[config(default = "mp3")]
        response_format: SpeechFormat,
        /// The rate of the frames. What the server sends at another rate is resampled.
        #[config(default = 24_000, range = 8_000..=48_000, unit = "Hz")]
        sample_rate: u32,
        /// The rate of raw `pcm`, unless the answer's `Content-Type` tells it (`audio/pcm;rate=22050`). OpenAI's is
        /// 24,000 Hz; with the wrong one, speech is too fast or too slow.
        #[config(default = 24_000, range = 8_000..=192_000, unit = "Hz")]
        pcm_sample_rate: u32,
        /// How the server sends audio: `audio` as it is, `sse` in events. Unless given, `sse` for the models of OpenAI
        /// that can, else nothing is asked for and the server decides.
        stream_format: Option<StreamFormat>,
    }
}

/// How `/audio/speech` sends audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, lk_plugin::ConfigValue)]
pub enum StreamFormat {
    /// The audio itself.
    Audio,
    /// Server-sent events with pieces of it.
    Sse,
}

impl OpenAiTtsConfig {
    fn check(&self) -> Result<(), String> {
        if self.model.as_deref().is_some_and(|model| model.trim().is_empty()) {
            return Err("`model` is empty; name one, or leave it out".to_owned());
        }
        if self.stream_format == Some(StreamFormat::Sse) && self.model.as_deref().is_some_and(sends_audio_only) {
            return Err("`tts-1` and `tts-1-hd` cannot send `stream_format` `sse`; give `audio`, or leave it out".to_owned());
        }
        Ok(())
    }
}

/// Text to speech by OpenAI, or by a server that speaks its API.
///
/// One request a text; the first frame comes before the answer is whole. Compressed audio is decoded on a thread of its
/// own, which ends with the stream: see `docs/openai.md`.
#[derive(Debug)]
pub struct OpenAiTts {
    client: Client,
    voice: Arc<Voice>,
    provider: String,
}

#[lk_plugin(kind = "tts", name = "openai", description = "Speaks with OpenAI, or with any server that speaks its API")]
impl OpenAiTts {
    /// A text-to-speech that speaks as `config` says.
    ///
    /// # Errors
    ///
    /// [`Config`](lk_plugin::ErrorKind::Config): no key, no model, or an address that cannot be used.
    pub fn new(config: OpenAiTtsConfig) -> Result<Self> {
        let client = Client::new(config.connection())?;
        let model = match config.model.as_deref().or(config.preset.facts().tts_model) {
            Some(model) => model.to_owned(),
            None => {
                let preset = config.preset.facts().name;
                return Err(Error::config(format!("the preset `{preset}` has no speech model of its own; give `model`")));
            }
        };
        // Others reject what they do not know, so they are asked for it only when the config says so.
        let stream_format = match config.stream_format {
            None if matches!(config.preset, Preset::OpenAi | Preset::Azure) => {
                Some(if sends_audio_only(&model) { StreamFormat::Audio } else { StreamFormat::Sse })
            }
            given => given,
        };
        let voice = Voice {
            model,
            voice: config.voice,
            speed: config.speed,
            instructions: config.instructions.filter(|text| !text.is_empty()),
            response_format: config.response_format,
            stream_format,
            sample_rate: config.sample_rate,
            pcm_sample_rate: config.pcm_sample_rate,
        };
        let provider = client.endpoint().host().to_owned();
        Ok(Self { client, voice: Arc::new(voice), provider })
    }
}

impl Tts for OpenAiTts {
    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities::default()
    }

    fn sample_rate(&self) -> u32 {
        self.voice.sample_rate
    }

    fn channels(&self) -> u16 {
        1
    }

    fn model(&self) -> &str {
        &self.voice.model
    }

    fn provider(&self) -> &str {
        &self.provider
    }

    fn synthesize(&self, text: &str, options: &SynthesizeOptions) -> Result<ChunkedStream> {
        let (client, voice) = (self.client.clone(), Arc::clone(&self.voice));
        let (text, connect) = (text.to_owned(), options.connect);
        Ok(EventStream::from_fn(move |events| {
            on_tokio(async move { speech::speak(&client, &voice, &text, &connect, events).await })
        }))
    }

    fn prewarm(&self) {
        self.client.prewarm();
    }
}

/// The first models have no events.
fn sends_audio_only(model: &str) -> bool {
    model.starts_with("tts-1")
}
