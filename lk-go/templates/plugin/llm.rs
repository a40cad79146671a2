//! `llm/{{name}}`: answers from its config.
//!
//! A working plugin to start from. It does not think: put a real model where `answer` is.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use lk_plugin::{
    ChatChunk, ChatContext, ChatItem, ChatOptions, ChatRole, Error, EventStream, Llm,
    LlmCapabilities, LlmStream, PluginConfig, Result, ToolChoice, lk_plugin,
};

{{exports}}/// What is answered.
#[derive(Debug, Clone, PluginConfig)]
pub struct {{Type}}LlmConfig {
    /// The answer to messages in which a word occurs, in lower case; the first word that occurs, by the alphabet, counts.
    #[config(default = { "hello": "Hello to you.", "time": "I have no clock." })]
    answers: BTreeMap<String, String>,
    /// The answer to everything else.
    #[config(default = "I do not know.", length = 1..)]
    otherwise: String,
}

/// Answers from its config.
#[derive(Debug)]
pub struct {{Type}}Llm {
    config: {{Type}}LlmConfig,
    answered: AtomicU64,
}

/// Answers from its config
#[lk_plugin(kind = "llm", name = "{{name}}")]
impl {{Type}}Llm {
    /// A model that knows these answers.
    #[must_use]
    pub fn new(config: {{Type}}LlmConfig) -> Self {
        Self {
            config,
            answered: AtomicU64::new(0),
        }
    }

    fn answer(&self, question: &str) -> &str {
        let question = question.to_lowercase();
        let mut answers = self.config.answers.iter();
        let answer = answers.find(|(word, _)| question.contains(word.as_str()));
        answer.map_or(&self.config.otherwise, |(_, answer)| answer)
    }
}

impl Llm for {{Type}}Llm {
    fn capabilities(&self) -> LlmCapabilities {
        LlmCapabilities::default().with_tools(false)
    }

    // The async block is the whole stream: it runs while its chunks are read, and is dropped with them.
    fn chat(&self, context: &ChatContext, options: &ChatOptions) -> Result<LlmStream> {
        if options.response_schema.is_some() {
            return Err(Error::unsupported(
                "this model follows no schema; leave `response_schema` out",
            ));
        }
        if matches!(
            options.tool_choice,
            Some(ToolChoice::Required | ToolChoice::Function(_))
        ) {
            return Err(Error::unsupported(
                "this model calls no tools; leave `tool_choice` out",
            ));
        }
        let answer = self.answer(&last_question(context)).to_owned();
        let id = format!(
            "answer-{}",
            self.answered.fetch_add(1, Ordering::Relaxed) + 1
        );
        Ok(EventStream::from_fn(move |mut chunks| async move {
            // Word by word: an agent speaks the first ones before the last are here.
            for word in answer.split_inclusive(' ') {
                chunks.send(ChatChunk::text(id.as_str(), word)).await?;
            }
            Ok(())
        }))
    }
}

/// What the user said last; empty when the user said nothing.
fn last_question(context: &ChatContext) -> String {
    let mut items = context.items.iter().rev();
    let question = items.find_map(|item| match item {
        ChatItem::Message(message) if message.role == ChatRole::User => Some(message.text()),
        _ => None,
    });
    question.unwrap_or_default()
}
