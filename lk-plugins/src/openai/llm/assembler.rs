//! From the server's chunks to the contract's: text at once, calls when they are whole, and an error for whatever an
//! answer must not end with.

use std::borrow::Cow;
use std::sync::Arc;

use lk_plugin::{
    ChatChunk, ChoiceDelta, CompletionUsage, Error, ErrorKind, FunctionToolCall,
};
use serde_json::Value;

use super::calls::Calls;
use super::think::ThinkFilter;
use super::wire::{Chunk, Delta};
use crate::openai::endpoint::Endpoint;
use crate::openai::failure::{self, Failure};
use crate::openai::pump::Batches;

/// How many bytes of calls (and of a refusal) are kept until the end of an answer.
const MAX_KEPT: usize = 8 << 20;

/// One answer on its way.
pub(super) struct Assembler {
    endpoint: Arc<Endpoint>,
    id: String,
    think: Option<ThinkFilter>,
    calls: Calls,
    usage: Option<CompletionUsage>,
    service_tier: Option<String>,
    finish_reason: Option<String>,
    refusal: String,
    // Bytes of the refusal and of calls: what is kept until the end.
    kept: usize,
    begun: bool,
    delivered: bool,
}

/// Whether there is more to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    Done,
}

impl Assembler {
    pub(super) fn new(endpoint: Arc<Endpoint>, strip_thinking: bool) -> Self {
        Self {
            endpoint,
            id: String::new(),
            think: strip_thinking.then(ThinkFilter::default),
            calls: Calls::default(),
            usage: None,
            service_tier: None,
            finish_reason: None,
            refusal: String::new(),
            kept: 0,
            begun: false,
            delivered: false,
        }
    }

    /// Whether text or calls have gone out.
    pub(super) fn has_delivered(&self) -> bool {
        self.delivered
    }

    /// Whether the model has begun: words, thoughts or a call.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether the model has said that it is done.
    pub(super) fn has_finished(&self) -> bool {
        self.finish_reason.is_some()
    }

    /// One event of the stream, or the whole answer of a server that does not stream.
    pub(super) fn event(&mut self, name: &str, data: &str, out: &mut Batches<ChatChunk>) -> Result<Progress, Failure> {
        if data.trim_ascii() == "[DONE]" {
            return Ok(Progress::Done);
        }
        if data.trim_ascii().is_empty() {
            return Ok(Progress::More);
        }
        let chunk: Chunk<'_> = serde_json::from_str(data).map_err(|error| self.malformed(data, &error))?;
        if let Some(error) = chunk.error.filter(|error| !matches!(error.get(), "null" | "false" | "{}" | "\"\"")) {
            // With its surroundings, if they can be read: the code may stand beside it.
            let whole = serde_json::from_str(data).or_else(|_| serde_json::from_str(error.get())).unwrap_or_default();
            return Err(failure::from_event(&whole, &self.endpoint));
        }
        if name == "error" || (!chunk.choices.given && chunk.usage.is_none()) {
            self.refuse_stranger(name, data)?;
        }
        self.take(chunk, out);
        if self.kept > MAX_KEPT {
            let message = format!("`{}` sent tool calls of more than {MAX_KEPT} bytes", self.endpoint.host());
            return Err(Error::new(ErrorKind::Api, message).with_retryable(false).into());
        }
        Ok(Progress::More)
    }

    fn take(&mut self, chunk: Chunk<'_>, out: &mut Batches<ChatChunk>) {
        if self.id.is_empty() && !chunk.id.is_empty() {
            self.id = chunk.id.0.into_owned();
        }
        if !chunk.service_tier.is_empty() && self.service_tier.as_deref() != Some(&*chunk.service_tier.0) {
            self.service_tier = Some(chunk.service_tier.0.into_owned());
        }
        if let Some(usage) = chunk.usage {
            self.usage = Some(usage.into_usage(None));
        }
        let Some(choice) = chunk.choices.first else { return };
        if !choice.finish_reason.is_empty() {
            self.finish_reason = Some(choice.finish_reason.0.clone().into_owned());
        }
        if let Some(delta) = choice.into_delta() {
            self.delta(delta, out);
        }
    }

    fn delta(&mut self, delta: Delta<'_>, out: &mut Batches<ChatChunk>) {
        self.begun |= delta.has_thoughts();
        self.refusal.push_str(&delta.refusal.0);
        self.kept += delta.refusal.0.len();
        if !delta.content.is_empty() {
            self.begun = true;
            let text = match &mut self.think {
                None => delta.content.0,
                Some(think) => think.push(&delta.content.0),
            };
            Self::say(&mut self.delivered, &self.id, text, out);
        }
        let pieces = delta.tool_calls.unwrap_or_default();
        match delta.function_call {
            // The same call in its older form, unless it is the only one.
            Some(function) if pieces.is_empty() && !(function.name.is_empty() && function.arguments.is_none()) => {
                self.begun = true;
                self.kept += function.size();
                self.calls.push_function(function);
            }
            _ => {}
        }
        for piece in &pieces {
            self.begun = true;
            self.kept += piece.size();
            self.calls.push(piece);
        }
    }

    fn say(delivered: &mut bool, id: &str, text: Cow<'_, str>, out: &mut Batches<ChatChunk>) {
        if !text.is_empty() {
            *delivered = true;
            out.push(ChatChunk::text(id, text));
        }
    }

    /// The end of the stream; `done` when the server said so. What is left goes out, and whatever is missing is an error.
    pub(super) fn finish(&mut self, done: bool, out: &mut Batches<ChatChunk>) -> Result<(), Failure> {
        let complete = done || self.has_finished();
        if let Some(rest) = self.think.as_mut().map(ThinkFilter::finish) {
            Self::say(&mut self.delivered, &self.id, rest.into(), out);
        }
        let had_calls = !self.calls.is_empty();
        match self.calls.take() {
            Ok(calls) if !calls.is_empty() => self.deliver_calls(calls, out),
            Ok(_) => {}
            Err(name) => return Err(self.broken_call(&name, complete)),
        }
        let reason = self.finish_reason.clone().unwrap_or_default();
        match reason.as_str() {
            "error" => return Err(self.error("stopped with an error and did not say which").into()),
            "content_filter" if !self.delivered => {
                return Err(self.error("stopped the answer by its content filter").with_retryable(false).into());
            }
            _ => {}
        }
        if !self.refusal.is_empty() && !self.delivered {
            let said = failure::printable(&self.endpoint.redactor().clean(&self.refusal));
            return Err(self.error(&format!("answered that the model refuses: {said}")).with_retryable(false).into());
        }
        if !complete && !had_calls {
            let what = if self.begun { "ended the answer in the middle" } else { "ended the answer before its first word" };
            return Err(self.error(what).into());
        }
        if !self.begun && self.usage.is_none() && !self.has_finished() {
            return Err(self.error("gave an empty answer").into());
        }
        if !matches!(reason.as_str(), "" | "stop" | "tool_calls" | "function_call") {
            // Such as `length`: the caller may want to know that there would have been more.
            let extra = Value::from_iter([("finish_reason", reason)]).to_string();
            let mut delta = ChoiceDelta::default();
            delta.extra = Some(extra);
            let mut chunk = ChatChunk::default();
            chunk.id.clone_from(&self.id);
            chunk.delta = Some(delta);
            out.push(chunk);
        }
        if let Some(mut usage) = self.usage.take() {
            usage.service_tier = self.service_tier.take();
            out.push(ChatChunk::usage(self.id.as_str(), usage));
        }
        Ok(())
    }

    fn deliver_calls(&mut self, calls: Vec<FunctionToolCall>, out: &mut Batches<ChatChunk>) {
        self.delivered = true;
        out.push(ChatChunk::tool_calls(self.id.as_str(), calls));
    }

    fn broken_call(&self, name: &str, complete: bool) -> Failure {
        let name = failure::printable(&self.endpoint.redactor().clean(name));
        if self.finish_reason.as_deref() == Some("length") {
            let message = format!(
                "the answer reached its limit of tokens in the middle of a call of `{name}`; give a larger \
                 `max_completion_tokens`"
            );
            return Error::new(ErrorKind::Api, message).with_retryable(false).into();
        }
        let what = if complete {
            format!("sent a call of `{name}` whose arguments are no JSON object")
        } else {
            format!("ended the answer in the middle of a call of `{name}`")
        };
        self.error(&what).into()
    }

    /// An object that is no chunk: an error in a form of its own, or something to pass over.
    fn refuse_stranger(&self, name: &str, data: &str) -> Result<(), Failure> {
        let value: Value = serde_json::from_str(data).unwrap_or_default();
        let is_error = ["detail", "message", "msg", "errors"].iter().any(|key| value.get(key).is_some())
            || value.get("object").is_some_and(|object| object == "error");
        if name == "error" || is_error { Err(failure::from_event(&value, &self.endpoint)) } else { Ok(()) }
    }

    fn malformed(&self, data: &str, error: &serde_json::Error) -> Failure {
        let redactor = self.endpoint.redactor();
        self.error("sent an event that is no chat completion")
            .with_body(redactor.clean(data).into_owned())
            .with_source(redactor.cause(error))
            .into()
    }

    fn error(&self, what: &str) -> Error {
        Error::new(ErrorKind::Api, format!("`{}` {what}", self.endpoint.host()))
    }
}
