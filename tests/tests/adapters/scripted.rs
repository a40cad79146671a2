//! Plugins that do what a test says, a step for each call; the last step holds for all further calls.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lk_plugin::{
    AudioFrame, AudioFrameRef, BoxFuture, ChatChunk, ChatContext, ChatOptions, ChunkedStream, CompletionUsage, Error,
    ErrorKind, EventStream, Llm, LlmStream, RecognizeInput, RecognizeOptions, RecognizeStream, Result, SpeechData,
    SpeechEvent, SpeechEventType, Stt, SttCapabilities, SynthesizeOptions, SynthesizedAudio, Tts, TtsCapabilities,
    boxed,
};

/// What a call does.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Gives this text; speech of as many 10 ms as it has characters.
    Say(&'static str),
    /// Fails with this status.
    Fail(u16),
    /// Gives this text, then fails.
    SayAndFail(&'static str),
    /// Gives this text, then nothing, for ever.
    SayAndStall(&'static str),
    /// Is connected and silent.
    Silence,
    /// Ends with nothing to say.
    Nothing,
    /// Refuses what the caller asked for.
    Refuse,
}

use Step::*;

/// The steps, and what was asked.
pub(crate) struct Scripted {
    name: &'static str,
    steps: Vec<Step>,
    turn: AtomicUsize,
    /// Texts spoken, or the milliseconds of audio that came.
    pub(crate) asked: Mutex<Vec<String>>,
    /// Calls that are under way.
    pub(crate) open: Arc<AtomicUsize>,
    pub(crate) sample_rate: u32,
    pub(crate) channels: u16,
    pub(crate) streaming: bool,
}

impl Scripted {
    pub(crate) fn new(name: &'static str, steps: impl Into<Vec<Step>>) -> Self {
        Self {
            name,
            steps: steps.into(),
            turn: AtomicUsize::new(0),
            asked: Mutex::default(),
            open: Arc::default(),
            sample_rate: 16_000,
            channels: 1,
            streaming: false,
        }
    }

    pub(crate) fn calls(&self) -> usize {
        self.turn.load(Ordering::SeqCst)
    }

    fn step(&self, asked: impl Into<String>) -> (Step, String, Open) {
        self.open.fetch_add(1, Ordering::SeqCst);
        let open = Open(Arc::clone(&self.open));
        let turn = self.turn.fetch_add(1, Ordering::SeqCst);
        self.asked.lock().unwrap().push(asked.into());
        let id = format!("{}-{}", self.name, turn + 1);
        (self.steps[turn.min(self.steps.len() - 1)].clone(), id, open)
    }
}

/// Counts while a call is under way.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn failure(status: u16) -> Error {
    Error::from_status(status, "the server is ill").with_request_id("r-7")
}

fn refusal() -> Error {
    Error::invalid_input("this is not to be answered")
}

impl Llm for Scripted {
    fn model(&self) -> &str {
        self.name
    }

    fn provider(&self) -> &str {
        "llm.example.com"
    }

    fn chat(&self, _: &ChatContext, options: &ChatOptions) -> Result<LlmStream> {
        let (step, id, open) = self.step(format!("{} retries", options.connect.max_retry));
        if matches!(step, Refuse) {
            return Err(refusal());
        }
        Ok(EventStream::from_fn(move |mut chunks| async move {
            let _open = open;
            let mut hello = ChatChunk::default();
            hello.id.clone_from(&id);
            match step {
                Nothing => return Ok(()),
                // Says who it is, which is no answer yet.
                _ => chunks.send(hello).await?,
            }
            match step {
                Say(text) => {
                    for word in text.split_inclusive(' ') {
                        chunks.send(ChatChunk::text(id.as_str(), word)).await?;
                    }
                    let mut usage = CompletionUsage::new(7, 3);
                    usage.reasoning_tokens = 1;
                    chunks.send(ChatChunk::usage(id, usage)).await
                }
                Fail(status) => Err(failure(status)),
                SayAndFail(text) => {
                    chunks.send(ChatChunk::text(id, text)).await?;
                    Err(failure(500))
                }
                SayAndStall(text) => {
                    chunks.send(ChatChunk::text(id, text)).await?;
                    std::future::pending().await
                }
                Silence => std::future::pending().await,
                Nothing | Refuse => Ok(()),
            }
        }))
    }
}

impl Tts for Scripted {
    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities::default()
    }

    fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    fn channels(&self) -> u16 {
        self.channels
    }

    fn model(&self) -> &str {
        self.name
    }

    fn synthesize(&self, text: &str, _: &SynthesizeOptions) -> Result<ChunkedStream> {
        let (step, id, open) = self.step(text);
        if matches!(step, Refuse) {
            return Err(refusal());
        }
        let (rate, channels) = (self.sample_rate, self.channels);
        Ok(EventStream::from_fn(move |mut audio| async move {
            let _open = open;
            let (frames, end) = match step {
                Say(text) => (text.chars().count(), "end"),
                SayAndFail(text) => (text.chars().count(), "fail"),
                SayAndStall(text) => (text.chars().count(), "stall"),
                Silence => (0, "stall"),
                Fail(status) => return Err(failure(status)),
                Nothing | Refuse => (0, "end"),
            };
            for number in 0..frames {
                let samples = vec![1_000; rate as usize / 100 * usize::from(channels)];
                let piece = SynthesizedAudio::new(AudioFrame::new(samples, rate, channels)?, id.as_str());
                audio.send(piece.with_final(end == "end" && number + 1 == frames)).await?;
            }
            match end {
                "end" => Ok(()),
                "fail" => Err(failure(500)),
                _ => std::future::pending().await,
            }
        }))
    }
}

impl Stt for Scripted {
    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities::default().with_streaming(self.streaming)
    }

    fn model(&self) -> &str {
        self.name
    }

    fn recognize(&self, audio: AudioFrameRef<'_>, _: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
        let (step, id, open) = self.step(audio.duration().as_millis().to_string());
        boxed(async move {
            let _open = open;
            match step {
                Say(text) | SayAndFail(text) | SayAndStall(text) => {
                    Ok(SpeechEvent::final_transcript(SpeechData::new("en", text)).with_request_id(id))
                }
                Fail(status) => Err(failure(status)),
                Silence => std::future::pending().await,
                Nothing => Ok(SpeechEvent::final_transcript(SpeechData::new("en", ""))),
                Refuse => Err(refusal()),
            }
        })
    }

    /// Each flushed segment is said in this step's text; a failure comes when 100 ms are heard, after a first segment if the
    /// step has one.
    fn stream(&self, options: &RecognizeOptions) -> Result<RecognizeStream> {
        if !self.streaming {
            return Err(Error::unsupported("it does not"));
        }
        let (step, id, open) = self.step(options.start_time_offset.as_millis().to_string());
        let offset = options.start_time_offset;
        Ok(RecognizeStream::from_fn(move |mut input, mut events| async move {
            let _open = open;
            let (mut heard, mut begin, mut speaking) = (Duration::ZERO, Duration::ZERO, false);
            loop {
                match input.next().await {
                    Some(RecognizeInput::Frame(frame)) => {
                        if !std::mem::replace(&mut speaking, true) {
                            events.send(SpeechEvent::new(SpeechEventType::StartOfSpeech)).await?;
                        }
                        heard += frame.duration();
                        let is_far = heard - begin >= Duration::from_millis(100);
                        match step {
                            Fail(status) if is_far => return Err(failure(status)),
                            SayAndFail(_) if is_far && !begin.is_zero() => return Err(failure(500)),
                            Silence | SayAndStall(_) if is_far => std::future::pending().await,
                            _ => {}
                        }
                    }
                    flush_or_end => {
                        if std::mem::take(&mut speaking) {
                            let (Say(text) | SayAndFail(text) | SayAndStall(text)) = step else {
                                return Err(Error::new(ErrorKind::Api, "nothing to say"));
                            };
                            let times = (offset + begin, offset + heard);
                            let data = SpeechData::new("en", text).with_times(times.0, times.1);
                            events.send(SpeechEvent::final_transcript(data).with_request_id(id.as_str())).await?;
                            events.send(SpeechEvent::new(SpeechEventType::EndOfSpeech)).await?;
                            begin = heard;
                        }
                        if flush_or_end.is_none() {
                            return Ok(());
                        }
                    }
                }
            }
        }))
    }
}
