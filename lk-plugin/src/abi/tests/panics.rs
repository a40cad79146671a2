//! Panics at every entry: errors for the host, and the end for that handle alone.

use std::time::Duration;

use pollster::block_on;

use super::{across_llm, across_stt, across_tts, across_vad};
use crate::audio::{AudioFrame, AudioFrameRef};
use crate::error::{Error, ErrorKind, Result};
use crate::kinds::*;
use crate::stream::{BoxFuture, EventStream, InputSink, boxed};

use std::task::{Context, Poll};

/// Panics where it is told to.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Capabilities,
    Model,
    Rate,
    Call,
    Poll,
    PollReady,
    Send,
    Push,
    Flush,
    End,
    Audio,
    Prewarm,
    Drop,
    DropOfStream,
}

struct Bomb(At);

impl Bomb {
    fn at(&self, at: At) {
        assert!(self.0 != at, "boom");
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        self.at(At::Drop);
    }
}

struct DropBomb(bool);

impl Drop for DropBomb {
    fn drop(&mut self) {
        assert!(!self.0, "boom in a drop");
    }
}

struct Sink(At);

impl InputSink<RecognizeInput> for Sink {
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        assert!(self.0 != At::PollReady, "boom");
        Poll::Ready(Ok(()))
    }

    fn start_send(&mut self, _: RecognizeInput) -> Result<()> {
        assert!(self.0 != At::Send, "boom");
        Ok(())
    }
}

impl Stt for Bomb {
    fn capabilities(&self) -> SttCapabilities {
        self.at(At::Capabilities);
        SttCapabilities::default()
    }

    fn model(&self) -> &str {
        self.at(At::Model);
        "bomb"
    }

    fn recognize(&self, _: AudioFrameRef<'_>, _: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
        self.at(At::Call);
        let guard = DropBomb(self.0 == At::DropOfStream);
        boxed(async move {
            let _guard = guard;
            self.at(At::Poll);
            Ok(SpeechEvent::new(SpeechEventType::FinalTranscript))
        })
    }

    fn stream(&self, _: &RecognizeOptions) -> Result<RecognizeStream> {
        self.at(At::Call);
        Ok(RecognizeStream::new(Box::new(Sink(self.0)), EventStream::failed(Error::config("x"))))
    }

    fn prewarm(&self) {
        self.at(At::Prewarm);
    }
}

impl Tts for Bomb {
    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities::default()
    }

    fn sample_rate(&self) -> u32 {
        self.at(At::Rate);
        8_000
    }

    fn channels(&self) -> u16 {
        1
    }

    #[expect(clippy::panic, reason = "a payload that is no text")]
    fn synthesize(&self, _: &str, _: &SynthesizeOptions) -> Result<ChunkedStream> {
        std::panic::panic_any(7)
    }
}

impl Llm for Bomb {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        self.at(At::Call);
        let (at, guard) = (self.0, DropBomb(self.0 == At::DropOfStream));
        Ok(EventStream::from_fn(move |mut chunks| async move {
            let _guard = guard;
            assert!(at != At::Poll, "boom");
            chunks.send(ChatChunk::text("1", "x")).await?;
            std::future::pending::<()>().await;
            Ok(())
        }))
    }
}

impl Vad for Bomb {
    fn capabilities(&self) -> VadCapabilities {
        VadCapabilities::new(Duration::ZERO)
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        self.at(At::Call);
        Ok(Box::new(Listener(Self(self.0))))
    }
}

struct Listener(Bomb);

impl VadStream for Listener {
    fn push(&mut self, _: AudioFrameRef<'_>, _: &mut Vec<VadEvent>) -> Result<()> {
        self.0.at(At::Push);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.0.at(At::Flush);
        Ok(())
    }

    fn end_input(&mut self, _: &mut Vec<VadEvent>) -> Result<()> {
        self.0.at(At::End);
        Ok(())
    }

    fn audio(&self, _: &VadEvent) -> Option<AudioFrameRef<'_>> {
        self.0.at(At::Audio);
        None
    }
}

/// The error of a panic, with its message.
fn assert_boom<T>(result: Result<T>) {
    let error = result.err().map(|error| (error.kind(), error.message().contains("boom")));
    assert_eq!(error, Some((ErrorKind::Panic, true)));
}

fn silent() -> Result<AudioFrame> {
    AudioFrame::new(vec![0; 2], 8_000, 1)
}

#[test]
fn a_panic_in_a_getter_keeps_the_instance_from_being_made() {
    assert_boom(across_stt(Bomb(At::Capabilities)));
    // A number and a text cannot tell; what is asked last does.
    assert_boom(across_tts(Bomb(At::Rate)));
    assert_boom(across_stt(Bomb(At::Model)));
}

#[test]
fn a_panic_in_a_call_poisons_the_instance() -> Result<()> {
    let stt = across_stt(Bomb(At::Call))?;
    for _ in 0..2 {
        assert_boom(block_on(stt.recognize(silent()?.as_ref(), &RecognizeOptions::default())));
        assert_boom(stt.stream(&RecognizeOptions::default()));
    }
    let llm = across_llm(Bomb(At::Call))?;
    assert_boom(llm.chat(&ChatContext::new(), &ChatOptions::default()));
    assert_boom(across_vad(Bomb(At::Call))?.stream());
    // A payload that is no text.
    let error = across_tts(Bomb(At::Call))?.synthesize("x", &SynthesizeOptions::default()).err();
    assert!(error.is_some_and(|error| error.message().contains("a panic without a message")));
    let stt = across_stt(Bomb(At::Prewarm))?;
    stt.prewarm();
    assert_boom(stt.stream(&RecognizeOptions::default()));
    Ok(())
}

/// A cause that cannot even be told.
#[derive(Debug)]
struct Unspeakable;

impl std::fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::hint::black_box(Bomb(At::Rate)).at(At::Rate);
        Ok(())
    }
}

impl std::error::Error for Unspeakable {}

struct Refuses;

impl Llm for Refuses {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Err(Error::config("no").with_source(Unspeakable))
    }
}

#[test]
fn a_panic_in_the_cause_of_an_error_is_an_error_too() -> Result<()> {
    assert_boom(across_llm(Refuses)?.chat(&ChatContext::new(), &ChatOptions::default()));
    Ok(())
}

#[test]
fn a_panic_in_a_poll_ends_that_stream_alone() -> Result<()> {
    let stt = across_stt(Bomb(At::Poll))?;
    assert_boom(block_on(stt.recognize(silent()?.as_ref(), &RecognizeOptions::default())));
    let llm = across_llm(Bomb(At::Poll))?;
    for _ in 0..2 {
        let mut stream = llm.chat(&ChatContext::new(), &ChatOptions::default())?;
        assert_boom(block_on(stream.next()).transpose());
        assert!(block_on(stream.next()).is_none());
    }
    Ok(())
}

#[test]
fn a_panic_in_an_input_stays_there() -> Result<()> {
    for at in [At::PollReady, At::Send] {
        let RecognizeStream { mut input, mut events, .. } =
            across_stt(Bomb(at))?.stream(&RecognizeOptions::default())?;
        for _ in 0..2 {
            assert_boom(block_on(input.flush()));
        }
        // The other half is whole.
        let error = block_on(events.next()).and_then(Result::err).map(|error| error.kind());
        assert_eq!(error, Some(ErrorKind::Config));
    }
    Ok(())
}

#[test]
fn a_panic_in_a_listener_poisons_it() -> Result<()> {
    let frame = silent()?;
    let event =
        VadEvent::new(VadEventType::StartOfSpeech, crate::audio::SampleRange { start: 0, end: 0, sample_rate: 8_000 });
    for at in [At::Push, At::Flush, At::End, At::Audio] {
        let vad = across_vad(Bomb(at))?;
        let mut stream = vad.stream()?;
        let mut events = Vec::new();
        let outcomes = [
            stream.push(frame.as_ref(), &mut events).err(),
            stream.flush().err(),
            stream.audio(&event).map(|_| Error::config("there is no audio")),
            stream.end_input(&mut events).err(),
            stream.push(frame.as_ref(), &mut events).err(),
        ];
        let first = outcomes.iter().position(Option::is_some).map(|first| &outcomes[first..]);
        assert!(first.is_some_and(|after| {
            after.iter().flatten().all(|error| error.kind() == ErrorKind::Panic)
                && after.last().is_some_and(Option::is_some)
        }));
        assert!(vad.stream().is_ok(), "the instance is whole");
    }
    Ok(())
}

#[test]
fn a_panic_in_a_drop_ends_nothing_but_the_drop() -> Result<()> {
    drop(across_stt(Bomb(At::Drop))?);
    drop(across_vad(Bomb(At::Drop))?.stream()?);
    let stt = across_stt(Bomb(At::DropOfStream))?;
    drop(stt.recognize(silent()?.as_ref(), &RecognizeOptions::default()));
    let llm = across_llm(Bomb(At::DropOfStream))?;
    let mut stream = llm.chat(&ChatContext::new(), &ChatOptions::default())?;
    assert!(block_on(stream.next()).is_some());
    drop(stream);
    assert!(llm.chat(&ChatContext::new(), &ChatOptions::default()).is_ok());
    Ok(())
}
