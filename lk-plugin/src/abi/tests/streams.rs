//! Every call of every kind, through vtables.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_core::Stream;
use pollster::block_on;

use super::values::speech_event;
use super::{across_llm, across_stt, across_tts, across_vad, seconds};
use crate::audio::{AudioFrame, AudioFrameRef, SampleRange};
use crate::error::{Error, ErrorKind, Result};
use crate::kinds::*;
use crate::stream::{BoxFuture, EventStream, boxed};

struct Echo {
    name: String,
}

impl Echo {
    fn new() -> Self {
        Self { name: "echo-1".to_owned() }
    }
}

impl Stt for Echo {
    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities::default().with_streaming(true).with_aligned_transcript(AlignedTranscript::Chunk)
    }

    fn model(&self) -> &str {
        &self.name
    }

    fn recognize(&self, audio: AudioFrameRef<'_>, options: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
        let (samples, language) = (audio.samples().len(), options.language.clone());
        boxed(async move {
            let text = format!("{} heard {samples} in {language:?}", self.name);
            Ok(SpeechEvent::final_transcript(SpeechData::new("en", text)))
        })
    }

    fn stream(&self, options: &RecognizeOptions) -> Result<RecognizeStream> {
        if options.keyterms.iter().any(|term| term == "refuse") {
            return Err(Error::from_status(503, "not today").with_source("a cause"));
        }
        Ok(RecognizeStream::from_fn(|mut input, mut events| async move {
            let mut samples = 0;
            while let Some(item) = input.next().await {
                match item {
                    RecognizeInput::Frame(frame) => samples += frame.samples().len(),
                    RecognizeInput::Flush => {
                        let data = SpeechData::new("en", format!("{samples}"));
                        events.send(SpeechEvent::interim_transcript(data)).await?;
                    }
                }
            }
            events.send(speech_event()).await?;
            Err(Error::new(ErrorKind::ApiConnection, "gone"))
        }))
    }
}

impl Tts for Echo {
    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities::default().with_streaming(true)
    }

    fn sample_rate(&self) -> u32 {
        24_000
    }

    fn channels(&self) -> u16 {
        1
    }

    fn provider(&self) -> &str {
        "nobody"
    }

    fn synthesize(&self, text: &str, _: &SynthesizeOptions) -> Result<ChunkedStream> {
        let text = text.to_owned();
        Ok(EventStream::from_fn(|mut audio| async move {
            for word in text.split(' ') {
                let frame = AudioFrame::new(vec![word.len() as i16; 3], 24_000, 1)?;
                audio.send(SynthesizedAudio::new(frame, "r").with_delta_text(word)).await?;
            }
            Ok(())
        }))
    }

    fn stream(&self, _: &SynthesizeOptions) -> Result<SynthesizeStream> {
        Ok(SynthesizeStream::from_fn(|mut input, mut audio| async move {
            while let Some(item) = input.next().await {
                if let SynthesizeInput::Text(text) = item {
                    let frame = AudioFrame::new(vec![1], 24_000, 1)?;
                    audio.send(SynthesizedAudio::new(frame, text)).await?;
                }
            }
            Ok(())
        }))
    }
}

impl Llm for Echo {
    fn capabilities(&self) -> LlmCapabilities {
        LlmCapabilities::default().with_images(true)
    }

    fn chat(&self, context: &ChatContext, options: &ChatOptions) -> Result<LlmStream> {
        let answer = format!("{} items, {} tools", context.items.len(), options.tools.len());
        Ok(EventStream::from_fn(|mut chunks| async move {
            for letter in answer.chars() {
                chunks.send(ChatChunk::text("1", letter)).await?;
            }
            chunks.send(ChatChunk::usage("1", CompletionUsage::new(1, 2))).await
        }))
    }
}

impl Vad for Echo {
    fn capabilities(&self) -> VadCapabilities {
        VadCapabilities::new(Duration::from_millis(10))
    }

    fn min_silence_duration(&self) -> Option<Duration> {
        Some(seconds(1))
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        Ok(Box::new(Listener { heard: Vec::new(), ended: false }))
    }
}

struct Listener {
    heard: Vec<i16>,
    ended: bool,
}

impl VadStream for Listener {
    fn push(&mut self, frame: AudioFrameRef<'_>, events: &mut Vec<VadEvent>) -> Result<()> {
        if self.ended {
            return Err(Error::input_ended());
        }
        self.heard = frame.samples().to_vec();
        let audio = SampleRange { start: 0, end: frame.samples().len() as u64, sample_rate: frame.sample_rate() };
        events.push(VadEvent::new(VadEventType::StartOfSpeech, audio));
        events.push(VadEvent::new(VadEventType::InferenceDone, audio));
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.heard.clear();
        Ok(())
    }

    fn end_input(&mut self, events: &mut Vec<VadEvent>) -> Result<()> {
        self.ended = true;
        let audio = SampleRange { start: 0, end: 0, sample_rate: 8_000 };
        events.push(VadEvent::new(VadEventType::EndOfSpeech, audio));
        Ok(())
    }

    fn audio(&self, event: &VadEvent) -> Option<AudioFrameRef<'_>> {
        if event.event_type == VadEventType::InferenceDone {
            return None;
        }
        AudioFrameRef::new(&self.heard, 8_000, 1).ok()
    }
}

#[test]
fn stt_whole_and_live() -> Result<()> {
    let stt = across_stt(Echo::new())?;
    assert_eq!(stt.capabilities(), Stt::capabilities(&Echo::new()));
    assert_eq!((stt.model(), stt.provider()), ("echo-1", "unknown"));
    stt.prewarm();
    let frame = AudioFrame::new(vec![0; 8], 8_000, 1)?;
    let event = block_on(stt.recognize(frame.as_ref(), &RecognizeOptions::default().with_language("fr")))?;
    assert_eq!(event.text(), "echo-1 heard 8 in Some(LanguageCode(\"fr\"))");

    let error = stt.stream(&RecognizeOptions::default().with_keyterms(["refuse"])).err();
    let error = error.ok_or_else(|| Error::config("it must be refused"))?;
    assert_eq!((error.kind(), error.status(), error.is_retryable()), (ErrorKind::ApiStatus, Some(503), true));
    assert_eq!((error.message(), error.chain()), ("not today", vec!["a cause".to_owned()]));

    let RecognizeStream { mut input, mut events, .. } = stt.stream(&RecognizeOptions::default())?;
    // Streams go on without their instance.
    drop(stt);
    block_on(async {
        input.push_frame(frame.clone()).await?;
        assert!(input.push_frame(AudioFrame::new(Vec::new(), 16_000, 1)?).await.is_err());
        input.flush().await?;
        assert_eq!(events.next().await.transpose()?.map(|event| event.text().to_owned()).as_deref(), Some("8"));
        input.end_input();
        assert_eq!(events.next().await.transpose()?, Some(speech_event()));
        let error = events.next().await.and_then(Result::err).map(|error| error.kind());
        assert_eq!(error, Some(ErrorKind::ApiConnection));
        assert!(events.next().await.is_none());
        Ok(())
    })
}

#[test]
fn dropping_the_events_closes_the_input() -> Result<()> {
    let stt = across_stt(Echo::new())?;
    let RecognizeStream { mut input, events, .. } = stt.stream(&RecognizeOptions::default())?;
    drop(events);
    let error = block_on(input.flush()).err().map(|error| error.kind());
    assert_eq!(error, Some(ErrorKind::Closed));
    Ok(())
}

#[test]
fn a_full_queue_pushes_back() -> Result<()> {
    let stt = across_stt(Echo::new())?;
    let RecognizeStream { mut input, mut events, .. } = stt.stream(&RecognizeOptions::default())?;
    let frame = AudioFrame::new(vec![0; 8], 8_000, 1)?;
    let mut taken = 0;
    while input.try_push_frame(frame.clone())?.is_none() {
        taken += 1;
    }
    assert_eq!(taken, crate::stream::QUEUE_CAPACITY);
    // Polling the events makes room.
    let polled = Pin::new(&mut events).poll_next(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    assert!(input.try_push_frame(frame)?.is_none());
    Ok(())
}

#[test]
fn tts_whole_and_live() -> Result<()> {
    let tts = across_tts(Echo::new())?;
    assert_eq!((tts.sample_rate(), tts.channels(), tts.provider()), (24_000, 1, "nobody"));
    assert!(tts.capabilities().streaming);
    let audio = block_on(tts.synthesize("one two", &SynthesizeOptions::default())?.collect())?;
    let told: Vec<_> = audio.iter().map(|piece| (piece.delta_text.as_str(), piece.frame.samples().len())).collect();
    assert_eq!(told, [("one", 3), ("two", 3)]);
    let live = tts.stream(&SynthesizeOptions::default())?.feed(["a", "", "b"]);
    let ids: Vec<_> = block_on(live.collect())?.into_iter().map(|piece| piece.request_id).collect();
    assert_eq!(ids, ["a", "b"]);
    Ok(())
}

#[test]
fn llm_chats() -> Result<()> {
    let llm = across_llm(Echo::new())?;
    assert!(llm.capabilities().images);
    let mut context = ChatContext::new();
    context.add_message(ChatRole::User, "hi");
    let options = ChatOptions::default().with_tools([Tool::new("t", "", "{}")]);
    let response = block_on(llm.chat(&context, &options)?.collect_response())?;
    assert_eq!(response.text, "1 items, 1 tools");
    assert_eq!(response.usage, Some(CompletionUsage::new(1, 2)));
    Ok(())
}

#[test]
fn vad_hears_and_shows() -> Result<()> {
    let vad = across_vad(Echo::new())?;
    assert_eq!(vad.min_silence_duration(), Some(seconds(1)));
    assert_eq!(vad.capabilities().update_interval, Duration::from_millis(10));
    let mut stream = vad.stream()?;
    drop(vad);
    let mut events = Vec::new();
    stream.push(AudioFrameRef::new(&[1, 2, 3], 8_000, 1)?, &mut events)?;
    assert_eq!(events.len(), 2);
    assert_eq!(stream.audio(&events[0]).map(AudioFrameRef::samples), Some(&[1_i16, 2, 3][..]));
    assert!(stream.audio(&events[1]).is_none());
    stream.flush()?;
    stream.end_input(&mut events)?;
    assert_eq!((events.len(), events[2].event_type), (3, VadEventType::EndOfSpeech));
    let error = stream.push(AudioFrameRef::new(&[], 8_000, 1)?, &mut events).err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Closed));
    Ok(())
}

/// A waker that counts its clones and wakes.
#[derive(Default)]
struct Counts {
    wakes: AtomicUsize,
}

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
    }
}

/// Pending until told, and keeps the waker that it got.
struct Parked {
    shared: Arc<std::sync::Mutex<(bool, Option<Waker>)>>,
}

impl Stream for Parked {
    type Item = Result<ChatChunk>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Ok(mut shared) = self.shared.lock() else { return Poll::Ready(None) };
        if shared.0 {
            shared.0 = false;
            return Poll::Ready(Some(Ok(ChatChunk::text("1", "x"))));
        }
        shared.1 = Some(context.waker().clone());
        Poll::Pending
    }
}

struct Parks(Arc<std::sync::Mutex<(bool, Option<Waker>)>>);

impl Llm for Parks {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Ok(EventStream::new(Parked { shared: Arc::clone(&self.0) }))
    }
}

#[test]
fn one_clone_of_the_waker_a_task_wakes_from_any_thread_and_outlives_the_stream() -> Result<()> {
    let shared = Arc::new(std::sync::Mutex::new((false, None::<Waker>)));
    let llm = across_llm(Parks(Arc::clone(&shared)))?;
    let mut stream = llm.chat(&ChatContext::new(), &ChatOptions::default())?;
    let counts = Arc::new(Counts::default());
    let waker = Waker::from(Arc::clone(&counts));
    let alive = Arc::strong_count(&counts);
    for _ in 0..3 {
        assert!(Pin::new(&mut stream).poll_next(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(Arc::strong_count(&counts), alive + 1, "one clone, however often it is polled");
    }
    // Another task has its own.
    let other = Arc::new(Counts::default());
    let other_waker = Waker::from(Arc::clone(&other));
    assert!(Pin::new(&mut stream).poll_next(&mut Context::from_waker(&other_waker)).is_pending());
    assert_eq!(Arc::strong_count(&counts), alive);

    let kept = shared.lock().ok().and_then(|mut shared| {
        shared.0 = true;
        shared.1.take()
    });
    let waking = std::thread::spawn(move || kept.inspect(Waker::wake_by_ref));
    let kept = waking.join().ok().flatten();
    assert_eq!(other.wakes.load(Ordering::Relaxed), 1);
    assert!(Pin::new(&mut stream).poll_next(&mut Context::from_waker(&other_waker)).is_ready());
    drop(stream);
    drop(llm);
    kept.iter().for_each(Waker::wake_by_ref);
    assert_eq!(other.wakes.load(Ordering::Relaxed), 2);
    drop(kept);
    assert_eq!(Arc::strong_count(&other), 2);
    Ok(())
}

#[test]
fn a_future_outlives_its_instance_on_the_other_side() -> Result<()> {
    // The host's own type holds the two together; on the plugin's side they come apart in any order.
    let stt = across_stt(Echo::new())?;
    let frame = AudioFrame::new(vec![0; 2], 8_000, 1)?;
    let future = stt.recognize(frame.as_ref(), &RecognizeOptions::default());
    drop(frame);
    assert!(block_on(future)?.text().starts_with("echo-1 heard 2"));
    // Dropped without being polled.
    drop(stt.recognize(AudioFrameRef::new(&[], 8_000, 1)?, &RecognizeOptions::default()));
    Ok(())
}
