//! Voice activity detection that reports.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::Monitor;
use super::event::{MonitorEvent, VadMetrics};
use super::meter::Meter;
use super::span::Span;
use crate::audio::AudioFrameRef;
use crate::error::Result;
use crate::kinds::{Kind, Vad, VadCapabilities, VadEvent, VadEventType, VadStream};

impl Monitor {
    /// The same plugin, reporting: [`VadMetrics`] once in a second of audio, and for the rest of it when the stream ends or is
    /// dropped; and each error.
    #[must_use]
    pub fn meter_vad(&self, label: &str, vad: Arc<dyn Vad>) -> MeteredVad {
        MeteredVad { meter: Meter::new(self, Kind::Vad, label, vad.model(), vad.provider()), vad }
    }
}

/// What [`Monitor::meter_vad`] makes.
pub struct MeteredVad {
    meter: Meter,
    vad: Arc<dyn Vad>,
}

impl Vad for MeteredVad {
    fn capabilities(&self) -> VadCapabilities {
        self.vad.capabilities()
    }

    fn model(&self) -> &str {
        self.vad.model()
    }

    fn provider(&self) -> &str {
        self.vad.provider()
    }

    fn min_silence_duration(&self) -> Option<Duration> {
        self.vad.min_silence_duration()
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        let span = self.meter.span("voice_activity_detection");
        let stream = span.within(|| self.vad.stream()).inspect_err(|error| self.meter.failed(error))?;
        let every = inferences_in_a_second(self.vad.capabilities().update_interval);
        let (count, total, last_edge) = (0, Duration::ZERO, Instant::now());
        Ok(Box::new(MeteredVadStream { meter: self.meter.clone(), span, stream, every, count, total, last_edge }))
    }

    fn prewarm(&self) {
        self.vad.prewarm();
    }
}

/// As LiveKit: the first count that is not below a second's, with 32 ms the 32nd.
fn inferences_in_a_second(interval: Duration) -> u64 {
    let nanos = interval.as_nanos().max(1);
    u64::try_from(1_000_000_000_u128.div_ceil(nanos)).unwrap_or(u64::MAX).max(1)
}

struct MeteredVadStream {
    meter: Meter,
    span: Span,
    stream: Box<dyn VadStream>,
    every: u64,
    // Since the last report.
    count: u64,
    total: Duration,
    last_edge: Instant,
}

impl MeteredVadStream {
    fn count(&mut self, events: &[VadEvent]) {
        for event in events {
            match event.event_type {
                VadEventType::InferenceDone => {
                    self.count += 1;
                    self.total += event.inference_duration;
                    if self.count >= self.every {
                        self.report();
                    }
                }
                VadEventType::StartOfSpeech | VadEventType::EndOfSpeech => self.last_edge = Instant::now(),
            }
        }
    }

    fn report(&mut self) {
        let (count, total) = (std::mem::take(&mut self.count), std::mem::take(&mut self.total));
        if count == 0 {
            return;
        }
        self.meter.monitor.emit(|| {
            MonitorEvent::Vad(VadMetrics {
                label: Arc::clone(&self.meter.label),
                timestamp: SystemTime::now(),
                idle_time: self.last_edge.elapsed(),
                inference_duration_total: total,
                inference_count: count,
                metadata: self.meter.metadata.clone(),
            })
        });
    }
}

impl VadStream for MeteredVadStream {
    fn push(&mut self, frame: AudioFrameRef<'_>, events: &mut Vec<VadEvent>) -> Result<()> {
        let before = events.len();
        // Not within the span: that would be an entry for each frame.
        let pushed = self.stream.push(frame, events);
        self.count(events.get(before..).unwrap_or_default());
        pushed.inspect_err(|error| self.meter.failed(error))
    }

    fn flush(&mut self) -> Result<()> {
        self.stream.flush().inspect_err(|error| self.meter.failed(error))
    }

    fn end_input(&mut self, events: &mut Vec<VadEvent>) -> Result<()> {
        let before = events.len();
        let ended = self.stream.end_input(events);
        self.count(events.get(before..).unwrap_or_default());
        self.report();
        ended.inspect_err(|error| self.meter.failed(error))
    }

    fn audio(&self, event: &VadEvent) -> Option<AudioFrameRef<'_>> {
        self.stream.audio(event)
    }
}

impl Drop for MeteredVadStream {
    fn drop(&mut self) {
        self.report();
        self.span.end(None, false);
    }
}
