//! Live transcription of whole utterances: a vad cuts them out.

use std::sync::Arc;
use std::time::Duration;

use futures_channel::mpsc;
use futures_util::StreamExt;
use futures_util::future::try_join;

use crate::audio::{AudioFrame, AudioFrameRef, samples_to_duration};
use crate::error::{Error, ErrorKind, Result};
use crate::kinds::{
    RecognitionUsage, RecognizeInput, RecognizeOptions, RecognizeStream, SpeechEvent, SpeechEventType, Stt,
    SttCapabilities, Vad, VadEvent, VadEventType, VadStream,
};
use crate::stream::{BoxFuture, EventSender, InputHalf, InputReceiver};

/// How many utterances may wait for their transcript. When the plugin is slower than the speaker for so long, the stream
/// takes no more audio until it has caught up.
const WAITING_UTTERANCES: usize = 4;

/// A live transcription made of a plugin that transcribes whole utterances and a vad that cuts them out.
///
/// Of each utterance come `start_of_speech`, `end_of_speech`, then `final_transcript` unless nothing was understood, and
/// `recognition_usage`; never an interim transcript. The next utterance's edges may come before this one's transcript;
/// transcripts come in the order of the utterances. A transcript without times of its own gets those of its utterance.
///
/// A flush ends the segment: speech that is open ends there, and the vad starts anew. [`recognize`](Stt::recognize) is the
/// plugin's own. A failed transcription ends the stream with its error; who wants to go on puts the adapter into an
/// [`SttFallback`](super::SttFallback).
///
/// The vad works on the thread that polls the events.
///
/// ```
/// use std::sync::Arc;
/// use lk_plugin::adapters::SttStreamAdapter;
/// use lk_plugin::{AudioFrame, RecognizeOptions, Result, SpeechEvent, Stt, Vad};
///
/// async fn transcripts(stt: Arc<dyn Stt>, vad: Arc<dyn Vad>, frames: Vec<AudioFrame>) -> Result<Vec<SpeechEvent>> {
///     let live = SttStreamAdapter::new(stt, vad);
///     live.stream(&RecognizeOptions::default())?.feed(frames).collect().await
/// }
/// ```
pub struct SttStreamAdapter {
    stt: Arc<dyn Stt>,
    vad: Arc<dyn Vad>,
}

impl SttStreamAdapter {
    /// A live transcription by `stt` of what `vad` cuts out.
    #[must_use]
    pub fn new(stt: Arc<dyn Stt>, vad: Arc<dyn Vad>) -> Self {
        Self { stt, vad }
    }
}

impl Stt for SttStreamAdapter {
    fn capabilities(&self) -> SttCapabilities {
        self.stt
            .capabilities()
            .with_streaming(true)
            .with_interim_results(false)
            .with_diarization(false)
            .with_chat_context(false)
            .with_manual_flush(true)
    }

    fn model(&self) -> &str {
        self.stt.model()
    }

    fn provider(&self) -> &str {
        self.stt.provider()
    }

    fn recognize(&self, audio: AudioFrameRef<'_>, options: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
        self.stt.recognize(audio, options)
    }

    fn stream(&self, options: &RecognizeOptions) -> Result<RecognizeStream> {
        if !self.stt.capabilities().offline_recognize {
            return Err(Error::unsupported(
                "the plugin behind this stream transcribes no whole utterances (its `offline_recognize` is false); use its own `stream`",
            ));
        }
        let listening = Listening {
            vad: Arc::clone(&self.vad),
            stream: self.vad.stream()?,
            events: Vec::new(),
            from: 0,
            heard: 0,
            sample_rate: 0,
        };
        let (stt, options) = (Arc::clone(&self.stt), options.clone());
        Ok(RecognizeStream::from_fn(move |input, events| async move {
            // The queue adds a place per sender to what it is given.
            let (utterances, waiting) = mpsc::channel(WAITING_UTTERANCES - 1);
            let utterances = InputHalf::new(Box::new(utterances));
            try_join(listen(listening, input, utterances, events.clone()), transcribe(stt, options, waiting, events))
                .await
                .map(|_| ())
        }))
    }

    fn prewarm(&self) {
        self.stt.prewarm();
        self.vad.prewarm();
    }
}

/// Something that was said.
struct Utterance {
    audio: AudioFrame,
    /// From the stream's start.
    start_time: Duration,
}

/// An edge of speech; of the end with what was said.
enum Edge {
    Start,
    End(Utterance),
}

/// The vad and where it is in the stream.
struct Listening {
    vad: Arc<dyn Vad>,
    stream: Box<dyn VadStream>,
    events: Vec<VadEvent>,
    // In samples of one channel: where the vad's zero is, and how much was heard.
    from: u64,
    heard: u64,
    sample_rate: u32,
}

impl Listening {
    fn push(&mut self, frame: &AudioFrame) -> Result<Vec<Edge>> {
        self.events.clear();
        self.stream.push(frame.as_ref(), &mut self.events)?;
        self.heard += frame.samples_per_channel() as u64;
        self.sample_rate = frame.sample_rate();
        self.edges()
    }

    /// Speech that is open ends here.
    fn end(&mut self) -> Result<Vec<Edge>> {
        self.events.clear();
        self.stream.end_input(&mut self.events)?;
        self.edges()
    }

    /// The vad starts anew, here.
    fn restart(&mut self) -> Result<()> {
        self.stream = self.vad.stream()?;
        self.from = self.heard;
        Ok(())
    }

    fn has_heard(&self) -> bool {
        self.heard > self.from
    }

    fn edges(&self) -> Result<Vec<Edge>> {
        let mut edges = Vec::new();
        for event in &self.events {
            match event.event_type {
                VadEventType::InferenceDone => {}
                VadEventType::StartOfSpeech => edges.push(Edge::Start),
                VadEventType::EndOfSpeech => {
                    let audio = self.stream.audio(event).ok_or_else(|| {
                        Error::new(ErrorKind::Plugin, "the vad ended an utterance and gave no audio with it")
                    })?;
                    let start_time = samples_to_duration(self.from, self.sample_rate) + event.audio.start_time();
                    edges.push(Edge::End(Utterance { audio: audio.into(), start_time }));
                }
            }
        }
        Ok(edges)
    }
}

async fn listen(
    mut listening: Listening,
    mut input: InputReceiver<RecognizeInput>,
    mut utterances: InputHalf<Utterance>,
    mut events: EventSender<SpeechEvent>,
) -> Result<()> {
    loop {
        let item = input.next().await;
        let edges = match &item {
            Some(RecognizeInput::Frame(frame)) => listening.push(frame)?,
            Some(RecognizeInput::Flush) if !listening.has_heard() => continue,
            Some(RecognizeInput::Flush) => {
                let edges = listening.end()?;
                listening.restart()?;
                edges
            }
            None => listening.end()?,
        };
        for edge in edges {
            match edge {
                Edge::Start => events.send(SpeechEvent::new(SpeechEventType::StartOfSpeech)).await?,
                Edge::End(utterance) => {
                    events.send(SpeechEvent::new(SpeechEventType::EndOfSpeech)).await?;
                    utterances.push(utterance).await?;
                }
            }
        }
        if item.is_none() {
            return Ok(());
        }
    }
}

async fn transcribe(
    stt: Arc<dyn Stt>,
    options: RecognizeOptions,
    mut waiting: mpsc::Receiver<Utterance>,
    mut events: EventSender<SpeechEvent>,
) -> Result<()> {
    while let Some(utterance) = waiting.next().await {
        let start = options.start_time_offset.saturating_add(utterance.start_time);
        let duration = utterance.audio.duration();
        let call = options.clone().with_start_time_offset(start);
        let mut event = stt.recognize(utterance.audio.as_ref(), &call).await?;
        // No longer needed, and it may be a minute of audio.
        drop(utterance);
        let usage = event.recognition_usage.take().unwrap_or_else(|| RecognitionUsage::of_audio(duration));
        let usage = SpeechEvent::usage(usage).with_request_id(event.request_id.as_str());
        if !event.text().trim().is_empty() {
            event.event_type = SpeechEventType::FinalTranscript;
            for data in &mut event.alternatives {
                if data.end_time.is_zero() {
                    (data.start_time, data.end_time) = (start, start.saturating_add(duration));
                }
            }
            events.send(event).await?;
        }
        events.send(usage).await?;
    }
    Ok(())
}
