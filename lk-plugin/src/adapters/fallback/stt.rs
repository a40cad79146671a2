//! Transcriptions, one after the other.

use std::sync::Arc;

use super::stt_live::Live;
use super::{FallbackOptions, Member, Members, Turns};
use crate::adapters::SttStreamAdapter;
use crate::adapters::timer::{sleep, within};
use crate::audio::{AudioFrame, AudioFrameRef};
use crate::error::{Error, Result};
use crate::kinds::{
    AlignedTranscript, Kind, RecognizeOptions, RecognizeStream, SpeechEvent, SpeechEventType, Stt, SttCapabilities, Vad,
};
use crate::monitor::Monitor;
use crate::stream::{BoxFuture, boxed};

/// Transcriptions of which the next one goes on when one fails: see [`FallbackOptions`].
///
/// A live stream keeps the audio since the last final transcript. The next member hears it, so that nothing is lost, and tells
/// the times as if it had been there from the start; starts and ends of speech still come in turn.
///
/// ```no_run
/// use std::sync::Arc;
/// use lk_plugin::adapters::SttFallback;
/// use lk_plugin::{Config, Registry, Stt, Vad};
///
/// let registry = Registry::global();
/// let cloud: Arc<dyn Stt> = registry.create::<dyn Stt>("openai/whisper-1", &Config::new())?.into();
/// let local: Arc<dyn Stt> = registry.create::<dyn Stt>("my-whisper", &Config::new())?.into();
/// let vad: Arc<dyn Vad> = registry.create::<dyn Vad>("silero", &Config::new())?.into();
/// let stt = SttFallback::new([("cloud", cloud), ("local", local)], Some(vad))?;
/// # Ok::<(), lk_plugin::Error>(())
/// ```
pub struct SttFallback {
    members: Arc<Members<dyn Stt>>,
}

impl SttFallback {
    /// A fallback of these plugins, the first choice first, each with the name that errors and events call it by; with the
    /// [usual](FallbackOptions::of) options. Members that know no live streams get them through `vad`
    /// ([`SttStreamAdapter`]).
    ///
    /// # Errors
    ///
    /// [`Config`](crate::ErrorKind::Config) without a member; or when some know live streams and some do not, and there is no
    /// vad. (When none of them does and there is no vad, the fallback knows none either.)
    pub fn new(
        members: impl IntoIterator<Item = (impl Into<String>, Arc<dyn Stt>)>,
        vad: Option<Arc<dyn Vad>>,
    ) -> Result<Self> {
        Self::with_options(members, vad, FallbackOptions::of(Kind::Stt), Monitor::global())
    }

    /// A fallback with these options that reports to `monitor`.
    ///
    /// # Errors
    ///
    /// As [`new`](SttFallback::new).
    pub fn with_options(
        members: impl IntoIterator<Item = (impl Into<String>, Arc<dyn Stt>)>,
        vad: Option<Arc<dyn Vad>>,
        options: FallbackOptions,
        monitor: &Monitor,
    ) -> Result<Self> {
        let members: Vec<(String, Arc<dyn Stt>)> = members.into_iter().map(|(name, stt)| (name.into(), stt)).collect();
        let members = with_streams(members, vad)?;
        Ok(Self { members: Arc::new(Members::new(Kind::Stt, members, options, monitor)?) })
    }
}

fn with_streams(
    members: Vec<(String, Arc<dyn Stt>)>,
    vad: Option<Arc<dyn Vad>>,
) -> Result<Vec<(String, Arc<dyn Stt>)>> {
    let streams = |stt: &Arc<dyn Stt>| stt.capabilities().streaming;
    let without: Vec<String> =
        members.iter().filter(|(_, stt)| !streams(stt)).map(|(name, _)| format!("`{name}`")).collect();
    match vad {
        None if !without.is_empty() && without.len() < members.len() => Err(Error::config(format!(
            "{} transcribe(s) no live streams, which other members do; give a vad that cuts the audio for it, or leave it out",
            without.join(", ")
        ))),
        None => Ok(members),
        Some(vad) => Ok(members
            .into_iter()
            .map(|(name, stt)| match streams(&stt) {
                true => (name, stt),
                false => (name, Arc::new(SttStreamAdapter::new(stt, Arc::clone(&vad))) as Arc<dyn Stt>),
            })
            .collect()),
    }
}

impl Stt for SttFallback {
    fn capabilities(&self) -> SttCapabilities {
        let all: Vec<SttCapabilities> = self.members.list.iter().map(|member| member.plugin.capabilities()).collect();
        let every = |can: fn(&SttCapabilities) -> bool| all.iter().all(can);
        let some = |can: fn(&SttCapabilities) -> bool| all.iter().any(can);
        let is_aligned = |can: &SttCapabilities| can.aligned_transcript != AlignedTranscript::None;
        let aligned = all.first().filter(|_| all.iter().all(is_aligned)).map(|first| first.aligned_transcript);
        SttCapabilities::default()
            .with_streaming(every(|can| can.streaming))
            .with_interim_results(every(|can| can.interim_results))
            .with_diarization(every(|can| can.diarization))
            .with_aligned_transcript(aligned.unwrap_or_default())
            .with_offline_recognize(some(|can| can.offline_recognize))
            .with_keyterms(some(|can| can.keyterms))
            .with_chat_context(some(|can| can.chat_context))
            .with_manual_flush(every(|can| can.manual_flush))
    }

    fn model(&self) -> &str {
        super::MODEL
    }

    fn provider(&self) -> &str {
        super::PROVIDER
    }

    fn recognize(&self, audio: AudioFrameRef<'_>, options: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
        let members = Arc::clone(&self.members);
        let options = options.clone().with_connect(members.options.connect(options.connect));
        let asked = Arc::new(Utterance { audio: audio.into(), options });
        boxed(transcribe(members, asked))
    }

    fn stream(&self, options: &RecognizeOptions) -> Result<RecognizeStream> {
        if !self.capabilities().streaming {
            return Err(Error::unsupported(
                "the members of this fallback transcribe only whole utterances (their `streaming` is false); give it a vad, or call `recognize`",
            ));
        }
        let members = Arc::clone(&self.members);
        let options = options.clone().with_connect(members.options.connect(options.connect));
        Ok(RecognizeStream::from_fn(move |input, events| Live::new(members, options, input, events).run()))
    }

    fn prewarm(&self) {
        if let Some(first) = self.members.list.first() {
            first.plugin.prewarm();
        }
    }
}

/// What is to be transcribed.
struct Utterance {
    audio: AudioFrame,
    options: RecognizeOptions,
}

async fn transcribe(members: Arc<Members<dyn Stt>>, asked: Arc<Utterance>) -> Result<SpeechEvent> {
    members.passed_over().for_each(|member| probe(&members, member, &asked));
    let options = &members.options;
    let mut turns = Turns::new(&members);
    if !turns.retain(takes_wholes) {
        return Err(Error::unsupported(
            "the members of this fallback transcribe only live streams (their `offline_recognize` is false); call `stream`",
        ));
    }
    while let Some(member) = turns.next() {
        let call = member.plugin.recognize(asked.audio.as_ref(), &asked.options);
        let error = match within(options.attempt_timeout, call).await {
            Some(Ok(event)) => {
                turns.succeeded(&member);
                return Ok(event);
            }
            Some(Err(error)) => error,
            None => options.timed_out(),
        };
        let pause = turns.failed(&member, error.into(), false, || probe(&members, &member, &asked))?;
        sleep(pause.unwrap_or_default()).await;
    }
    Err(turns.into_error())
}

fn takes_wholes(member: &Arc<Member<dyn Stt>>) -> bool {
    member.plugin.capabilities().offline_recognize
}

/// Asks the same again.
fn probe(members: &Members<dyn Stt>, member: &Arc<Member<dyn Stt>>, asked: &Arc<Utterance>) {
    if member.is_available() || !takes_wholes(member) {
        return;
    }
    let asked = Arc::clone(asked);
    members.probe(member, move |stt| {
        boxed(async move {
            let answer = stt.recognize(asked.audio.as_ref(), &asked.options).await;
            answer.is_ok_and(|event| event.event_type == SpeechEventType::FinalTranscript)
        })
    });
}
