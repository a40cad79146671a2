//! A streamed chunk as servers send it, read without copying: everything that some server leaves out, sends as null or
//! spells differently is taken.

use std::borrow::Cow;
use std::fmt;

use lk_plugin::CompletionUsage;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk<'a> {
    pub(super) id: Text<'a>,
    pub(super) choices: Choices<'a>,
    pub(super) usage: Option<Usage>,
    pub(super) service_tier: Text<'a>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

/// The choice with the index 0 (or none), of however many.
#[derive(Debug, Default)]
pub(super) struct Choices<'a> {
    /// Whether the key was there.
    pub(super) given: bool,
    pub(super) first: Option<Choice<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice<'a> {
    index: Option<u64>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    /// In place of the delta when the answer is not streamed.
    message: Option<Delta<'a>>,
    pub(super) finish_reason: Text<'a>,
}

impl<'a> Choice<'a> {
    pub(super) fn into_delta(self) -> Option<Delta<'a>> {
        self.delta.or(self.message)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Delta<'a> {
    #[serde(borrow)]
    pub(super) content: Text<'a>,
    pub(super) refusal: Text<'a>,
    pub(super) tool_calls: Option<Vec<CallPiece<'a>>>,
    /// The older form of a call; some servers send it beside the newer one.
    pub(super) function_call: Option<FunctionPiece<'a>>,
    /// Thoughts: a sign of life.
    reasoning_content: Text<'a>,
    reasoning: Text<'a>,
}

impl Delta<'_> {
    pub(super) fn has_thoughts(&self) -> bool {
        !self.reasoning_content.is_empty() || !self.reasoning.is_empty()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CallPiece<'a> {
    pub(super) index: Option<u64>,
    pub(super) id: Text<'a>,
    pub(super) function: Option<FunctionPiece<'a>>,
    /// What the provider wants to have back with the call.
    #[serde(borrow)]
    pub(super) extra_content: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionPiece<'a> {
    pub(super) name: Text<'a>,
    /// Text, or (from some servers) the object itself.
    #[serde(borrow)]
    pub(super) arguments: Option<&'a RawValue>,
}

impl CallPiece<'_> {
    /// How many bytes are kept of it, roughly.
    pub(super) fn size(&self) -> usize {
        let extra = self.extra_content.map_or(0, |extra| extra.get().len());
        size_of::<Self>() + self.id.0.len() + extra + self.function.as_ref().map_or(0, FunctionPiece::size)
    }
}

impl FunctionPiece<'_> {
    /// As [`CallPiece::size`].
    pub(super) fn size(&self) -> usize {
        self.name.0.len() + self.arguments.map_or(0, |arguments| arguments.get().len())
    }
}

/// Text that may be null, a number, or a list of parts with text.
#[derive(Debug, Default)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl Text<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text, null, or a list of parts")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E>(self) -> Result<Text<'de>, E> {
                Ok(Text::default())
            }

            fn visit_bool<E>(self, _: bool) -> Result<Text<'de>, E> {
                Ok(Text::default())
            }

            fn visit_u64<E>(self, number: u64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Text<'de>, A::Error> {
                let mut text = String::new();
                while let Some(part) = parts.next_element::<Text<'de>>()? {
                    text.push_str(&part.0);
                }
                Ok(Text(Cow::Owned(text)))
            }

            /// One part; a part that is no text (a thought, a picture) says nothing.
            fn visit_map<A: MapAccess<'de>>(self, mut part: A) -> Result<Text<'de>, A::Error> {
                let mut text = Text::default();
                let mut is_text = true;
                while let Some(key) = part.next_key::<Cow<'de, str>>()? {
                    match key.as_ref() {
                        "text" => text = part.next_value()?,
                        "type" => is_text = part.next_value::<Text<'de>>()?.0.ends_with("text"),
                        _ => {
                            part.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(if is_text { text } else { Text::default() })
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Choices<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChoicesVisitor;

        impl<'de> Visitor<'de> for ChoicesVisitor {
            type Value = Choices<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of choices, or null")
            }

            fn visit_unit<E>(self) -> Result<Choices<'de>, E> {
                Ok(Choices::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut choices: A) -> Result<Choices<'de>, A::Error> {
                let mut first = None;
                while let Some(choice) = choices.next_element::<Choice<'de>>()? {
                    if first.is_none() && choice.index.unwrap_or(0) == 0 {
                        first = Some(choice);
                    }
                }
                Ok(Choices { given: true, first })
            }
        }

        deserializer.deserialize_any(ChoicesVisitor)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Usage {
    prompt_tokens: Option<f64>,
    completion_tokens: Option<f64>,
    total_tokens: Option<f64>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek's word for cached tokens.
    prompt_cache_hit_tokens: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: Option<f64>,
}

impl Usage {
    pub(super) fn into_usage(self, service_tier: Option<String>) -> CompletionUsage {
        // `as` takes what is no count (negative, not a number) for 0.
        let count = |number: Option<f64>| number.unwrap_or_default() as u64;
        let mut usage = CompletionUsage::new(count(self.prompt_tokens), count(self.completion_tokens));
        if let Some(total) = self.total_tokens {
            usage.total_tokens = count(Some(total));
        }
        let cached = self.prompt_tokens_details.and_then(|details| details.cached_tokens);
        usage.prompt_cached_tokens = count(cached.or(self.prompt_cache_hit_tokens));
        usage.reasoning_tokens = count(self.completion_tokens_details.and_then(|details| details.reasoning_tokens));
        usage.service_tier = service_tier;
        usage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(json: &str) -> Option<String> {
        let chunk: Chunk<'_> = serde_json::from_str(json).ok()?;
        Some(chunk.choices.first?.into_delta()?.content.0.into_owned())
    }

    #[test]
    fn content_comes_in_many_shapes() {
        for (content_json, wanted) in [
            (r#""plain""#, "plain"),
            (r#""esc\"aped \u00e9""#, "esc\"aped é"),
            ("null", ""),
            (r#"[{"type": "text", "text": "a"}, {"type": "thinking", "text": "no"}, "b", {"text": "c", "x": [1]}]"#, "abc"),
            ("[]", ""),
        ] {
            let json = format!(r#"{{"choices": [{{"index": 0, "delta": {{"role": null, "content": {content_json}}}}}]}}"#);
            assert_eq!(content(&json).as_deref(), Some(wanted), "{json}");
        }
        let other = r#"{"choices": [{"index": 1, "delta": {"content": "b"}}, {"delta": {"content": "a"}}]}"#;
        assert_eq!(content(other).as_deref(), Some("a"));
    }

    #[test]
    fn null_and_missing_numbers_are_zero() -> Result<(), serde_json::Error> {
        let chunk: Chunk<'_> = serde_json::from_str(
            r#"{"id": 7, "usage": {"prompt_tokens": null, "completion_tokens": 3, "prompt_tokens_details": null}}"#,
        )?;
        assert_eq!(chunk.id.0, "7");
        assert!(!chunk.choices.given);
        let usage = chunk.usage.map(|usage| usage.into_usage(None));
        assert_eq!(usage, Some(CompletionUsage::new(0, 3)));
        Ok(())
    }
}
