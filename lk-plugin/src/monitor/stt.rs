//! A transcription that reports.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use super::Monitor;
use super::event::{MonitorEvent, SttMetrics};
use super::meter::{End, Meter, Watch, Watched};
use super::span::Span;
use crate::audio::{AudioFrameRef, samples_to_duration};
use crate::error::Result;
use crate::kinds::{
    Kind, RecognitionUsage, RecognizeInput, RecognizeOptions, RecognizeStream, SpeechEvent, Stt, SttCapabilities,
};
use crate::stream::{BoxFuture, InputSink, boxed};

impl Monitor {
    /// The same plugin, reporting: [`SttMetrics`] for each transcription, and each error.
    ///
    /// A live stream reports with each of its usage events. If it never has one, or ends without its due, it reports at its
    /// end the audio that was pushed and not told.
    #[must_use]
    pub fn meter_stt(&self, label: &str, stt: Arc<dyn Stt>) -> MeteredStt {
        MeteredStt { meter: Meter::new(self, Kind::Stt, label, stt.model(), stt.provider()), stt }
    }
}

/// What [`Monitor::meter_stt`] makes.
pub struct MeteredStt {
    meter: Meter,
    stt: Arc<dyn Stt>,
}

impl Stt for MeteredStt {
    fn capabilities(&self) -> SttCapabilities {
        self.stt.capabilities()
    }

    fn model(&self) -> &str {
        self.stt.model()
    }

    fn provider(&self) -> &str {
        self.stt.provider()
    }

    fn recognize(&self, audio: AudioFrameRef<'_>, options: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
        let mut call = Call::new(self.meter.clone(), audio.duration());
        let mut future = call.span.clone().within(|| self.stt.recognize(audio, options));
        boxed(async move {
            let outcome = poll_fn(|context| call.span.within(|| future.as_mut().poll(context))).await;
            call.finish(&outcome);
            outcome
        })
    }

    fn stream(&self, options: &RecognizeOptions) -> Result<RecognizeStream> {
        let span = self.meter.span(OPERATION);
        let stream = match span.within(|| self.stt.stream(options)) {
            Ok(stream) => stream,
            Err(error) => {
                span.end(Some(&error), false);
                self.meter.failed(&error);
                return Err(error);
            }
        };
        let pushed = Arc::new(Pushed::default());
        let input = CountedInput { sink: stream.input.into_sink(), pushed: Arc::clone(&pushed) };
        let told = Told { audio: Duration::ZERO, input_tokens: 0, output_tokens: 0, request_id: String::new() };
        let watch = Streamed { meter: self.meter.clone(), pushed, told, has_usage: false };
        Ok(RecognizeStream::new(Box::new(input), Watched::stream(stream.events, watch, span)))
    }

    fn prewarm(&self) {
        self.stt.prewarm();
    }
}

const OPERATION: &str = "speech_to_text";

/// A whole utterance being transcribed; dropped before its end it was given up.
struct Call {
    meter: Meter,
    span: Span,
    began: Instant,
    audio_duration: Duration,
    finished: bool,
}

impl Call {
    fn new(meter: Meter, audio_duration: Duration) -> Self {
        let span = meter.span(OPERATION);
        Self { meter, span, began: Instant::now(), audio_duration, finished: false }
    }

    fn finish(&mut self, outcome: &Result<SpeechEvent>) {
        self.finished = true;
        match outcome {
            Ok(event) => self.report(End::Done, &event.request_id, event.recognition_usage),
            Err(error) => {
                self.report(End::Failed(error), error.request_id().unwrap_or_default(), None);
                self.meter.failed(error);
            }
        }
    }

    fn report(&self, end: End<'_>, request_id: &str, usage: Option<RecognitionUsage>) {
        let usage = usage.unwrap_or_default();
        self.span.response_id(request_id);
        self.span.usage(usage.input_tokens, usage.output_tokens);
        self.span.end(end.error(), end.is_cancelled());
        self.meter.monitor.emit(|| {
            let mut metrics = metrics(&self.meter, request_id, end);
            metrics.duration = self.began.elapsed();
            metrics.audio_duration = self.audio_duration;
            metrics.input_tokens = usage.input_tokens;
            metrics.output_tokens = usage.output_tokens;
            MonitorEvent::Stt(metrics)
        });
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.finished {
            self.report(End::Cancelled, "", None);
        }
    }
}

fn metrics(meter: &Meter, request_id: &str, end: End<'_>) -> SttMetrics {
    SttMetrics {
        label: Arc::clone(&meter.label),
        request_id: request_id.to_owned(),
        timestamp: SystemTime::now(),
        duration: Duration::ZERO,
        audio_duration: Duration::ZERO,
        input_tokens: 0,
        output_tokens: 0,
        streamed: false,
        acquire_time: Duration::ZERO,
        connection_reused: false,
        cancelled: end.is_cancelled(),
        error: end.error().map(crate::error::Error::kind),
        metadata: meter.metadata.clone(),
    }
}

/// How much audio went into a stream.
#[derive(Default)]
struct Pushed {
    samples: AtomicU64,
    // Of the first frame; the others have the same.
    sample_rate: AtomicU64,
}

impl Pushed {
    fn duration(&self) -> Duration {
        let rate = u32::try_from(self.sample_rate.load(Ordering::Relaxed)).unwrap_or_default();
        samples_to_duration(self.samples.load(Ordering::Relaxed), rate)
    }
}

struct CountedInput {
    sink: Box<dyn InputSink<RecognizeInput>>,
    pushed: Arc<Pushed>,
}

impl InputSink<RecognizeInput> for CountedInput {
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.sink.poll_ready(context)
    }

    fn start_send(&mut self, item: RecognizeInput) -> Result<()> {
        if let RecognizeInput::Frame(frame) = &item {
            self.pushed.samples.fetch_add(frame.samples_per_channel() as u64, Ordering::Relaxed);
            self.pushed.sample_rate.store(frame.sample_rate().into(), Ordering::Relaxed);
        }
        self.sink.start_send(item)
    }
}

/// What a stream's usage events told.
struct Told {
    audio: Duration,
    input_tokens: u64,
    output_tokens: u64,
    request_id: String,
}

struct Streamed {
    meter: Meter,
    pushed: Arc<Pushed>,
    told: Told,
    has_usage: bool,
}

impl Streamed {
    fn report(&self, end: End<'_>, usage: RecognitionUsage) {
        self.meter.monitor.emit(|| {
            let mut metrics = metrics(&self.meter, &self.told.request_id, end);
            metrics.audio_duration = usage.audio_duration;
            metrics.input_tokens = usage.input_tokens;
            metrics.output_tokens = usage.output_tokens;
            metrics.streamed = true;
            MonitorEvent::Stt(metrics)
        });
    }
}

impl Watch<SpeechEvent> for Streamed {
    fn event(&mut self, event: &SpeechEvent, span: &Span) {
        if !event.request_id.is_empty() && event.request_id != self.told.request_id {
            self.told.request_id.clone_from(&event.request_id);
            span.response_id(&event.request_id);
        }
        if let Some(usage) = event.recognition_usage {
            self.has_usage = true;
            self.told.audio += usage.audio_duration;
            self.told.input_tokens += usage.input_tokens;
            self.told.output_tokens += usage.output_tokens;
            self.report(End::Done, usage);
        }
    }

    fn end(&mut self, end: End<'_>, span: &Span) {
        span.usage(self.told.input_tokens, self.told.output_tokens);
        span.end(end.error(), end.is_cancelled());
        // One that ended well and told what it heard has told everything; silence costs nothing.
        if !matches!(end, End::Done) || !self.has_usage {
            let rest = self.pushed.duration().saturating_sub(self.told.audio);
            self.report(end, RecognitionUsage::of_audio(rest));
        }
        if let Some(error) = end.error() {
            self.meter.failed(error);
        }
    }
}
