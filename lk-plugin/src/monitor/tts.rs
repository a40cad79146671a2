//! Speech that reports.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use super::event::{MonitorEvent, TtsMetrics};
use super::meter::{End, Meter, Watch, Watched};
use super::span::Span;
use super::{Monitor, Mutex, locked};
use crate::error::{Error, Result};
use crate::kinds::{
    ChunkedStream, Kind, SynthesizeInput, SynthesizeOptions, SynthesizeStream, SynthesizedAudio, Tts, TtsCapabilities,
};
use crate::stream::InputSink;

impl Monitor {
    /// The same plugin, reporting: [`TtsMetrics`] for each text, in a live stream for each segment, and each error.
    #[must_use]
    pub fn meter_tts(&self, label: &str, tts: Arc<dyn Tts>) -> MeteredTts {
        MeteredTts { meter: Meter::new(self, Kind::Tts, label, tts.model(), tts.provider()), tts }
    }
}

/// What [`Monitor::meter_tts`] makes.
pub struct MeteredTts {
    meter: Meter,
    tts: Arc<dyn Tts>,
}

impl Tts for MeteredTts {
    fn capabilities(&self) -> TtsCapabilities {
        self.tts.capabilities()
    }

    fn sample_rate(&self) -> u32 {
        self.tts.sample_rate()
    }

    fn channels(&self) -> u16 {
        self.tts.channels()
    }

    fn model(&self) -> &str {
        self.tts.model()
    }

    fn provider(&self) -> &str {
        self.tts.provider()
    }

    fn synthesize(&self, text: &str, options: &SynthesizeOptions) -> Result<ChunkedStream> {
        let mut texts = Texts::default();
        texts.push(text);
        texts.flush();
        let watch = Speech::new(&self.meter, texts, false);
        self.watched(watch, |tts| tts.synthesize(text, options))
    }

    fn stream(&self, options: &SynthesizeOptions) -> Result<SynthesizeStream> {
        let watch = Speech::new(&self.meter, Texts::default(), true);
        let texts = Arc::clone(&watch.texts);
        let mut input = None;
        let audio = self.watched(watch, |tts| {
            let stream = tts.stream(options)?;
            input = Some(stream.input.into_sink());
            Ok(stream.audio)
        })?;
        match input {
            Some(sink) => Ok(SynthesizeStream::new(Box::new(WatchedInput { sink, texts }), audio)),
            // Set whenever there is audio.
            None => Err(Error::new(crate::ErrorKind::Internal, "a stream of speech without an input")),
        }
    }

    fn prewarm(&self) {
        self.tts.prewarm();
    }
}

impl MeteredTts {
    fn watched(
        &self,
        mut watch: Speech,
        open: impl FnOnce(&dyn Tts) -> Result<ChunkedStream>,
    ) -> Result<ChunkedStream> {
        let span = self.meter.span("text_to_speech");
        match span.within(|| open(&*self.tts)) {
            Ok(audio) => Ok(Watched::stream(audio, watch, span)),
            Err(error) => {
                watch.end(End::Failed(&error), &span);
                Err(error)
            }
        }
    }
}

/// The segments that were pushed and not yet spoken, oldest first.
#[derive(Default)]
struct Texts {
    flushed: VecDeque<Text>,
    open: Option<Text>,
}

struct Text {
    characters: u64,
    visible: bool,
    began: Instant,
}

impl Texts {
    fn push(&mut self, text: &str) {
        let open = self.open.get_or_insert_with(|| Text { characters: 0, visible: false, began: Instant::now() });
        open.characters += text.chars().count() as u64;
        open.visible |= !text.trim().is_empty();
    }

    /// Blank text has no audio and is no segment.
    fn flush(&mut self) {
        self.flushed.extend(self.open.take().filter(|text| text.visible));
    }

    /// The one that is being spoken: the oldest, also while it is still being written.
    fn first(&self) -> Option<&Text> {
        self.flushed.front().or(self.open.as_ref().filter(|text| text.visible))
    }

    fn take_first(&mut self) -> Option<Text> {
        self.flushed.pop_front().or_else(|| self.open.take().filter(|text| text.visible))
    }
}

struct WatchedInput {
    sink: Box<dyn InputSink<SynthesizeInput>>,
    texts: Arc<Mutex<Texts>>,
}

impl InputSink<SynthesizeInput> for WatchedInput {
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.sink.poll_ready(context)
    }

    fn start_send(&mut self, item: SynthesizeInput) -> Result<()> {
        match &item {
            SynthesizeInput::Text(text) => locked(&self.texts).push(text),
            SynthesizeInput::Flush => locked(&self.texts).flush(),
        }
        self.sink.start_send(item)
    }
}

struct Speech {
    meter: Meter,
    texts: Arc<Mutex<Texts>>,
    streamed: bool,
    // Of the segment that is being spoken.
    request_id: String,
    segment_id: String,
    first_audio: Option<Instant>,
    audio: Duration,
    // When the last segment ended: text that was pushed before waited until then.
    last_end: Option<Instant>,
}

impl Speech {
    fn new(meter: &Meter, texts: Texts, streamed: bool) -> Self {
        Self {
            meter: meter.clone(),
            texts: Arc::new(Mutex::new(texts)),
            streamed,
            request_id: String::new(),
            segment_id: String::new(),
            first_audio: None,
            audio: Duration::ZERO,
            last_end: None,
        }
    }

    fn report(&mut self, end: End<'_>) {
        let text = locked(&self.texts).take_first();
        let now = Instant::now();
        let began = text.as_ref().map_or(now, |text| self.last_end.map_or(text.began, |end| end.max(text.began)));
        let (first_audio, audio) = (self.first_audio.take(), std::mem::take(&mut self.audio));
        self.last_end = Some(now);
        let (request_id, segment_id) = (std::mem::take(&mut self.request_id), std::mem::take(&mut self.segment_id));
        self.meter.monitor.emit(|| {
            MonitorEvent::Tts(TtsMetrics {
                label: Arc::clone(&self.meter.label),
                request_id,
                timestamp: SystemTime::now(),
                ttfb: first_audio.map(|first| first.saturating_duration_since(began)),
                duration: now.saturating_duration_since(began),
                audio_duration: audio,
                cancelled: end.is_cancelled(),
                characters_count: text.map_or(0, |text| text.characters),
                input_tokens: 0,
                output_tokens: 0,
                streamed: self.streamed,
                acquire_time: Duration::ZERO,
                connection_reused: false,
                segment_id: Some(segment_id).filter(|_| self.streamed),
                error: end.error().map(Error::kind),
                metadata: self.meter.metadata.clone(),
            })
        });
    }
}

impl Watch<SynthesizedAudio> for Speech {
    fn event(&mut self, piece: &SynthesizedAudio, span: &Span) {
        self.first_audio.get_or_insert_with(Instant::now);
        self.audio += piece.frame.duration();
        if piece.request_id != self.request_id {
            self.request_id.clone_from(&piece.request_id);
            span.response_id(&piece.request_id);
        }
        if piece.segment_id != self.segment_id {
            self.segment_id.clone_from(&piece.segment_id);
        }
        if piece.is_final {
            self.report(End::Done);
        }
    }

    fn end(&mut self, end: End<'_>, span: &Span) {
        span.end(end.error(), end.is_cancelled());
        // What was spoken to its end is told already; blank text is nothing to tell.
        let is_open = self.first_audio.is_some() || locked(&self.texts).first().is_some();
        if is_open || matches!(end, End::Failed(_)) {
            self.report(end);
        }
        if let Some(error) = end.error() {
            self.meter.failed(error);
        }
    }
}
