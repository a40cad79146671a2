//! What models refuse: OpenAI's reasoning models take fewer options than the others.

use serde_json::{Map, Value};

/// The model's own name: `openai/gpt-5-2025-08-07` is a `gpt-5`.
fn name(model: &str) -> &str {
    let name = model.rsplit('/').next().unwrap_or(model);
    // The date of a snapshot.
    match name.len().checked_sub(11).and_then(|start| Some((name.get(..start)?, name.get(start..)?))) {
        Some((family, date)) if is_date(date) => family,
        _ => name,
    }
}

/// `-2025-08-07`.
fn is_date(text: &str) -> bool {
    text.bytes().enumerate().all(|(index, byte)| match index {
        0 | 5 | 8 => byte == b'-',
        _ => byte.is_ascii_digit(),
    })
}

/// The effort to ask for when nobody said: the least that the model can do.
pub(super) fn least_effort(model: &str) -> Option<&'static str> {
    match name(model) {
        "gpt-5.1" | "gpt-5.2" | "gpt-5.4" | "gpt-5.4-mini" => Some("none"),
        "gpt-5" | "gpt-5-mini" | "gpt-5-nano" => Some("minimal"),
        _ => None,
    }
}

/// Takes out what the model would refuse the whole request for.
pub(super) fn drop_refused(model: &str, has_tools: bool, body: &mut Map<String, Value>) {
    let name = name(model);
    if ["o1", "o3", "o4", "gpt-5"].iter().any(|prefix| name.starts_with(prefix)) {
        for key in [
            "temperature",
            "top_p",
            "presence_penalty",
            "frequency_penalty",
            "logit_bias",
            "logprobs",
            "top_logprobs",
            "n",
        ] {
            body.remove(key);
        }
    }
    if has_tools && (name.starts_with("gpt-5.2") || name.starts_with("gpt-5.4")) {
        body.remove("reasoning_effort");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_provider_and_date() {
        for (model, wanted) in [
            ("gpt-5", "gpt-5"),
            ("openai/gpt-5-mini", "gpt-5-mini"),
            ("gpt-5-2025-08-07", "gpt-5"),
            ("gpt-4o-2024-11-20", "gpt-4o"),
            ("accounts/x/models/llama", "llama"),
            ("-2025-08-07", ""),
            ("", ""),
        ] {
            assert_eq!(name(model), wanted, "{model}");
        }
    }

    #[test]
    fn reasoning_models_lose_what_they_refuse() {
        let body = serde_json::json!({"temperature": 1, "n": 2, "reasoning_effort": "low", "user": "u"});
        for (model, has_tools, left) in [
            ("gpt-4.1", true, "n reasoning_effort temperature user"),
            ("o3-mini", true, "reasoning_effort user"),
            ("gpt-5.2", false, "reasoning_effort user"),
            ("openai/gpt-5.4-mini", true, "user"),
        ] {
            let mut body = body.as_object().cloned().unwrap_or_default();
            drop_refused(model, has_tools, &mut body);
            let mut keys: Vec<&str> = body.keys().map(String::as_str).collect();
            keys.sort_unstable();
            assert_eq!(keys.join(" "), left, "{model}");
        }
    }
}
