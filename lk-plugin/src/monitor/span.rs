//! The span of a call, for the crate `tracing` (feature `tracing`; without it this is nothing).
//!
//! Field names are those of OpenTelemetry's semantic conventions for generative AI where they have one; its conventions know
//! no transcription and no speech, so these operations are called `speech_to_text` and `text_to_speech`.

use super::event::Metadata;
use crate::error::Error;

/// A span, or nothing.
#[derive(Debug, Clone)]
pub(super) struct Span {
    #[cfg(feature = "tracing")]
    span: tracing::Span,
}

#[cfg(feature = "tracing")]
impl Span {
    pub(super) fn new(operation: &'static str, label: &str, who: &Metadata) -> Self {
        use tracing::field::Empty;
        let model = &*who.model_name;
        let provider = &*who.model_provider;
        let span = tracing::info_span!(
            target: "lk_plugin",
            "call",
            // The span's name for OpenTelemetry, which a bridge takes from here: a name of `tracing` is fixed.
            otel.name = %format_args!("{operation} {model}"),
            otel.kind = "client",
            otel.status_code = Empty,
            gen_ai.operation.name = operation,
            gen_ai.provider.name = provider,
            gen_ai.request.model = model,
            gen_ai.response.id = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            server.address = Empty,
            error.r#type = Empty,
            lk_plugin.label = label,
            lk_plugin.cancelled = Empty,
        );
        // A plugin names a host as its provider when there is one.
        if provider.contains('.') {
            span.record("server.address", provider);
        }
        Self { span }
    }

    pub(super) fn within<T>(&self, run: impl FnOnce() -> T) -> T {
        self.span.in_scope(run)
    }

    pub(super) fn response_id(&self, id: &str) {
        if !id.is_empty() {
            self.span.record("gen_ai.response.id", id);
        }
    }

    pub(super) fn usage(&self, input: u64, output: u64) {
        self.span.record("gen_ai.usage.input_tokens", input);
        self.span.record("gen_ai.usage.output_tokens", output);
    }

    pub(super) fn end(&self, error: Option<&Error>, cancelled: bool) {
        if let Some(error) = error {
            // The status where there is one, as the conventions want it; else our kind.
            match error.status() {
                Some(status) => self.span.record("error.type", tracing::field::display(status)),
                None => self.span.record("error.type", error.kind().name()),
            };
            self.span.record("otel.status_code", "ERROR");
        }
        if cancelled {
            self.span.record("lk_plugin.cancelled", true);
        }
    }
}

#[cfg(not(feature = "tracing"))]
impl Span {
    pub(super) fn new(_: &'static str, _: &str, _: &Metadata) -> Self {
        Self {}
    }

    pub(super) fn within<T>(&self, run: impl FnOnce() -> T) -> T {
        run()
    }

    pub(super) fn response_id(&self, _: &str) {}

    pub(super) fn usage(&self, _: u64, _: u64) {}

    pub(super) fn end(&self, _: Option<&Error>, _: bool) {}
}
