//! Language models: a conversation in, words and tool calls out.

use super::chat::ChatContext;
use super::chat_item::ChatRole;
use crate::connect::ConnectOptions;
use crate::error::Result;
use crate::stream::EventStream;

/// A language-model plugin.
///
/// One instance serves many chats at once, from any thread. [`chat`](Llm::chat) returns at once; the work happens while
/// the stream is polled, and stops when it is dropped.
///
/// ```
/// use lk_plugin::{
///     ChatChunk, ChatContext, ChatOptions, ChatRole, CompletionUsage, EventStream, Llm, LlmStream, Result,
/// };
///
/// /// Counts what it was told.
/// struct Counter;
///
/// impl Llm for Counter {
///     fn chat(&self, context: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
///         let items = context.items.len();
///         Ok(EventStream::from_fn(move |mut chunks| async move {
///             chunks.send(ChatChunk::text("1", format!("{items} "))).await?;
///             chunks.send(ChatChunk::text("1", "items")).await?;
///             chunks.send(ChatChunk::usage("1", CompletionUsage::new(items as u64, 2))).await
///         }))
///     }
/// }
///
/// let mut context = ChatContext::new();
/// context.add_message(ChatRole::User, "how much did I say?");
/// let answer = pollster::block_on(Counter.chat(&context, &ChatOptions::default())?.collect_response())?;
/// assert_eq!(answer.text, "1 items");
/// # Ok::<(), lk_plugin::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a language-model plugin",
    label = "not a language-model plugin",
    note = "implement `lk_plugin::Llm` for it"
)]
pub trait Llm: Send + Sync {
    /// What this instance can do. Constant; may be asked often.
    fn capabilities(&self) -> LlmCapabilities {
        LlmCapabilities::default()
    }

    /// The model in use; `unknown` when there is no such thing.
    fn model(&self) -> &str {
        "unknown"
    }

    /// Who runs the model; `unknown` when nobody else does.
    fn provider(&self) -> &str {
        "unknown"
    }

    /// Asks for the next turn of the conversation. Dropping the stream cancels.
    ///
    /// # Errors
    ///
    /// What is wrong with the context or the options; what the provider refuses comes through the stream.
    fn chat(&self, context: &ChatContext, options: &ChatOptions) -> Result<LlmStream>;

    /// A hint that chats come soon. Returns at once, reports nothing, may be called often.
    fn prewarm(&self) {}
}

impl dyn Llm {
    /// What the attribute calls. It stands here and not in a macro, so that the compiler's note about the bound is short.
    #[doc(hidden)]
    pub fn __instance<P: Llm + 'static>(plugin: P) -> Box<Self> {
        Box::new(plugin)
    }
}

/// What an [`Llm`] can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LlmCapabilities {
    /// It calls tools.
    pub tools: bool,
    /// It calls several tools at once.
    pub parallel_tool_calls: bool,
    /// It looks at pictures.
    pub images: bool,
    /// It answers in a given JSON Schema.
    pub structured_output: bool,
}

impl Default for LlmCapabilities {
    /// Text and tools, one call at a time.
    fn default() -> Self {
        Self { tools: true, parallel_tool_calls: false, images: false, structured_output: false }
    }
}

impl LlmCapabilities {
    /// Sets whether it calls tools.
    #[must_use]
    pub fn with_tools(mut self, tools: bool) -> Self {
        self.tools = tools;
        self
    }

    /// Sets whether it calls several tools at once.
    #[must_use]
    pub fn with_parallel_tool_calls(mut self, parallel_tool_calls: bool) -> Self {
        self.parallel_tool_calls = parallel_tool_calls;
        self
    }

    /// Sets whether it looks at pictures.
    #[must_use]
    pub fn with_images(mut self, images: bool) -> Self {
        self.images = images;
        self
    }

    /// Sets whether it answers in a given JSON Schema.
    #[must_use]
    pub fn with_structured_output(mut self, structured_output: bool) -> Self {
        self.structured_output = structured_output;
        self
    }
}

/// How to answer.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ChatOptions {
    /// What the model may call.
    pub tools: Vec<Tool>,
    /// Whether it must; the provider's own default when `None`.
    pub tool_choice: Option<ToolChoice>,
    /// Whether it may make several calls at once; the provider's own default when `None`.
    pub parallel_tool_calls: Option<bool>,
    /// The JSON Schema that the answer must follow, as text.
    pub response_schema: Option<String>,
    /// How patient to be with the provider.
    pub connect: ConnectOptions,
    /// What else to send to the provider: a JSON object as text.
    pub extra: Option<String>,
}

impl ChatOptions {
    /// Sets what the model may call.
    #[must_use]
    pub fn with_tools(mut self, tools: impl IntoIterator<Item = Tool>) -> Self {
        self.tools = tools.into_iter().collect();
        self
    }

    /// Sets whether it must call something.
    #[must_use]
    pub fn with_tool_choice(mut self, tool_choice: ToolChoice) -> Self {
        self.tool_choice = Some(tool_choice);
        self
    }

    /// Sets whether it may make several calls at once.
    #[must_use]
    pub fn with_parallel_tool_calls(mut self, parallel: bool) -> Self {
        self.parallel_tool_calls = Some(parallel);
        self
    }

    /// Sets the JSON Schema that the answer must follow.
    #[must_use]
    pub fn with_response_schema(mut self, schema: impl Into<String>) -> Self {
        self.response_schema = Some(schema.into());
        self
    }

    /// Sets how patient to be with the provider.
    #[must_use]
    pub fn with_connect(mut self, connect: ConnectOptions) -> Self {
        self.connect = connect;
        self
    }
}

/// Something that the model may call.
///
/// ```
/// use lk_plugin::{ChatContext, ChatItem, ChatOptions, FunctionCall, FunctionCallOutput, Tool, ToolChoice};
/// # use lk_plugin::FunctionToolCall;
///
/// let weather = Tool::new("weather", "The weather in a city", r#"{
///     "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": false
/// }"#);
/// let options = ChatOptions::default().with_tools([weather]).with_tool_choice(ToolChoice::Auto);
/// # drop(options);
///
/// // When the answer has a call, the call and what it returned go back with the next question.
/// let mut context = ChatContext::new();
/// # let asked = FunctionToolCall::new("call_1", "weather", r#"{"city": "Paris"}"#);
/// let call = FunctionCall::new(asked.call_id, asked.name, asked.arguments);
/// let output = FunctionCallOutput::new(&call, "sunny");
/// context.items.extend([ChatItem::FunctionCall(call), ChatItem::FunctionCallOutput(output)]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tool {
    /// What the model calls it.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// Its arguments: a JSON Schema of an object, as text.
    pub parameters: String,
    /// Whether the provider shall hold the model to the schema.
    pub strict: bool,
}

impl Tool {
    /// A tool that the provider holds to its schema.
    pub fn new(name: impl Into<String>, description: impl Into<String>, parameters: impl Into<String>) -> Self {
        Self { name: name.into(), description: description.into(), parameters: parameters.into(), strict: true }
    }
}

/// Whether the model must call something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ToolChoice {
    /// It decides.
    Auto,
    /// It must call at least one tool.
    Required,
    /// It must not.
    None,
    /// It must call the tool of this name.
    Function(String),
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ChatChunk {
    /// The provider's id of the answer; the same on all its chunks.
    pub id: String,
    /// What is new in the answer.
    pub delta: Option<ChoiceDelta>,
    /// What the answer costs; usually once, at the end.
    pub usage: Option<CompletionUsage>,
}

impl ChatChunk {
    /// A chunk of text.
    pub fn text(id: impl Into<String>, content: impl Into<String>) -> Self {
        let delta = ChoiceDelta { content: Some(content.into()), ..ChoiceDelta::assistant() };
        Self { id: id.into(), delta: Some(delta), usage: None }
    }

    /// A chunk of whole tool calls.
    pub fn tool_calls(id: impl Into<String>, tool_calls: Vec<FunctionToolCall>) -> Self {
        Self { id: id.into(), delta: Some(ChoiceDelta { tool_calls, ..ChoiceDelta::assistant() }), usage: None }
    }

    /// A chunk that tells what the answer costs.
    pub fn usage(id: impl Into<String>, usage: CompletionUsage) -> Self {
        Self { id: id.into(), delta: None, usage: Some(usage) }
    }

    /// Whether it holds text or a call: only such chunks count as the first token.
    #[must_use]
    pub fn has_response(&self) -> bool {
        self.delta.as_ref().is_some_and(|delta| {
            delta.content.as_ref().is_some_and(|content| !content.is_empty()) || !delta.tool_calls.is_empty()
        })
    }
}

/// What is new in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ChoiceDelta {
    /// Who answers, where the provider tells.
    pub role: Option<ChatRole>,
    /// More text.
    pub content: Option<String>,
    /// Calls, each whole: never a fragment.
    pub tool_calls: Vec<FunctionToolCall>,
    /// What else the provider said: a JSON object as text.
    pub extra: Option<String>,
}

impl ChoiceDelta {
    fn assistant() -> Self {
        Self { role: Some(ChatRole::Assistant), ..Self::default() }
    }
}

/// A call that the model wants made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunctionToolCall {
    /// The provider's id of the call; the output must name it.
    pub call_id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments: a whole JSON object as text.
    pub arguments: String,
    /// What else the provider needs to have back: a JSON object as text.
    pub extra: Option<String>,
}

impl FunctionToolCall {
    /// A whole call.
    pub fn new(call_id: impl Into<String>, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self { call_id: call_id.into(), name: name.into(), arguments: arguments.into(), extra: None }
    }
}

/// What an answer costs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CompletionUsage {
    /// Tokens written.
    pub completion_tokens: u64,
    /// Tokens read, those from the cache included.
    pub prompt_tokens: u64,
    /// Of those, how many came from the provider's cache.
    pub prompt_cached_tokens: u64,
    /// Tokens that were put into the cache.
    pub cache_creation_tokens: u64,
    /// Tokens that were read from the cache, where a provider counts them apart.
    pub cache_read_tokens: u64,
    /// Of the tokens written, how many were thoughts.
    pub reasoning_tokens: u64,
    /// All of them.
    pub total_tokens: u64,
    /// The class of service that was used.
    pub service_tier: Option<String>,
}

impl CompletionUsage {
    /// Usage without any caching.
    #[must_use]
    pub fn new(prompt_tokens: u64, completion_tokens: u64) -> Self {
        Self {
            completion_tokens,
            prompt_tokens,
            total_tokens: prompt_tokens.saturating_add(completion_tokens),
            ..Self::default()
        }
    }
}

/// The pieces of an answer.
pub type LlmStream = EventStream<ChatChunk>;

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ChatResponse {
    /// The text, without white space around it.
    pub text: String,
    /// The calls.
    pub tool_calls: Vec<FunctionToolCall>,
    /// What it costs, if the provider told.
    pub usage: Option<CompletionUsage>,
}

impl LlmStream {
    /// The whole answer.
    ///
    /// # Errors
    ///
    /// The stream's error; what came before it is dropped.
    pub async fn collect_response(mut self) -> Result<ChatResponse> {
        let mut response = ChatResponse::default();
        while let Some(chunk) = self.next().await {
            let chunk = chunk?;
            if let Some(delta) = chunk.delta {
                response.text.push_str(delta.content.as_deref().unwrap_or_default());
                response.tool_calls.extend(delta.tool_calls);
            }
            response.usage = chunk.usage.or(response.usage);
        }
        response.text = response.text.trim().to_owned();
        Ok(response)
    }
}
