//! A language model that reports.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::Monitor;
use super::event::{LlmMetrics, MonitorEvent};
use super::meter::{End, Meter, Watch, Watched};
use super::span::Span;
use crate::error::{Error, Result};
use crate::kinds::{ChatChunk, ChatContext, ChatOptions, CompletionUsage, Kind, Llm, LlmCapabilities, LlmStream};

impl Monitor {
    /// The same plugin, reporting: [`LlmMetrics`] for each answer, and each error.
    ///
    /// An answer whose stream is dropped before its end counts as given up.
    #[must_use]
    pub fn meter_llm(&self, label: &str, llm: Arc<dyn Llm>) -> MeteredLlm {
        MeteredLlm { meter: Meter::new(self, Kind::Llm, label, llm.model(), llm.provider()), llm }
    }
}

/// What [`Monitor::meter_llm`] makes.
pub struct MeteredLlm {
    meter: Meter,
    llm: Arc<dyn Llm>,
}

impl Llm for MeteredLlm {
    fn capabilities(&self) -> LlmCapabilities {
        self.llm.capabilities()
    }

    fn model(&self) -> &str {
        self.llm.model()
    }

    fn provider(&self) -> &str {
        self.llm.provider()
    }

    fn chat(&self, context: &ChatContext, options: &ChatOptions) -> Result<LlmStream> {
        // OpenTelemetry's own name for it.
        let span = self.meter.span("chat");
        let mut watch = Answer {
            meter: self.meter.clone(),
            began: Instant::now(),
            ttft: None,
            request_id: String::new(),
            usage: CompletionUsage::default(),
        };
        match span.within(|| self.llm.chat(context, options)) {
            Ok(chunks) => Ok(Watched::stream(chunks, watch, span)),
            Err(error) => {
                watch.end(End::Failed(&error), &span);
                Err(error)
            }
        }
    }

    fn prewarm(&self) {
        self.llm.prewarm();
    }
}

struct Answer {
    meter: Meter,
    began: Instant,
    ttft: Option<Duration>,
    request_id: String,
    usage: CompletionUsage,
}

impl Watch<ChatChunk> for Answer {
    fn event(&mut self, chunk: &ChatChunk, span: &Span) {
        if self.ttft.is_none() && chunk.has_response() {
            self.ttft = Some(self.began.elapsed());
        }
        if !chunk.id.is_empty() && chunk.id != self.request_id {
            self.request_id.clone_from(&chunk.id);
            span.response_id(&chunk.id);
        }
        if let Some(usage) = &chunk.usage {
            self.usage.clone_from(usage);
        }
    }

    fn end(&mut self, end: End<'_>, span: &Span) {
        if let Some(id) = end.error().and_then(Error::request_id).filter(|_| self.request_id.is_empty()) {
            id.clone_into(&mut self.request_id);
            span.response_id(id);
        }
        span.usage(self.usage.prompt_tokens, self.usage.completion_tokens);
        span.end(end.error(), end.is_cancelled());
        self.meter.monitor.emit(|| MonitorEvent::Llm(self.metrics(end)));
        if let Some(error) = end.error() {
            self.meter.failed(error);
        }
    }
}

impl Answer {
    fn metrics(&self, end: End<'_>) -> LlmMetrics {
        let (duration, usage) = (self.began.elapsed(), &self.usage);
        let seconds = duration.as_secs_f64();
        LlmMetrics {
            label: Arc::clone(&self.meter.label),
            request_id: self.request_id.clone(),
            timestamp: SystemTime::now(),
            duration,
            ttft: self.ttft,
            cancelled: end.is_cancelled(),
            completion_tokens: usage.completion_tokens,
            prompt_tokens: usage.prompt_tokens,
            prompt_cached_tokens: usage.prompt_cached_tokens,
            cache_creation_tokens: usage.cache_creation_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            total_tokens: usage.total_tokens,
            tokens_per_second: if seconds > 0.0 { usage.completion_tokens as f64 / seconds } else { 0.0 },
            error: end.error().map(Error::kind),
            metadata: self.meter.metadata.clone(),
        }
    }
}
