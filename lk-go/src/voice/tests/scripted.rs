//! Plugins by script, whose streams are counted.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lk_plugin::{
    AudioFrame, AudioFrameRef, BoxFuture, ChatChunk, ChatContext, ChatOptions, ChunkedStream, Error, ErrorKind,
    EventStream, Llm, LlmStream, RecognizeOptions, RecognizeStream, Result, SampleRange, SpeechData, SpeechEvent, Stt,
    SttCapabilities, SynthesizeInput, SynthesizeOptions, SynthesizeStream, SynthesizedAudio, Tts, TtsCapabilities, Vad,
    VadCapabilities, VadEvent, VadEventType, VadStream, boxed,
};

pub(super) const RATE: u32 = 16_000;

/// Of 10 ms.
pub(super) const FRAME: usize = 160;

/// Speech at these times, in frames; an edge comes with the frame that ends there. It judges each frame by itself.
pub(super) struct ScriptedVad(pub(super) Vec<(u64, u64)>);

struct ScriptedVadStream {
    edges: Vec<(u64, u64)>,
    frames: u64,
    audio: Vec<i16>,
}

impl Vad for ScriptedVad {
    fn capabilities(&self) -> VadCapabilities {
        VadCapabilities::new(Duration::from_millis(10))
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        Ok(Box::new(ScriptedVadStream { edges: self.0.clone(), frames: 0, audio: Vec::new() }))
    }
}

impl ScriptedVadStream {
    fn event(&self, event_type: VadEventType, start: u64) -> VadEvent {
        let at = |frames: u64| frames * FRAME as u64;
        let audio = SampleRange { start: at(start), end: at(self.frames), sample_rate: RATE };
        let mut event = VadEvent::new(event_type, audio);
        event.timestamp = Duration::from_millis(10 * self.frames);
        event
    }
}

impl VadStream for ScriptedVadStream {
    fn push(&mut self, frame: AudioFrameRef<'_>, events: &mut Vec<VadEvent>) -> Result<()> {
        self.frames += 1;
        let (now, edges) = (self.frames, self.edges.clone());
        for (start, end) in edges {
            if start < now && now <= end {
                self.audio.extend(frame.mono());
            }
            if now == start {
                events.push(self.event(VadEventType::StartOfSpeech, start));
            } else if now == end {
                events.push(self.event(VadEventType::EndOfSpeech, start));
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    fn end_input(&mut self, events: &mut Vec<VadEvent>) -> Result<()> {
        let (now, open) =
            (self.frames, self.edges.iter().find(|(start, end)| *start <= self.frames && self.frames < *end));
        if let Some((start, _)) = open.filter(|_| now > 0) {
            events.push(self.event(VadEventType::EndOfSpeech, *start));
        }
        Ok(())
    }

    fn audio(&self, event: &VadEvent) -> Option<AudioFrameRef<'_>> {
        let length = usize::try_from(event.audio.samples()).ok()?;
        AudioFrameRef::new(&self.audio[self.audio.len().checked_sub(length)?..], RATE, 1).ok()
    }
}

/// How many streams are alive, how many frames were made, and what was asked.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) alive: AtomicUsize,
    pub(super) frames: AtomicUsize,
    pub(super) contexts: Mutex<Vec<ChatContext>>,
}

/// Counts as long as it lives.
struct Alive(Arc<Counts>);

impl Alive {
    fn new(counts: &Arc<Counts>) -> Self {
        counts.alive.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(counts))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Tells how much audio it got; or fails, each time.
pub(super) struct ScriptedStt {
    pub(super) live: bool,
    pub(super) fails: bool,
}

impl Stt for ScriptedStt {
    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities::default().with_streaming(self.live).with_offline_recognize(!self.live)
    }

    fn recognize(&self, audio: AudioFrameRef<'_>, _: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
        let text = format!("{} ms", audio.duration().as_millis());
        let fails = self.fails;
        boxed(async move {
            if fails {
                return Err(Error::new(ErrorKind::ApiTimeout, "no answer"));
            }
            Ok(SpeechEvent::final_transcript(SpeechData::new("en", text)))
        })
    }

    fn stream(&self, _: &RecognizeOptions) -> Result<RecognizeStream> {
        Ok(RecognizeStream::from_fn(|mut input, mut events| async move {
            let mut samples = Vec::new();
            while let Some(item) = input.next().await {
                if let lk_plugin::RecognizeInput::Frame(frame) = item {
                    samples.extend_from_slice(frame.samples());
                    let data = SpeechData::new("en", format!("{} samples", samples.len()));
                    events.send(SpeechEvent::interim_transcript(data)).await?;
                }
            }
            let (first, last) = (samples.first().copied().unwrap_or(0), samples.last().copied().unwrap_or(0));
            let data = SpeechData::new("en", format!("{} samples from {first} to {last}", samples.len()));
            events.send(SpeechEvent::final_transcript(data)).await
        }))
    }
}

/// Says the same each time, and then, if it is endless, goes on for ever.
pub(super) struct ScriptedLlm {
    pub(super) words: &'static str,
    pub(super) endless: bool,
    pub(super) counts: Arc<Counts>,
}

impl Llm for ScriptedLlm {
    fn chat(&self, context: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        if let Ok(mut contexts) = self.counts.contexts.lock() {
            contexts.push(context.clone());
        }
        let (words, endless, alive) = (self.words, self.endless, Alive::new(&self.counts));
        Ok(EventStream::from_fn(move |mut chunks| async move {
            let _alive = alive;
            for word in words.split_inclusive(' ') {
                chunks.send(ChatChunk::text("1", word)).await?;
            }
            if endless {
                std::future::pending::<()>().await;
            }
            Ok(())
        }))
    }
}

/// 10 ms for each character, in frames of 10 ms with the character; live ones speak from the first text on.
pub(super) struct ScriptedTts {
    pub(super) live: bool,
    // Fails after so many frames of a text.
    pub(super) fails_after: Option<usize>,
    pub(super) counts: Arc<Counts>,
}

impl ScriptedTts {
    async fn speak(
        text: String,
        counts: &Counts,
        fails_after: Option<usize>,
        audio: &mut lk_plugin::EventSender<SynthesizedAudio>,
    ) -> Result<()> {
        for (index, letter) in text.chars().enumerate() {
            if fails_after == Some(index) {
                return Err(Error::from_status(503, "overloaded"));
            }
            counts.frames.fetch_add(1, Ordering::SeqCst);
            let frame = AudioFrame::new(vec![1000; 80], 8_000, 1)?;
            audio.send(SynthesizedAudio::new(frame, "r").with_delta_text(letter)).await?;
        }
        Ok(())
    }
}

impl Tts for ScriptedTts {
    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities::default().with_streaming(self.live)
    }

    fn sample_rate(&self) -> u32 {
        8_000
    }

    fn channels(&self) -> u16 {
        1
    }

    fn synthesize(&self, text: &str, _: &SynthesizeOptions) -> Result<ChunkedStream> {
        let (text, counts, fails_after, alive) =
            (text.to_owned(), Arc::clone(&self.counts), self.fails_after, Alive::new(&self.counts));
        Ok(EventStream::from_fn(move |mut audio| async move {
            let _alive = alive;
            Self::speak(text, &counts, fails_after, &mut audio).await
        }))
    }

    fn stream(&self, _: &SynthesizeOptions) -> Result<SynthesizeStream> {
        let (counts, fails_after, alive) = (Arc::clone(&self.counts), self.fails_after, Alive::new(&self.counts));
        Ok(SynthesizeStream::from_fn(move |mut input, mut audio| async move {
            let _alive = alive;
            while let Some(item) = input.next().await {
                if let SynthesizeInput::Text(text) = item {
                    Self::speak(text, &counts, fails_after, &mut audio).await?;
                }
            }
            Ok(())
        }))
    }
}
