//! What holds for language models.

use std::collections::HashSet;

use serde_json::Value;

use super::run::{Check, Checked, Stop, Subject, ensure, expect_error, give_up_everywhere, skip, wait};
use crate::connect::ConnectOptions;
use crate::error::{Error, ErrorKind};
use crate::kinds::{ChatChunk, ChatContext, ChatOptions, ChatRole, FunctionToolCall, Llm, Tool, ToolChoice};

pub(super) const CHECKS: &[Check<dyn Llm>] = &[
    Check { name: "getters-are-constant", rule: "capabilities, model and provider never change", run: getters },
    Check { name: "question-is-answered", rule: "a question has an answer of text", run: answered },
    Check { name: "one-answer-has-one-id", rule: "all chunks of an answer have the same id", run: one_id },
    Check { name: "usage-is-sound", rule: "usage comes once at most, and its parts are within the whole", run: usage },
    Check {
        name: "tool-calls-are-whole",
        rule: "a call has an id of its own, a given tool's name, and a JSON object",
        run: tool_calls,
    },
    Check { name: "tools-may-be-forbidden", rule: "with the choice `None` no tool is called", run: no_tools },
    Check {
        name: "schema-as-declared",
        rule: "an answer follows the schema, or a schema is `unsupported` as declared",
        run: schema,
    },
    Check { name: "odd-contexts-are-no-trouble", rule: "no context makes it panic or hang", run: odd },
    Check { name: "chats-are-apart", rule: "two chats at once are both answered", run: two_chats },
    Check {
        name: "chats-may-be-given-up",
        rule: "a chat dropped at any point leaves the instance as it was",
        run: given_up,
    },
    Check { name: "instance-may-go-first", rule: "a stream goes on when its instance is dropped", run: instance_first },
];

fn options() -> ChatOptions {
    ChatOptions::default()
}

fn question(text: &str) -> ChatContext {
    let mut context = ChatContext::new();
    context.add_message(ChatRole::User, text);
    context
}

fn ask(llm: &dyn Llm, context: &ChatContext, options: &ChatOptions) -> std::result::Result<Vec<ChatChunk>, Stop> {
    Ok(wait(llm.chat(context, options)?.collect())??)
}

fn hello(llm: &dyn Llm) -> std::result::Result<Vec<ChatChunk>, Stop> {
    ask(llm, &question("Say hello."), &options())
}

/// A greeting.
pub(super) fn short_call(llm: &dyn Llm) -> Option<Error> {
    let options = options().with_connect(ConnectOptions::default().with_max_retry(0));
    let call = async { llm.chat(&question("Say hello."), &options)?.collect().await.map(drop) };
    wait(call).ok()?.err()
}

fn text(chunks: &[ChatChunk]) -> String {
    chunks.iter().filter_map(|chunk| chunk.delta.as_ref()?.content.as_deref()).collect()
}

fn calls(chunks: &[ChatChunk]) -> Vec<&FunctionToolCall> {
    chunks.iter().filter_map(|chunk| chunk.delta.as_ref()).flat_map(|delta| &delta.tool_calls).collect()
}

fn weather() -> Tool {
    Tool::new(
        "get_weather",
        "The weather in a city.",
        r#"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}"#,
    )
}

fn getters(subject: &Subject<dyn Llm>) -> Checked {
    let llm = subject.create()?;
    let told = || (llm.capabilities(), llm.model().to_owned(), llm.provider().to_owned());
    let before = told();
    llm.prewarm();
    llm.prewarm();
    hello(&*llm)?;
    ensure(before == told(), || "they changed with use".to_owned())
}

fn answered(subject: &Subject<dyn Llm>) -> Checked {
    let chunks = hello(&*subject.create()?)?;
    ensure(!text(&chunks).trim().is_empty(), || format!("{} chunks have no text", chunks.len()))
}

fn one_id(subject: &Subject<dyn Llm>) -> Checked {
    let chunks = hello(&*subject.create()?)?;
    let ids: HashSet<&str> = chunks.iter().map(|chunk| chunk.id.as_str()).collect();
    ensure(ids.len() <= 1, || format!("there are {}", ids.len()))
}

fn usage(subject: &Subject<dyn Llm>) -> Checked {
    let chunks = hello(&*subject.create()?)?;
    let told: Vec<_> = chunks.iter().filter_map(|chunk| chunk.usage.as_ref()).collect();
    ensure(told.len() <= 1, || format!("it comes {} times", told.len()))?;
    let Some(usage) = told.first() else { return skip("the provider does not tell") };
    ensure(usage.prompt_cached_tokens <= usage.prompt_tokens, || "more cached tokens than there were".to_owned())?;
    ensure(usage.reasoning_tokens <= usage.completion_tokens, || "more thoughts than tokens".to_owned())?;
    let parts = usage.prompt_tokens.saturating_add(usage.completion_tokens);
    ensure(parts <= usage.total_tokens, || format!("{parts} tokens are more than all {}", usage.total_tokens))
}

fn ensure_whole(calls: &[&FunctionToolCall]) -> Checked {
    let mut ids = HashSet::new();
    for call in calls {
        ensure(call.name == "get_weather", || format!("it calls `{}`, which is no tool", call.name))?;
        ensure(!call.call_id.is_empty(), || "a call without an id".to_owned())?;
        ensure(ids.insert(&call.call_id), || format!("two calls of the id `{}`", call.call_id))?;
        let is_object = serde_json::from_str(&call.arguments).is_ok_and(|value: Value| value.is_object());
        ensure(is_object, || format!("the arguments are no JSON object: {}", call.arguments))?;
    }
    Ok(())
}

fn tool_calls(subject: &Subject<dyn Llm>) -> Checked {
    let llm = subject.create()?;
    if !llm.capabilities().tools {
        return skip("it calls no tools");
    }
    let options = options().with_tools([weather()]).with_tool_choice(ToolChoice::Function("get_weather".to_owned()));
    let chunks = ask(&*llm, &question("What is the weather in Paris?"), &options)?;
    let calls = calls(&chunks);
    ensure(!calls.is_empty(), || "the tool must be called, and is not".to_owned())?;
    ensure_whole(&calls)
}

fn no_tools(subject: &Subject<dyn Llm>) -> Checked {
    let llm = subject.create()?;
    if !llm.capabilities().tools {
        return skip("it calls no tools");
    }
    let options = options().with_tools([weather()]).with_tool_choice(ToolChoice::None);
    let chunks = ask(&*llm, &question("Use get_weather for Paris."), &options)?;
    ensure(calls(&chunks).is_empty(), || format!("it calls `{}`", calls(&chunks)[0].name))
}

fn schema(subject: &Subject<dyn Llm>) -> Checked {
    let llm = subject.create()?;
    let schema =
        r#"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}"#;
    let options = options().with_response_schema(schema);
    let context = question("Name the capital of France as JSON.");
    if !llm.capabilities().structured_output {
        let answer = match llm.chat(&context, &options) {
            Ok(chunks) => wait(chunks.collect())?,
            Err(error) => Err(error),
        };
        return expect_error(answer, &[ErrorKind::Unsupported], "a schema");
    }
    let answer = text(&ask(&*llm, &context, &options)?);
    let city = serde_json::from_str(&answer).ok().and_then(|value: Value| value.get("city").map(Value::is_string));
    ensure(city == Some(true), || format!("the answer does not follow the schema: {answer}"))
}

fn odd(subject: &Subject<dyn Llm>) -> Checked {
    let llm = subject.create()?;
    let mut system_alone = ChatContext::new();
    system_alone.add_message(ChatRole::System, "Be brief.");
    let mut assistant_last = question("Hello.");
    assistant_last.add_message(ChatRole::Assistant, "Hello to you.");
    for context in [ChatContext::new(), question(""), question("\0 🎉 \u{202e}"), system_alone, assistant_last] {
        // An error is an answer too.
        if let Ok(chunks) = llm.chat(&context, &options()) {
            drop(wait(chunks.collect())?);
        }
    }
    hello(&*llm).map(drop)
}

fn two_chats(subject: &Subject<dyn Llm>) -> Checked {
    let llm = subject.create()?;
    let answers: Vec<std::result::Result<Vec<ChatChunk>, Stop>> = std::thread::scope(|scope| {
        let chats = [scope.spawn(|| hello(&*llm)), scope.spawn(|| hello(&*llm))];
        chats.into_iter().map(|chat| chat.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    answers.into_iter().try_for_each(|chunks| ensure(!text(&chunks?).is_empty(), || "one has no answer".to_owned()))
}

fn given_up(subject: &Subject<dyn Llm>) -> Checked {
    let llm = subject.create()?;
    give_up_everywhere(|| Ok(llm.chat(&question("Say hello."), &options())?.collect()))?;
    let mut chunks = llm.chat(&question("Say hello."), &options())?;
    wait(chunks.next())?.transpose()?;
    drop(chunks);
    hello(&*llm).map(drop)
}

fn instance_first(subject: &Subject<dyn Llm>) -> Checked {
    let llm = subject.create()?;
    let chunks = llm.chat(&question("Say hello."), &options())?;
    drop(llm);
    ensure(!text(&wait(chunks.collect())??).is_empty(), || "no text came".to_owned())
}
