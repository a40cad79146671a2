//! `llm/fake`: says what it was told to say, and calls the tools that the user names.

use lk_plugin::{
    ChatChunk, ChatContext, ChatItem, ChatOptions, ChatRole, CompletionUsage, Config, Error, EventSender, EventStream,
    FunctionToolCall, Llm, LlmStream, PluginConfig, Result, Tool, ToolChoice, choose, lk_plugin,
};

/// What [`FakeLlm`] says.
#[derive(Debug, Clone, PluginConfig)]
pub struct FakeLlmConfig {
    /// What is said: one reply a message of the user, in turn, from the first again after the last. `{input}` stands
    /// for the text of the user's last message.
    #[config(default = ["you said: {input}", "and now you said: {input}"], length = 1..)]
    replies: Vec<String>,
    /// What is said after a tool has answered. `{output}` stands for the answer.
    #[config(default = "the tool answered: {output}")]
    tool_reply: String,
    /// The arguments of tool calls: a JSON object as text that has an object for each tool's name, such as
    /// `{"get_weather": {"city": "Paris"}}`. A tool that is not in it gets `{}`.
    #[config(default = "{}")]
    tool_arguments: String,
    /// How many characters each chunk of text has.
    #[config(default = 3, range = 1.., unit = "characters")]
    chunk_characters: u32,
}

/// A language model by script.
///
/// An answer depends on the conversation alone, so the same question always gets the same answer:
///
/// 1. a call of the tool that must be called: the one of [`ToolChoice::Function`], the first with
///    [`ToolChoice::Required`];
/// 2. else, when a tool has just answered, `tool_reply`;
/// 3. else, unless with [`ToolChoice::None`], a call of the first tool whose name occurs in the user's last message;
/// 4. else one of the `replies`.
///
/// Text comes in chunks of `chunk_characters`, a call in one. The last chunk has the usage; its tokens are words.
/// Answers are called `fake-` and the number of items in the conversation, calls `call_` and their number in it.
#[derive(Debug)]
pub struct FakeLlm {
    replies: Vec<String>,
    tool_reply: String,
    tool_arguments: Config,
    chunk_characters: u32,
}

#[lk_plugin(
    kind = "llm",
    name = "fake",
    description = "Gives the replies of its config; calls tools that the user names"
)]
impl FakeLlm {
    /// A language model that says what `config` says.
    ///
    /// # Errors
    ///
    /// [`Config`](lk_plugin::ErrorKind::Config) when the tools' arguments are not JSON objects.
    pub fn new(config: FakeLlmConfig) -> Result<Self> {
        Ok(Self {
            replies: config.replies,
            tool_reply: config.tool_reply,
            tool_arguments: tool_arguments(&config.tool_arguments)?,
            chunk_characters: config.chunk_characters.max(1),
        })
    }

    fn answer(&self, context: &ChatContext, options: &ChatOptions) -> Result<Answer> {
        let asked = || context.items.iter().filter_map(user_text);
        let input = asked().next_back().unwrap_or_default();
        if let Some(tool) = demanded_tool(options)? {
            return Ok(self.call(tool, context));
        }
        if let Some(ChatItem::FunctionCallOutput(output)) = context.items.last() {
            return Ok(Answer::Text(self.tool_reply.replace("{output}", &output.output)));
        }
        let named = |tool: &&Tool| !tool.name.is_empty() && input.contains(&tool.name);
        match options.tools.iter().find(named) {
            Some(tool) if options.tool_choice != Some(ToolChoice::None) => Ok(self.call(tool, context)),
            _ => {
                let turn = asked().count().saturating_sub(1) % self.replies.len();
                Ok(Answer::Text(self.replies[turn].replace("{input}", &input)))
            }
        }
    }

    fn call(&self, tool: &Tool, context: &ChatContext) -> Answer {
        let earlier = context.items.iter().filter(|item| matches!(item, ChatItem::FunctionCall(_))).count();
        let arguments = self.tool_arguments.get(&tool.name).map_or_else(|| "{}".to_owned(), ToString::to_string);
        Answer::Call(FunctionToolCall::new(format!("call_{}", earlier + 1), tool.name.as_str(), arguments))
    }
}

impl Llm for FakeLlm {
    fn model(&self) -> &str {
        "fake"
    }

    /// The next answer.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](lk_plugin::ErrorKind::InvalidInput) when a tool must be called that is not there;
    /// [`Unsupported`](lk_plugin::ErrorKind::Unsupported) when the answer is to follow a schema.
    fn chat(&self, context: &ChatContext, options: &ChatOptions) -> Result<LlmStream> {
        if options.response_schema.is_some() {
            return Err(Error::unsupported(
                "this model follows no schema (its `structured_output` is false); leave `response_schema` out",
            ));
        }
        let answer = self.answer(context, options)?;
        let usage = CompletionUsage::new(context.items.iter().map(words_of).sum(), answer.words());
        let id = format!("fake-{}", context.items.len());
        let chunk_characters = self.chunk_characters;
        Ok(EventStream::from_fn(move |mut chunks| async move {
            match answer {
                Answer::Text(text) => send_text(&id, &text, chunk_characters, &mut chunks).await?,
                Answer::Call(call) => chunks.send(ChatChunk::tool_calls(id.as_str(), vec![call])).await?,
            }
            chunks.send(ChatChunk::usage(id, usage)).await
        }))
    }
}

enum Answer {
    Text(String),
    Call(FunctionToolCall),
}

impl Answer {
    fn words(&self) -> u64 {
        match self {
            Self::Text(text) => words(text),
            Self::Call(call) => words(&call.name) + words(&call.arguments),
        }
    }
}

async fn send_text(id: &str, text: &str, characters: u32, chunks: &mut EventSender<ChatChunk>) -> Result<()> {
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.char_indices().nth(characters as usize).map_or(rest.len(), |(index, _)| index);
        let (chunk, after) = rest.split_at(end);
        chunks.send(ChatChunk::text(id, chunk)).await?;
        rest = after;
    }
    Ok(())
}

/// The tool that the options leave no choice about.
fn demanded_tool(options: &ChatOptions) -> Result<Option<&Tool>> {
    let tools = &options.tools;
    match &options.tool_choice {
        Some(ToolChoice::Required) => tools.first().map(Some).ok_or_else(|| {
            Error::invalid_input("the tool choice is `required`, but there is no tool; give at least one")
        }),
        Some(ToolChoice::Function(name)) => tools.iter().find(|tool| tool.name == *name).map(Some).ok_or_else(|| {
            let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
            Error::invalid_input(format!("`{name}` is not one of the tools; {}", choose(name, &names)))
        }),
        _ => Ok(None),
    }
}

/// Reads them as a [`Config`], which is what the core has for a JSON object.
fn tool_arguments(json: &str) -> Result<Config> {
    let wanted = "give a JSON object that has an object for each tool's name";
    let arguments = Config::from_json(json).map_err(|error| {
        Error::config(format!("`tool_arguments` is not a JSON object; {wanted}")).with_source(error)
    })?;
    for tool in arguments.keys() {
        if !arguments.get(tool).is_some_and(|value| value.is_object()) {
            return Err(Error::config(format!("`tool_arguments` has no object for `{tool}`; {wanted}")));
        }
    }
    Ok(arguments)
}

fn user_text(item: &ChatItem) -> Option<String> {
    match item {
        ChatItem::Message(message) if message.role == ChatRole::User => Some(message.text()),
        _ => None,
    }
}

fn words_of(item: &ChatItem) -> u64 {
    match item {
        ChatItem::Message(message) => words(&message.text()),
        ChatItem::FunctionCall(call) => words(&call.name) + words(&call.arguments),
        ChatItem::FunctionCallOutput(output) => words(&output.output),
        _ => 0,
    }
}

fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

#[cfg(test)]
mod tests {
    use lk_plugin::{ChatResponse, ErrorKind, FunctionCall, FunctionCallOutput};
    use pollster::block_on;

    use super::*;

    fn fake(json: &str) -> Result<FakeLlm> {
        FakeLlm::new(FakeLlmConfig::from_config(&Config::from_json(json)?)?)
    }

    fn asked(texts: &[&str]) -> ChatContext {
        let mut context = ChatContext::new();
        context.add_message(ChatRole::System, "be brief");
        for text in texts {
            context.add_message(ChatRole::User, *text);
        }
        context
    }

    fn tools(names: &[&str]) -> ChatOptions {
        ChatOptions::default().with_tools(names.iter().map(|name| Tool::new(*name, "", "{}")))
    }

    fn ask(llm: &FakeLlm, context: &ChatContext, options: &ChatOptions) -> Result<ChatResponse> {
        block_on(llm.chat(context, options)?.collect_response())
    }

    /// The text, or the tool called with its arguments.
    fn gist(response: &ChatResponse) -> (&str, &str) {
        let call = response.tool_calls.first();
        call.map_or((&response.text, ""), |call| (&call.name, &call.arguments))
    }

    #[test]
    fn replies_cycle_with_the_users_messages_alone() -> Result<()> {
        let llm = fake(r#"{"replies": ["one", "two {input} {input}"]}"#)?;
        let options = ChatOptions::default();
        for (texts, wanted) in [
            (&[] as &[&str], "one"),
            (&["a"], "one"),
            (&["a", "b"], "two b b"),
            (&["a", "b", "c"], "one"),
            (&["a", "b"], "two b b"),
        ] {
            assert_eq!(ask(&llm, &asked(texts), &options)?.text, wanted, "{texts:?}");
        }
        Ok(())
    }

    #[test]
    fn text_comes_in_chunks_of_characters_then_the_usage() -> Result<()> {
        let llm = fake(r#"{"replies": ["añ日本 ok"], "chunk_characters": 3}"#)?;
        let chunks = block_on(llm.chat(&asked(&["how are you"]), &ChatOptions::default())?.collect())?;
        let text = |chunk: &ChatChunk| chunk.delta.as_ref().and_then(|delta| delta.content.clone());
        assert_eq!(chunks.iter().filter_map(text).collect::<Vec<_>>(), ["añ日", "本 o", "k"]);
        assert!(chunks.iter().all(|chunk| chunk.id == "fake-2"));
        assert_eq!(chunks.last().and_then(|chunk| chunk.usage.clone()), Some(CompletionUsage::new(5, 2)));
        assert_eq!(chunks.iter().filter(|chunk| chunk.usage.is_some()).count(), 1);
        let quiet = fake(r#"{"replies": [""]}"#)?;
        let chunks = block_on(quiet.chat(&asked(&[]), &ChatOptions::default())?.collect())?;
        assert_eq!(chunks, [ChatChunk::usage("fake-1", CompletionUsage::new(2, 0))]);
        Ok(())
    }

    #[test]
    fn a_tool_that_the_user_names_is_called_and_its_output_told() -> Result<()> {
        let llm = fake(r#"{"replies": ["text"], "tool_arguments": "{\"weather\": {\"city\": \"Paris\"}}"}"#)?;
        let options = tools(&["time", "weather"]);
        let mut context = asked(&["the weather please"]);
        let response = ask(&llm, &context, &options)?;
        assert_eq!(gist(&response), ("weather", r#"{"city":"Paris"}"#));
        assert_eq!(response.tool_calls[0].call_id, "call_1");

        let call = FunctionCall::new("call_1", "weather", "{}");
        let output = FunctionCallOutput::new(&call, "sunny {output}");
        context.items.extend([ChatItem::FunctionCall(call), ChatItem::FunctionCallOutput(output)]);
        assert_eq!(gist(&ask(&llm, &context, &options)?), ("the tool answered: sunny {output}", ""));

        context.add_message(ChatRole::User, "and the time");
        let response = ask(&llm, &context, &options)?;
        assert_eq!((gist(&response), response.tool_calls[0].call_id.as_str()), (("time", "{}"), "call_2"));
        assert_eq!(gist(&ask(&llm, &asked(&["hello"]), &options)?), ("text", ""));
        Ok(())
    }

    #[test]
    fn the_tool_choice_is_honoured() -> Result<()> {
        let llm = fake(r#"{"replies": ["text"]}"#)?;
        for (choice, input, wanted) in [
            (ToolChoice::Auto, "the weather", "weather"),
            (ToolChoice::Auto, "hello", "text"),
            (ToolChoice::None, "the weather", "text"),
            (ToolChoice::Required, "the weather", "time"),
            (ToolChoice::Function("weather".to_owned()), "the time", "weather"),
        ] {
            let options = tools(&["time", "weather"]).with_tool_choice(choice.clone());
            assert_eq!(gist(&ask(&llm, &asked(&[input]), &options)?).0, wanted, "{choice:?}");
        }
        let unknown = |name: &str| ToolChoice::Function(name.to_owned());
        for (options, kind, wanted) in [
            (
                tools(&["b", "a"]).with_tool_choice(unknown("c")),
                ErrorKind::InvalidInput,
                "`c` is not one of the tools; choose from `a`, `b`",
            ),
            (
                tools(&[]).with_tool_choice(unknown("c")),
                ErrorKind::InvalidInput,
                "`c` is not one of the tools; there is nothing to choose from",
            ),
            (
                tools(&[]).with_tool_choice(ToolChoice::Required),
                ErrorKind::InvalidInput,
                "the tool choice is `required`, but there is no tool; give at least one",
            ),
            (
                tools(&[]).with_response_schema("{}"),
                ErrorKind::Unsupported,
                "this model follows no schema (its `structured_output` is false); leave `response_schema` out",
            ),
        ] {
            let error = llm.chat(&asked(&[]), &options).err().map(|error| (error.kind(), error.to_string()));
            assert_eq!(error, Some((kind, wanted.to_owned())));
        }
        Ok(())
    }

    #[test]
    fn mistakes_in_the_config_are_named() {
        for (json, wanted) in [
            (r#"{"replies": []}"#, "`replies` must have at least 1 item, but has 0"),
            (r#"{"chunk_characters": 0}"#, "`chunk_characters` must be at least 1, but is `0`"),
            (
                r#"{"tool_arguments": "["}"#,
                "`tool_arguments` is not a JSON object; give a JSON object that has an object for each tool's name",
            ),
            (
                r#"{"tool_arguments": "{\"a\": 1}"}"#,
                "`tool_arguments` has no object for `a`; give a JSON object that has an object for each tool's name",
            ),
        ] {
            assert_eq!(fake(json).err().map(|error| error.to_string()).as_deref(), Some(wanted));
        }
    }
}
