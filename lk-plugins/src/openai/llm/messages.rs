//! A conversation as the provider wants it: calls with the message that they came with, each followed by its outputs.

use std::collections::{HashMap, HashSet};

use lk_plugin::{ChatContent, ChatContext, ChatItem, ChatMessage, ChatRole, Error, FunctionCall, ImageContent, Result};
use serde_json::{Map, Value, json};

/// What the model did at once: a message, calls, or both.
struct Group<'c> {
    message: Option<&'c ChatMessage>,
    calls: Vec<&'c FunctionCall>,
}

/// The messages of a request.
///
/// A call without an output and an output without a call are left out, since the provider refuses the whole conversation
/// for one of them. Audio is left out too.
pub(super) fn messages(context: &ChatContext) -> Result<Value> {
    let mut outputs = HashMap::new();
    let mut called = HashSet::new();
    for item in &context.items {
        match item {
            ChatItem::FunctionCallOutput(output) => drop(outputs.insert(output.call_id.as_str(), output)),
            ChatItem::FunctionCall(call) => drop(called.insert(call.call_id.as_str())),
            _ => {}
        }
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for item in &context.items {
        let (key, message, call) = match item {
            ChatItem::Message(message) => (message.id.as_str(), Some(message), None),
            ChatItem::FunctionCall(call) if outputs.contains_key(call.call_id.as_str()) => {
                (call.group_id.as_deref().unwrap_or(&call.id), None, Some(call))
            }
            _ => continue,
        };
        // LiveKit's ids of things that belong together begin alike: `item_1/fnc_0`.
        let key = key.split('/').next().unwrap_or(key);
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) if message.is_none() || group.message.is_none() => {
                group.message = group.message.or(message);
                group.calls.extend(call);
            }
            // Two messages of one id are two messages.
            _ => {
                places.insert(key, groups.len());
                groups.push(Group { message, calls: call.into_iter().collect() });
            }
        }
    }
    let mut messages = Vec::new();
    for group in &groups {
        messages.extend(group_json(group)?);
        for call in &group.calls {
            // A call that stands in the conversation twice has one output.
            if let Some(output) = outputs.remove(call.call_id.as_str()) {
                messages.push(json!({"role": "tool", "tool_call_id": output.call_id, "content": output.output}));
            }
        }
    }
    Ok(Value::Array(messages))
}

/// `None` for a message with nothing to say.
fn group_json(group: &Group<'_>) -> Result<Option<Value>> {
    let mut json = Map::new();
    match group.message {
        Some(message) => {
            json.insert("role".to_owned(), message.role.as_str().into());
            if let Some(content) = content_json(message)? {
                json.insert("content".to_owned(), content);
            }
            add_extra(&mut json, message.extra.as_deref());
        }
        None => drop(json.insert("role".to_owned(), ChatRole::Assistant.as_str().into())),
    }
    if !group.calls.is_empty() {
        let calls: Vec<Value> = group.calls.iter().map(|call| call_json(call)).collect();
        json.insert("tool_calls".to_owned(), calls.into());
    }
    let says_something = json.contains_key("content") || json.contains_key("tool_calls");
    Ok(says_something.then_some(Value::Object(json)))
}

fn call_json(call: &FunctionCall) -> Value {
    let mut json = Map::new();
    json.insert("id".to_owned(), call.call_id.as_str().into());
    json.insert("type".to_owned(), "function".into());
    json.insert("function".to_owned(), json!({"name": call.name, "arguments": call.arguments}));
    add_extra(&mut json, call.extra.as_deref());
    Value::Object(json)
}

/// Gives back what the provider gave with it.
fn add_extra(json: &mut Map<String, Value>, extra: Option<&str>) {
    let extra = extra.and_then(|extra| serde_json::from_str::<Map<String, Value>>(extra).ok());
    if let Some(content) = extra.and_then(|mut extra| extra.remove("extra_content")) {
        json.insert("extra_content".to_owned(), content);
    }
}

/// One text, or with pictures a list: the pictures, then the text.
fn content_json(message: &ChatMessage) -> Result<Option<Value>> {
    let text = message.text();
    let images = message.content.iter().filter_map(|part| match part {
        ChatContent::Image(image) => Some(image_json(image)),
        _ => None,
    });
    let mut parts: Vec<Value> = images.collect::<Result<_>>()?;
    let has_text = message.content.iter().any(|part| matches!(part, ChatContent::Text(_)));
    if parts.is_empty() {
        return Ok(has_text.then(|| text.into()));
    }
    if !text.is_empty() {
        parts.push(json!({"type": "text", "text": text}));
    }
    Ok(Some(parts.into()))
}

fn image_json(image: &ImageContent) -> Result<Value> {
    let scheme = image.url.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if !matches!(scheme.as_str(), "https" | "http" | "data") {
        let shown: String = image.url.chars().filter(|letter| !letter.is_control()).take(60).collect();
        return Err(Error::invalid_input(format!(
            "the model cannot see `{shown}`; give the picture as an `https:` or `data:` URL"
        )));
    }
    let detail = match image.inference_detail {
        lk_plugin::InferenceDetail::Auto => "auto",
        lk_plugin::InferenceDetail::High => "high",
        lk_plugin::InferenceDetail::Low => "low",
    };
    Ok(json!({"type": "image_url", "image_url": {"url": image.url, "detail": detail}}))
}

#[cfg(test)]
mod tests {
    use lk_plugin::{ChatContent, FunctionCallOutput};

    use super::*;

    fn call(id: &str, group: Option<&str>) -> FunctionCall {
        let mut call = FunctionCall::new(id, "f", "{}");
        call.group_id = group.map(ToOwned::to_owned);
        call
    }

    #[test]
    fn calls_stand_with_their_message_and_outputs_follow() -> Result<()> {
        let mut context = ChatContext::new();
        context.add_message(ChatRole::Developer, "rules");
        let mut said = ChatMessage::new(ChatRole::Assistant, "let me look");
        said.id = "item_1".to_owned();
        let (a, b) = (call("a", Some("item_1")), call("b", Some("item_1/fnc_1")));
        let (lonely, other) = (call("lonely", None), call("c", None));
        let stray = FunctionCallOutput::new(&call("stray", None), "x");
        let outputs = [&b, &a, &other].map(|call| ChatItem::FunctionCallOutput(FunctionCallOutput::new(call, &*call.call_id)));
        context.items.extend([ChatItem::Message(said), ChatItem::FunctionCall(a), ChatItem::FunctionCall(lonely)]);
        context.items.extend([ChatItem::FunctionCall(b), ChatItem::FunctionCallOutput(stray), ChatItem::FunctionCall(other)]);
        context.items.extend(outputs);
        context.add_message(ChatRole::User, "thanks");
        let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
        let output = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": id});
        assert_eq!(
            messages(&context)?,
            json!([
                {"role": "developer", "content": "rules"},
                {"role": "assistant", "content": "let me look", "tool_calls": [call("a"), call("b")]},
                output("a"),
                output("b"),
                {"role": "assistant", "tool_calls": [call("c")]},
                output("c"),
                {"role": "user", "content": "thanks"},
            ])
        );
        Ok(())
    }

    #[test]
    fn pictures_come_first_and_audio_not_at_all() -> Result<()> {
        let mut context = ChatContext::new();
        let image = |url: &str| ChatContent::Image(ImageContent::new(url));
        let frame = lk_plugin::AudioFrame::new(vec![0; 2], 16_000, 1)?;
        let message = ChatMessage::new(ChatRole::User, "what")
            .with_content(image("data:image/png;base64,AA=="))
            .with_content(ChatContent::Audio(frame.into()))
            .with_content(ChatContent::Text("is it".to_owned()));
        context.items.push(ChatItem::Message(message));
        let url = "data:image/png;base64,AA==";
        assert_eq!(
            messages(&context)?,
            json!([{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": url, "detail": "auto"}},
                {"type": "text", "text": "what\nis it"},
            ]}])
        );
        context.items.push(ChatItem::Message(ChatMessage::new(ChatRole::User, "").with_content(image("/etc/passwd"))));
        assert!(messages(&context).is_err_and(|error| error.message().contains("`/etc/passwd`")));
        Ok(())
    }

    #[test]
    fn what_the_provider_gave_with_a_call_goes_back() -> Result<()> {
        let mut context = ChatContext::new();
        let mut signed = call("a", None);
        signed.extra = Some(r#"{"extra_content":{"google":{"thought_signature":"s"}}}"#.to_owned());
        let output = FunctionCallOutput::new(&signed, "ok");
        context.items.extend([ChatItem::FunctionCall(signed), ChatItem::FunctionCallOutput(output)]);
        let signature = &messages(&context)?[0]["tool_calls"][0]["extra_content"]["google"]["thought_signature"];
        assert_eq!(signature, "s");
        Ok(())
    }
}
