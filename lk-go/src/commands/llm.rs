//! `lk-go llm`: what a language-model plugin answers.

use std::time::{Duration, Instant};

use lk_plugin::{ChatChunk, ChatContext, ChatOptions, ChatRole, CompletionUsage, FunctionToolCall, Llm};
use serde::Serialize;

use super::{chosen, text};
use crate::BuiltIns;
use crate::cli::{LlmArgs, StreamFormat};
use crate::error::{Exit, Result};
use crate::{interrupt, output};

/// Asks, and prints the answer as it comes.
///
/// # Errors
///
/// When there is no such plugin, its config is wrong, or it fails; the part of the answer that came stands on standard
/// output then.
pub(super) fn run(arguments: &LlmArgs, built_ins: BuiltIns<'_>) -> Result<Exit> {
    let llm = chosen::create::<dyn Llm>(&arguments.plugin, &arguments.config, built_ins)?;
    interrupt::listen();
    let mut context = ChatContext::new();
    if let Some(system) = &arguments.system {
        context.add_message(ChatRole::System, system);
    }
    context.add_message(ChatRole::User, text::read(&arguments.prompt)?);
    let mut answer = Answer { format: arguments.format, asked: Instant::now(), first: None, at_line_start: true };
    let mut chunks = llm.chat(&context, &ChatOptions::default())?;
    let outcome = loop {
        match interrupt::or(chunks.next()) {
            Some(Some(Ok(chunk))) => answer.print(&chunk)?,
            Some(Some(Err(error))) => break Err(error.into()),
            Some(None) => break Ok(Exit::Good),
            None => break Ok(Exit::Interrupted),
        }
    };
    answer.end(matches!(outcome, Ok(Exit::Good)))?;
    outcome
}

/// What has come so far.
struct Answer {
    format: StreamFormat,
    asked: Instant,
    /// When the first word or call came, from the question on.
    first: Option<Duration>,
    at_line_start: bool,
}

impl Answer {
    fn print(&mut self, chunk: &ChatChunk) -> Result<()> {
        if chunk.has_response() && self.first.is_none() {
            self.first = Some(self.asked.elapsed());
        }
        if self.format == StreamFormat::Json {
            return output::result(&output::json_line(&Line::of(chunk))?);
        }
        let Some(delta) = &chunk.delta else { return Ok(()) };
        if let Some(text) = delta.content.as_deref().filter(|text| !text.is_empty()) {
            self.at_line_start = text.ends_with('\n');
            output::result(text)?;
        }
        for call in &delta.tool_calls {
            self.end_line()?;
            output::result(&format!("{}({})\n", call.name, call.arguments))?;
        }
        Ok(())
    }

    /// Ends the last line, which the model does not.
    fn end_line(&mut self) -> Result<()> {
        if !std::mem::replace(&mut self.at_line_start, true) { output::result("\n") } else { Ok(()) }
    }

    fn end(&mut self, complete: bool) -> Result<()> {
        if self.format == StreamFormat::Text {
            return self.end_line();
        }
        let end = End {
            r#type: "end",
            complete,
            time_to_first_token: self.first.map(|first| first.as_secs_f64()),
            duration: self.asked.elapsed().as_secs_f64(),
        };
        output::result(&output::json_line(&end)?)
    }
}

/// A chunk in JSON.
#[derive(Serialize)]
struct Line<'c> {
    r#type: &'static str,
    id: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'c str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'c>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage<'c>>,
}

#[derive(Serialize)]
struct Call<'c> {
    call_id: &'c str,
    name: &'c str,
    arguments: &'c str,
}

#[derive(Serialize)]
struct Usage<'c> {
    completion_tokens: u64,
    prompt_tokens: u64,
    prompt_cached_tokens: u64,
    reasoning_tokens: u64,
    total_tokens: u64,
    service_tier: Option<&'c str>,
}

/// The last line in JSON.
#[derive(Serialize)]
struct End {
    r#type: &'static str,
    /// Whether the plugin said all it had to say.
    complete: bool,
    time_to_first_token: Option<f64>,
    duration: f64,
}

impl<'c> Line<'c> {
    fn of(chunk: &'c ChatChunk) -> Self {
        let delta = chunk.delta.as_ref();
        Self {
            r#type: "chunk",
            id: &chunk.id,
            content: delta.and_then(|delta| delta.content.as_deref()),
            tool_calls: delta.map(|delta| delta.tool_calls.iter().map(Call::of).collect()).unwrap_or_default(),
            usage: chunk.usage.as_ref().map(Usage::of),
        }
    }
}

impl<'c> Call<'c> {
    fn of(call: &'c FunctionToolCall) -> Self {
        Self { call_id: &call.call_id, name: &call.name, arguments: &call.arguments }
    }
}

impl<'c> Usage<'c> {
    fn of(usage: &'c CompletionUsage) -> Self {
        Self {
            completion_tokens: usage.completion_tokens,
            prompt_tokens: usage.prompt_tokens,
            prompt_cached_tokens: usage.prompt_cached_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            total_tokens: usage.total_tokens,
            service_tier: usage.service_tier.as_deref(),
        }
    }
}
