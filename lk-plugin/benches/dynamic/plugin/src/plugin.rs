//! What the bench compares, linked in and in a file: two listeners and a chat.

use std::future::poll_fn;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_core::Stream;
use lk_plugin::{
    AudioFrameRef, ChatChunk, ChatContext, ChatOptions, EventStream, Llm, LlmStream, Result, Vad, VadCapabilities,
    VadEvent, VadStream, lk_plugin,
};

struct Plugin {
    sums: bool,
}

#[lk_plugin(kind = "vad", name = "empty")]
fn empty() -> Plugin {
    Plugin { sums: false }
}

#[lk_plugin(kind = "vad", name = "energy")]
fn energy() -> Plugin {
    Plugin { sums: true }
}

#[lk_plugin(kind = "llm", name = "tokens")]
fn tokens() -> Plugin {
    Plugin { sums: false }
}

#[lk_plugin(kind = "llm", name = "driven")]
fn driven() -> Driven {
    Driven
}

impl Vad for Plugin {
    fn capabilities(&self) -> VadCapabilities {
        VadCapabilities::new(Duration::from_millis(32))
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        Ok(if self.sums { Box::new(Energy { energy: 0.0 }) } else { Box::new(Empty) })
    }
}

struct Empty;

impl VadStream for Empty {
    fn push(&mut self, frame: AudioFrameRef<'_>, _: &mut Vec<VadEvent>) -> Result<()> {
        black_box(frame.samples().as_ptr());
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    fn end_input(&mut self, _: &mut Vec<VadEvent>) -> Result<()> {
        Ok(())
    }

    fn audio(&self, _: &VadEvent) -> Option<AudioFrameRef<'_>> {
        None
    }
}

struct Energy {
    energy: f32,
}

impl VadStream for Energy {
    fn push(&mut self, frame: AudioFrameRef<'_>, _: &mut Vec<VadEvent>) -> Result<()> {
        // Floats are added in order, so this takes its time.
        let energy: f32 = frame.samples().iter().map(|&sample| f32::from(sample) * f32::from(sample)).sum();
        self.energy = black_box(energy);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    fn end_input(&mut self, _: &mut Vec<VadEvent>) -> Result<()> {
        Ok(())
    }

    fn audio(&self, _: &VadEvent) -> Option<AudioFrameRef<'_>> {
        None
    }
}

impl Llm for Plugin {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Ok(EventStream::new(Tokens { kept: None }))
    }
}

/// The same tokens from an async function, as plugins that speak to a server write it.
struct Driven;

impl Llm for Driven {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Ok(EventStream::from_fn(|mut events| async move {
            loop {
                let mut tokens = Tokens { kept: None };
                if let Some(token) = poll_fn(|context| Pin::new(&mut tokens).poll_next(context)).await {
                    events.send(token?).await?;
                }
            }
        }))
    }
}

/// Every second poll has a token; the ones between keep the waker and wake it, as a socket would.
struct Tokens {
    kept: Option<Waker>,
}

impl Stream for Tokens {
    type Item = Result<ChatChunk>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.kept.take() {
            None => {
                self.kept = Some(context.waker().clone());
                Poll::Pending
            }
            Some(waker) => {
                waker.wake();
                Poll::Ready(Some(Ok(ChatChunk::text("chatcmpl-123", " token"))))
            }
        }
    }
}
