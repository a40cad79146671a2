//! The conversation that a language model is given.

use serde::{Deserialize, Serialize};

use super::chat_item::{ChatItem, ChatMessage, ChatRole};
use crate::error::{Error, Result};

/// A conversation: messages, the calls that the model made, and what they returned; oldest first.
///
/// ```
/// use lk_plugin::{ChatContext, ChatRole};
///
/// let mut context = ChatContext::new();
/// context.add_message(ChatRole::System, "answer in one sentence");
/// context.add_message(ChatRole::User, "how high is the Eiffel tower?");
/// assert_eq!(ChatContext::from_json(&context.to_json())?, context);
/// # Ok::<(), lk_plugin::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChatContext {
    /// The items, oldest first.
    pub items: Vec<ChatItem>,
}

impl ChatContext {
    /// An empty conversation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a message of now at the end.
    pub fn add_message(&mut self, role: ChatRole, text: impl Into<String>) {
        self.items.push(ChatItem::Message(ChatMessage::new(role, text)));
    }

    /// Puts an item where its time belongs: after everything that is not younger.
    pub fn insert(&mut self, item: ChatItem) {
        let place = self.items.iter().rposition(|other| other.created_at() <= item.created_at());
        self.items.insert(place.map_or(0, |index| index + 1), item);
    }

    /// Takes the item with that id out.
    pub fn remove(&mut self, id: &str) -> Option<ChatItem> {
        let place = self.items.iter().position(|item| item.id() == id)?;
        Some(self.items.remove(place))
    }

    /// The item with that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&ChatItem> {
        self.items.iter().find(|item| item.id() == id)
    }

    /// Keeps the last `max_items`, less the calls and outputs that they would begin with (a model refuses an output
    /// without its call), plus the first instructions of the system or developer.
    pub fn truncate(&mut self, max_items: usize) {
        if self.items.len() <= max_items {
            return;
        }
        let is_instructions = |item: &ChatItem| matches!(item, ChatItem::Message(message) if matches!(message.role, ChatRole::System | ChatRole::Developer));
        let instructions = self.items.iter().find(|item| is_instructions(item)).cloned();
        let mut kept = self.items.split_off(self.items.len() - max_items);
        let first = kept.iter().position(|item| matches!(item, ChatItem::Message(_))).unwrap_or(kept.len());
        kept.drain(..first);
        if let Some(instructions) = instructions
            && !kept.iter().any(|item| item.id() == instructions.id())
        {
            kept.insert(0, instructions);
        }
        self.items = kept;
    }

    /// Takes over the items of `other` that are not here yet, each where its time belongs.
    pub fn merge(&mut self, other: &Self) {
        for item in &other.items {
            if self.get(item.id()).is_none() {
                self.insert(item.clone());
            }
        }
    }

    /// Whether both say the same: ids, times, confidences and `extra` left aside.
    #[must_use]
    pub fn is_equivalent(&self, other: &Self) -> bool {
        let same = |(one, two): (&ChatItem, &ChatItem)| match (one, two) {
            (ChatItem::Message(a), ChatItem::Message(b)) => {
                (a.role, &a.content, a.interrupted) == (b.role, &b.content, b.interrupted)
            }
            (ChatItem::FunctionCall(a), ChatItem::FunctionCall(b)) => {
                (&a.call_id, &a.name, &a.arguments) == (&b.call_id, &b.name, &b.arguments)
            }
            (ChatItem::FunctionCallOutput(a), ChatItem::FunctionCallOutput(b)) => {
                (&a.call_id, &a.output, a.is_error) == (&b.call_id, &b.output, b.is_error)
            }
            _ => false,
        };
        self.items.len() == other.items.len() && self.items.iter().zip(&other.items).all(same)
    }

    /// The conversation as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Text, numbers and flags only: there is nothing in it that JSON cannot hold.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The conversation that [`to_json`](ChatContext::to_json) wrote.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) with the place where the text is not such JSON.
    pub fn from_json(json: &str) -> Result<Self> {
        serde_json::from_str(json).map_err(|error| {
            Error::invalid_input("this is not a chat context in JSON; give what `to_json` wrote").with_source(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::chat_item::{ChatContent, FunctionCall, FunctionCallOutput, ImageContent};
    use super::*;

    fn message(text: &str, second: u64) -> ChatItem {
        let mut message = ChatMessage::new(ChatRole::User, text);
        message.created_at = Duration::from_secs(second);
        ChatItem::Message(message)
    }

    fn texts(context: &ChatContext) -> Vec<String> {
        let text = |item: &ChatItem| match item {
            ChatItem::Message(message) => message.text(),
            ChatItem::FunctionCall(call) => call.name.clone(),
            ChatItem::FunctionCallOutput(output) => output.output.clone(),
        };
        context.items.iter().map(text).collect()
    }

    #[test]
    fn insert_keeps_time_order_and_is_stable() {
        let mut context = ChatContext::new();
        for (text, second) in [("b", 2), ("d", 4), ("c", 3), ("a", 1), ("c2", 3)] {
            context.insert(message(text, second));
        }
        assert_eq!(texts(&context), ["a", "b", "c", "c2", "d"]);
    }

    #[test]
    fn truncate_keeps_instructions_and_no_orphaned_outputs() {
        let mut context = ChatContext::new();
        context.add_message(ChatRole::System, "rules");
        context.add_message(ChatRole::User, "weather?");
        let call = FunctionCall::new("c1", "weather", "{}");
        context.items.push(ChatItem::FunctionCallOutput(FunctionCallOutput::new(&call, "sun")));
        context.items.insert(2, ChatItem::FunctionCall(call));
        context.add_message(ChatRole::Assistant, "sunny");
        context.truncate(2);
        assert_eq!(texts(&context), ["rules", "sunny"]);
        context.truncate(9);
        assert_eq!(context.items.len(), 2);
    }

    #[test]
    fn merge_takes_only_what_is_new() {
        let mut one = ChatContext::new();
        one.insert(message("a", 1));
        let mut two = one.clone();
        two.insert(message("b", 2));
        one.insert(message("c", 3));
        one.merge(&two);
        assert_eq!(texts(&one), ["a", "b", "c"]);
    }

    #[test]
    fn json_has_livekits_shape_and_comes_back() -> Result<()> {
        let mut context = ChatContext::new();
        let image = ChatContent::Image(ImageContent::new("data:image/png;base64,AA=="));
        context.items.push(ChatItem::Message(ChatMessage::new(ChatRole::User, "look").with_content(image)));
        let call = FunctionCall::new("c1", "weather", "{\"city\":\"Paris\"}");
        context.items.push(ChatItem::FunctionCallOutput(FunctionCallOutput::new(&call, "no").with_error(true)));
        context.items.push(ChatItem::FunctionCall(call));
        let json = context.to_json();
        assert!(json.contains(r#""type":"function_call_output""#), "{json}");
        assert_eq!(ChatContext::from_json(&json)?, context);
        assert!(ChatContext::from_json(&json)?.is_equivalent(&context));
        assert!(ChatContext::from_json("{\"items\":[{}]}").is_err());
        assert!(ChatContext::from_json(&json.replace("\"created_at\":", "\"created_at\":-")).is_err());
        Ok(())
    }
}
