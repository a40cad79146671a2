//! Live streams without realtime: what is pushed between two flushes is one request, whose transcript comes as it is
//! written.

use std::collections::VecDeque;
use std::time::Duration;

use lk_plugin::runtime::on_tokio;
use lk_plugin::{
    AudioFrameRef, BoxFuture, EventSender, InputReceiver, RecognizeInput, RecognizeStream, Result, SpeechEvent,
    samples_to_duration,
};

use super::Call;
use super::batch::{self, Recording};
use super::wav;
use crate::openai::client::Client;

/// The most samples of a segment: servers take 25 MB. A longer one goes on as another.
const MAX_SEGMENT: usize = 12_000_000;

/// What is shorter holds no word, and servers refuse it.
const SHORTEST_SEGMENT: Duration = Duration::from_millis(100);

/// The most samples that wait while one segment is transcribed. Then whoever pushes waits too.
const MAX_WAITING: usize = 2 * MAX_SEGMENT;

pub(super) fn stream(client: Client, call: Call) -> RecognizeStream {
    RecognizeStream::from_fn(move |input, events| on_tokio(run(client, call, input, events)))
}

async fn run(
    client: Client,
    call: Call,
    mut input: InputReceiver<RecognizeInput>,
    events: EventSender<SpeechEvent>,
) -> Result<()> {
    let mut microphone = Microphone::default();
    let mut running: Option<BoxFuture<'static, Result<()>>> = None;
    loop {
        if running.is_none()
            && let Some(segment) = microphone.whole.pop_front()
        {
            let recording = segment.recording(&call)?;
            running = Some(Box::pin(transcribe(client.clone(), call.clone(), recording, events.clone())));
        }
        if running.is_none() && microphone.ended {
            return Ok(());
        }
        let working = async {
            match &mut running {
                Some(running) => running.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            outcome = working => {
                outcome?;
                running = None;
            }
            item = input.next(), if !microphone.is_full() => microphone.take(item),
        }
    }
}

async fn transcribe(
    client: Client,
    call: Call,
    recording: Recording,
    mut events: EventSender<SpeechEvent>,
) -> Result<()> {
    let patience = client.patience(&call.options.connect);
    let transcribed = batch::transcribe(&client, &call, &recording, &patience, Some(&mut events)).await?;
    let id = &transcribed.request_id;
    events.send(SpeechEvent::final_transcript(transcribed.data).with_request_id(id)).await?;
    events.send(SpeechEvent::usage(transcribed.usage).with_request_id(id)).await
}

/// What was pushed and is not transcribed.
#[derive(Default)]
struct Microphone {
    // Samples so far, of one channel.
    position: u64,
    open: Option<Segment>,
    whole: VecDeque<Segment>,
    ended: bool,
}

struct Segment {
    start: u64,
    sample_rate: u32,
    samples: Vec<i16>,
}

impl Microphone {
    fn take(&mut self, item: Option<RecognizeInput>) {
        match item {
            Some(RecognizeInput::Frame(frame)) if frame.samples().is_empty() => {}
            Some(RecognizeInput::Frame(frame)) => {
                let segment = self.open.get_or_insert_with(|| Segment {
                    start: self.position,
                    sample_rate: frame.sample_rate(),
                    samples: Vec::new(),
                });
                segment.samples.extend(frame.as_ref().mono());
                self.position += frame.samples_per_channel() as u64;
                if segment.samples.len() >= MAX_SEGMENT {
                    self.close();
                }
            }
            Some(RecognizeInput::Flush) => self.close(),
            None => {
                self.close();
                self.ended = true;
            }
            // What it does not know it ignores.
            Some(_) => {}
        }
    }

    fn close(&mut self) {
        let long_enough = |segment: &Segment| {
            samples_to_duration(segment.samples.len() as u64, segment.sample_rate) >= SHORTEST_SEGMENT
        };
        self.whole.extend(self.open.take().filter(long_enough));
    }

    fn is_full(&self) -> bool {
        self.ended || self.whole.iter().map(|segment| segment.samples.len()).sum::<usize>() >= MAX_WAITING
    }
}

impl Segment {
    fn recording(self, call: &Call) -> Result<Recording> {
        let audio = AudioFrameRef::new(&self.samples, self.sample_rate, 1)?;
        Ok(Recording {
            wav: wav::recording(audio)?.into(),
            duration: audio.duration(),
            offset: call.options.start_time_offset.saturating_add(samples_to_duration(self.start, self.sample_rate)),
        })
    }
}
