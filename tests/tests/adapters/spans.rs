use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use lk_plugin::monitor::Monitor;
use lk_plugin::{AudioFrame, ChatContext, ChatOptions, Llm, RecognizeOptions, Stt};
use pollster::block_on;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::scripted::Scripted;
use crate::scripted::Step::*;

/// Keeps the fields of spans, and how often each was entered.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Recorded>>>);

#[derive(Default)]
struct Recorded {
    fields: BTreeMap<&'static str, String>,
    entered: usize,
    open: bool,
}

impl Recorder {
    fn of(&self, id: &Id, change: impl FnOnce(&mut Recorded)) {
        change(&mut self.0.lock().unwrap()[id.into_u64() as usize - 1]);
    }
}

struct Fields<'f>(&'f mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "lk_plugin"
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut spans = self.0.lock().unwrap();
        let mut recorded = Recorded { open: true, ..Recorded::default() };
        attributes.record(&mut Fields(&mut recorded.fields));
        spans.push(recorded);
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        self.of(id, |span| values.record(&mut Fields(&mut span.fields)));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, id: &Id) {
        self.of(id, |span| span.entered += 1);
    }

    fn exit(&self, _: &Id) {}

    fn clone_span(&self, id: &Id) -> Id {
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        self.of(&id, |span| span.open = false);
        true
    }
}

#[test]
fn a_call_is_a_span_with_opentelemetrys_fields() {
    let recorder = Recorder::default();
    tracing::subscriber::with_default(recorder.clone(), || {
        let monitor = Monitor::default();
        let llm = monitor.meter_llm("llm/scripted", Arc::new(Scripted::new("gpt", [Say("hello"), Fail(503)])));
        let ask = || block_on(llm.chat(&ChatContext::new(), &ChatOptions::default()).unwrap().collect_response());
        ask().unwrap();
        ask().unwrap_err();
        let stt = monitor.meter_stt("stt/scripted", Arc::new(Scripted::new("ear", [Silence])));
        let audio = AudioFrame::new(vec![0; 160], 16_000, 1).unwrap();
        drop(stt.recognize(audio.as_ref(), &RecognizeOptions::default()));
    });
    let spans = recorder.0.lock().unwrap();
    let fields = |index: usize| {
        let fields = spans[index].fields.iter().map(|(name, value)| (*name, value.as_str()));
        fields.collect::<Vec<_>>()
    };
    assert_eq!(
        fields(0),
        [
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", "llm.example.com"),
            ("gen_ai.request.model", "gpt"),
            ("gen_ai.response.id", "gpt-1"),
            ("gen_ai.usage.input_tokens", "7"),
            ("gen_ai.usage.output_tokens", "3"),
            ("lk_plugin.label", "llm/scripted"),
            ("otel.kind", "client"),
            ("otel.name", "chat gpt"),
            ("server.address", "llm.example.com"),
        ]
    );
    assert!(fields(1).contains(&("error.type", "503")), "{:?}", fields(1));
    assert!(fields(1).contains(&("otel.status_code", "ERROR")));
    assert!(fields(2).contains(&("gen_ai.operation.name", "speech_to_text")));
    assert!(fields(2).contains(&("lk_plugin.cancelled", "true")));
    assert!(spans.iter().all(|span| !span.open && span.entered > 0));
    // Entered for the call, and around each poll.
    assert!(spans[0].entered >= 4, "{}", spans[0].entered);
}
