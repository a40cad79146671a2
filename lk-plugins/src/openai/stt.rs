//! `stt/openai`: speech to text, a whole utterance at a time or live.

use std::sync::Arc;

use lk_plugin::{
    AlignedTranscript, AudioFrameRef, BoxFuture, Error, LanguageCode, RecognizeOptions, RecognizeStream, Result,
    SpeechEvent, Stt, SttCapabilities, boxed, lk_plugin,
};

use super::client::Client;

mod batch;
mod config;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod realtime;
mod segments;
mod transcript;
mod wav;

pub use self::config::{
    Eagerness, NoiseReduction, OpenAiSttConfig, TimestampGranularity, TranscriptFormat, TurnDetection, TurnDetectionMode,
};

/// Speech to text by OpenAI, or by a server that speaks its API.
///
/// [`recognize`](Stt::recognize) is one request. [`stream`](Stt::stream) is a realtime session over a websocket with
/// `use_realtime`, or a request a segment with `use_sse`; with neither there is none. See `docs/openai.md`.
#[derive(Debug)]
pub struct OpenAiStt {
    client: Client,
    listening: Arc<Listening>,
    provider: String,
    // The client of websockets, which HTTP/2 has none of; made when the config wants realtime.
    realtime: Option<Client>,
}

#[lk_plugin(kind = "stt", name = "openai", description = "Transcribes with OpenAI, or with any server that speaks its API")]
impl OpenAiStt {
    /// A speech-to-text that listens as `config` says.
    ///
    /// # Errors
    ///
    /// [`Config`](lk_plugin::ErrorKind::Config): no key, no model, options that the model does not take, or an address that
    /// cannot be used.
    pub fn new(config: OpenAiSttConfig) -> Result<Self> {
        let client = Client::new(config.connection())?;
        let listening = Listening::new(config)?;
        let realtime = if listening.use_realtime { Some(client.http1()?) } else { None };
        let provider = client.endpoint().host().to_owned();
        Ok(Self { client, listening: Arc::new(listening), provider, realtime })
    }
}

impl Stt for OpenAiStt {
    fn capabilities(&self) -> SttCapabilities {
        let listening = &self.listening;
        let streaming = listening.use_realtime || listening.config.use_sse;
        let aligned = match listening.format {
            // What comes live has no words with times.
            _ if streaming => AlignedTranscript::None,
            TranscriptFormat::VerboseJson if listening.wants(TimestampGranularity::Word) => AlignedTranscript::Word,
            TranscriptFormat::VerboseJson => AlignedTranscript::Chunk,
            TranscriptFormat::Json => AlignedTranscript::None,
        };
        SttCapabilities::default()
            .with_streaming(streaming)
            .with_interim_results(streaming)
            .with_manual_flush(streaming)
            .with_aligned_transcript(aligned)
            .with_offline_recognize(!config::is_realtime_only(&listening.model))
            .with_keyterms(config::takes_lists(&listening.model))
    }

    fn model(&self) -> &str {
        &self.listening.model
    }

    fn provider(&self) -> &str {
        &self.provider
    }

    fn recognize(&self, audio: AudioFrameRef<'_>, options: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
        if config::is_realtime_only(&self.listening.model) {
            let message = format!("`{}` transcribes only live streams; call `stream`", self.listening.model);
            return boxed(async move { Err(Error::unsupported(message)) });
        }
        let call = Call::new(&self.listening, options);
        // Now and not when polled: the audio is borrowed for this call alone.
        let (recording, duration) = (wav::recording(audio), audio.duration());
        boxed(lk_plugin::runtime::on_tokio(async move {
            batch::recognize(&self.client, &call, recording?, duration).await
        }))
    }

    fn stream(&self, options: &RecognizeOptions) -> Result<RecognizeStream> {
        let call = Call::new(&self.listening, options);
        if let Some(client) = self.realtime.clone() {
            return Ok(realtime::stream(client, call));
        }
        if self.listening.config.use_sse {
            return Ok(segments::stream(self.client.clone(), call));
        }
        Err(Error::unsupported(
            "this plugin transcribes only whole utterances unless its config says `use_realtime` or `use_sse`; cut the audio \
             with a vad and call `recognize`",
        ))
    }

    fn prewarm(&self) {
        self.client.prewarm();
    }
}

/// The config, with what follows from it.
#[derive(Debug)]
struct Listening {
    config: OpenAiSttConfig,
    model: String,
    format: TranscriptFormat,
    use_realtime: bool,
}

impl Listening {
    fn new(config: OpenAiSttConfig) -> Result<Self> {
        let model = config.model()?;
        let format = config.format(&model);
        let use_realtime = config.use_realtime.unwrap_or_else(|| config::is_realtime_only(&model));
        Ok(Self { model, format, use_realtime, config })
    }

    fn wants(&self, granularity: TimestampGranularity) -> bool {
        self.config.timestamp_granularities.contains(&granularity)
    }
}

/// One call: the instance's settings, with what holds for this call alone. Nothing of it goes back into the instance.
#[derive(Debug, Clone)]
struct Call {
    listening: Arc<Listening>,
    options: RecognizeOptions,
    // What may be spoken; none when it is for the server to find out.
    languages: Vec<LanguageCode>,
    keywords: Vec<String>,
}

impl Call {
    fn new(listening: &Arc<Listening>, options: &RecognizeOptions) -> Self {
        let config = &listening.config;
        let known = |language: &&LanguageCode| !language.as_str().is_empty();
        let languages = match &options.language {
            Some(language) => vec![language.clone()],
            None if config.detect_language => Vec::new(),
            None if !config.languages.is_empty() => config.languages.clone(),
            None => vec![config.language.clone()],
        };
        let mut keywords = config.keywords.clone();
        if config::takes_lists(&listening.model) {
            keywords.extend(options.keyterms.iter().filter(|word| !config.keywords.contains(word)).cloned());
        }
        Self {
            listening: Arc::clone(listening),
            options: options.clone(),
            languages: languages.iter().filter(known).cloned().collect(),
            keywords,
        }
    }

    /// The languages as the server wants them: without a region.
    fn hints(&self) -> Vec<&str> {
        let mut hints: Vec<&str> = Vec::new();
        for hint in self.languages.iter().map(LanguageCode::base) {
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        hints
    }

    /// The language of a transcript: what the server detected, else what it must be.
    fn language(&self, detected: Option<&str>) -> LanguageCode {
        match (detected.filter(|language| !language.is_empty()), &self.languages[..]) {
            (Some(detected), [only]) if LanguageCode::new(detected).base() == only.base() => only.clone(),
            (Some(detected), _) => LanguageCode::new(detected),
            (None, [only]) => only.clone(),
            (None, _) => LanguageCode::default(),
        }
    }
}
