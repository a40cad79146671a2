//! Voices, one after the other.

use std::sync::Arc;

use super::tts_live::Live;
use super::{Failure, FallbackOptions, Member, Members, Turns, next_in_time};
use crate::adapters::TtsStreamAdapter;
use crate::adapters::rate::RateConverter;
use crate::adapters::timer::{Patience, sleep};
use crate::audio::SAMPLE_RATES;
use crate::error::{Error, ErrorKind, Result};
use crate::kinds::{ChunkedStream, Kind, SynthesizeOptions, SynthesizeStream, SynthesizedAudio, Tts, TtsCapabilities};
use crate::monitor::Monitor;
use crate::stream::{EventSender, EventStream, boxed};

/// Voices of which the next one goes on when one fails: see [`FallbackOptions`].
///
/// All speak at one rate, resampled where theirs is another; those that know no live streams get them through
/// [`TtsStreamAdapter`]. Once part of a segment is heard, a failure is the stream's end, unless
/// [`switch_after_output`](FallbackOptions::switch_after_output); between segments the next voice goes on.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use lk_plugin::adapters::{FallbackOptions, TtsFallback};
/// use lk_plugin::monitor::Monitor;
/// use lk_plugin::{Kind, Result, Tts};
///
/// fn voices(cloud: Arc<dyn Tts>, local: Arc<dyn Tts>) -> Result<TtsFallback> {
///     let options = FallbackOptions::of(Kind::Tts).with_attempt_timeout(Duration::from_secs(3)).with_sample_rate(24_000);
///     TtsFallback::with_options([("cloud", cloud), ("local", local)], options, Monitor::global())
/// }
/// ```
pub struct TtsFallback {
    members: Arc<Members<dyn Tts>>,
    format: Format,
    aligned: bool,
}

/// The rate in Hz and the channels of all frames.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    pub(super) sample_rate: u32,
    pub(super) channels: u16,
}

impl Format {
    /// From what a member speaks.
    pub(super) fn converter(self, tts: &dyn Tts) -> Result<RateConverter> {
        RateConverter::new(tts.sample_rate(), self.sample_rate, self.channels)
    }
}

impl TtsFallback {
    /// A fallback of these voices, the first choice first, each with the name that errors and events call it by; with the
    /// [usual](FallbackOptions::of) options.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config) without a member, when their numbers of channels differ, or the rate is impossible.
    pub fn new(members: impl IntoIterator<Item = (impl Into<String>, Arc<dyn Tts>)>) -> Result<Self> {
        Self::with_options(members, FallbackOptions::of(Kind::Tts), Monitor::global())
    }

    /// A fallback with these options that reports to `monitor`.
    ///
    /// # Errors
    ///
    /// As [`new`](TtsFallback::new).
    pub fn with_options(
        members: impl IntoIterator<Item = (impl Into<String>, Arc<dyn Tts>)>,
        options: FallbackOptions,
        monitor: &Monitor,
    ) -> Result<Self> {
        let members: Vec<(String, Arc<dyn Tts>)> = members
            .into_iter()
            .map(|(name, tts)| match tts.capabilities().streaming {
                true => (name.into(), tts),
                false => (name.into(), Arc::new(TtsStreamAdapter::new(tts)) as Arc<dyn Tts>),
            })
            .collect();
        let format = common_format(&members, options.sample_rate)?;
        let aligned = members.iter().all(|(_, tts)| tts.capabilities().aligned_transcript);
        Ok(Self { members: Arc::new(Members::new(Kind::Tts, members, options, monitor)?), format, aligned })
    }
}

fn common_format(members: &[(String, Arc<dyn Tts>)], sample_rate: Option<u32>) -> Result<Format> {
    let channels = members.first().map_or(1, |(_, tts)| tts.channels());
    if members.iter().any(|(_, tts)| tts.channels() != channels) {
        let each: Vec<String> = members.iter().map(|(name, tts)| format!("`{name}` has {}", tts.channels())).collect();
        return Err(Error::config(format!(
            "the voices of a fallback must have the same number of channels, but {}; leave out those that differ",
            each.join(", ")
        )));
    }
    let highest = members.iter().map(|(_, tts)| tts.sample_rate()).max();
    let sample_rate = sample_rate.or(highest).unwrap_or(24_000);
    if !SAMPLE_RATES.contains(&sample_rate) {
        return Err(Error::config(format!(
            "a sample rate of `{sample_rate}` Hz is impossible; give one between {} and {} Hz",
            SAMPLE_RATES.start(),
            SAMPLE_RATES.end()
        )));
    }
    Ok(Format { sample_rate, channels })
}

impl Tts for TtsFallback {
    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities::default().with_streaming(true).with_aligned_transcript(self.aligned)
    }

    fn sample_rate(&self) -> u32 {
        self.format.sample_rate
    }

    fn channels(&self) -> u16 {
        self.format.channels
    }

    fn model(&self) -> &str {
        super::MODEL
    }

    fn provider(&self) -> &str {
        super::PROVIDER
    }

    fn synthesize(&self, text: &str, options: &SynthesizeOptions) -> Result<ChunkedStream> {
        let (members, format) = (Arc::clone(&self.members), self.format);
        let options = options.clone().with_connect(members.options.connect(options.connect));
        let asked = Arc::new(Text { text: text.to_owned(), options });
        Ok(EventStream::from_fn(move |audio| speak(members, format, asked, audio)))
    }

    fn stream(&self, options: &SynthesizeOptions) -> Result<SynthesizeStream> {
        let (members, format) = (Arc::clone(&self.members), self.format);
        let options = options.clone().with_connect(members.options.connect(options.connect));
        Ok(SynthesizeStream::from_fn(move |input, audio| Live::new(members, format, options, input, audio).run()))
    }

    fn prewarm(&self) {
        if let Some(first) = self.members.list.first() {
            first.plugin.prewarm();
        }
    }
}

/// What is to be spoken.
pub(super) struct Text {
    pub(super) text: String,
    pub(super) options: SynthesizeOptions,
}

async fn speak(
    members: Arc<Members<dyn Tts>>,
    format: Format,
    asked: Arc<Text>,
    mut audio: EventSender<SynthesizedAudio>,
) -> Result<()> {
    members.passed_over().for_each(|member| probe(&members, member, &asked));
    let mut turns = Turns::new(&members);
    while let Some(member) = turns.next() {
        let mut delivered = false;
        let attempt = attempt(&members.options, &member, format, &asked, &mut audio, &mut delivered);
        let Err(failure) = attempt.await else {
            turns.succeeded(&member);
            return Ok(());
        };
        let pause = turns.failed(&member, failure, delivered, || probe(&members, &member, &asked))?;
        sleep(pause.unwrap_or_default()).await;
    }
    Err(turns.into_error())
}

async fn attempt(
    options: &FallbackOptions,
    member: &Member<dyn Tts>,
    format: Format,
    asked: &Text,
    audio: &mut EventSender<SynthesizedAudio>,
    delivered: &mut bool,
) -> Result<(), Failure> {
    let mut converter = format.converter(&*member.plugin)?;
    let mut stream = member.plugin.synthesize(&asked.text, &asked.options)?;
    let mut patience = Patience::new(options.attempt_timeout);
    while let Some(piece) = next_in_time(&mut stream, &mut patience, options).await {
        if let Some(piece) = converter.convert(piece?)? {
            *delivered = true;
            audio.send(piece).await.map_err(Failure::Gone)?;
        }
        patience.restart();
    }
    if !*delivered && !asked.text.trim().is_empty() {
        return Err(Error::new(ErrorKind::Api, "no audio came for the text").into());
    }
    Ok(())
}

/// Asks the same again, until the first audio.
pub(super) fn probe(members: &Members<dyn Tts>, member: &Arc<Member<dyn Tts>>, asked: &Arc<Text>) {
    if member.is_available() || asked.text.trim().is_empty() {
        return;
    }
    let asked = Arc::clone(asked);
    members.probe(member, move |tts| {
        boxed(async move {
            let Ok(mut stream) = tts.synthesize(&asked.text, &asked.options) else { return false };
            matches!(stream.next().await, Some(Ok(_)))
        })
    });
}
