//! The request's body: what was asked for, and nothing else.

use bytes::Bytes;
use lk_plugin::{ChatContext, ChatOptions, Error, Result, Tool, ToolChoice};
use serde_json::{Map, Value, json};

use super::{OpenAiLlm, PromptCacheRetention, Verbosity, family, messages, schema};

pub(super) fn body(llm: &OpenAiLlm, context: &ChatContext, options: &ChatOptions) -> Result<Bytes> {
    let config = &llm.config;
    let mut body = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    };
    let text = |value: &Option<String>| value.as_deref().map(Value::from);
    set("model", Some(llm.model.as_str().into()));
    set("messages", Some(messages::messages(context)?));
    set("stream", Some(true.into()));
    set("stream_options", Some(json!({"include_usage": true})));
    set("temperature", config.temperature.map(Value::from));
    set("top_p", config.top_p.map(Value::from));
    set("presence_penalty", config.presence_penalty.map(Value::from));
    set("frequency_penalty", config.frequency_penalty.map(Value::from));
    set("max_completion_tokens", config.max_completion_tokens.map(Value::from));
    let effort = config.reasoning_effort.as_deref().or_else(|| family::least_effort(&llm.model));
    set("reasoning_effort", effort.map(Value::from));
    set("verbosity", config.verbosity.map(verbosity));
    set("service_tier", text(&config.service_tier));
    set("user", text(&config.user));
    set("safety_identifier", text(&config.safety_identifier));
    set("prompt_cache_key", text(&config.prompt_cache_key));
    set("prompt_cache_retention", config.prompt_cache_retention.map(retention));
    set("store", config.store.map(Value::from));
    set("metadata", (!config.metadata.is_empty()).then(|| json!(config.metadata)));
    if !options.tools.is_empty() {
        let strict = config.strict_tools.unwrap_or(config.preset.facts().strict_tools);
        let tools: Vec<Value> = options.tools.iter().map(|tool| tool_json(tool, strict)).collect::<Result<_>>()?;
        set("tools", Some(tools.into()));
        // Without tools the provider refuses both.
        let choice = options.tool_choice.as_ref().map(choice_json);
        set("tool_choice", choice.or_else(|| config.tool_choice.as_deref().map(configured_choice)));
        set("parallel_tool_calls", options.parallel_tool_calls.or(config.parallel_tool_calls).map(Value::from));
    }
    set("response_format", options.response_schema.as_deref().map(response_format).transpose()?);
    family::drop_refused(&llm.model, !options.tools.is_empty(), &mut body);
    merge(&mut body, &llm.extra_body);
    if let Some(extra) = &options.extra {
        let extra = serde_json::from_str(extra).map_err(|error| {
            Error::invalid_input("`extra` is not a JSON object; give one as text").with_source(error)
        })?;
        merge(&mut body, &extra);
    }
    // Text, numbers and flags only: there is nothing in it that JSON cannot hold.
    Ok(Bytes::from(Value::Object(body).to_string()))
}

/// Sets the keys of `extra`; null takes a key out.
fn merge(body: &mut Map<String, Value>, extra: &Map<String, Value>) {
    for (key, value) in extra {
        if value.is_null() {
            body.remove(key);
        } else {
            body.insert(key.clone(), value.clone());
        }
    }
}

fn tool_json(tool: &Tool, strict: bool) -> Result<Value> {
    let mut parameters = parse_schema(&tool.parameters, &format!("the parameters of the tool `{}`", tool.name))?;
    let mut function = json!({"name": tool.name, "description": tool.description});
    if strict && tool.strict && schema::make_strict(&mut parameters) {
        function["strict"] = true.into();
    }
    function["parameters"] = parameters;
    Ok(json!({"type": "function", "function": function}))
}

fn response_format(json: &str) -> Result<Value> {
    let mut schema = parse_schema(json, "`response_schema`")?;
    let title = schema.get("title").and_then(Value::as_str).unwrap_or_default();
    let name: String = title.chars().filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-')).take(64).collect();
    let name = if name.is_empty() { "response".to_owned() } else { name };
    let strict = schema::make_strict(&mut schema);
    Ok(json!({"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": strict}}))
}

fn parse_schema(json: &str, what: &str) -> Result<Value> {
    let wanted = || format!("{what}: this is not a JSON Schema; give a JSON object as text");
    match serde_json::from_str(json) {
        Ok(schema @ Value::Object(_)) => Ok(schema),
        Ok(_) => Err(Error::invalid_input(wanted())),
        Err(error) => Err(Error::invalid_input(wanted()).with_source(error)),
    }
}

fn choice_json(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Required => "required".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Function(name) => json!({"type": "function", "function": {"name": name}}),
        _ => "auto".into(),
    }
}

fn configured_choice(choice: &str) -> Value {
    match choice {
        "auto" | "required" | "none" => choice.into(),
        name => json!({"type": "function", "function": {"name": name}}),
    }
}

fn verbosity(verbosity: Verbosity) -> Value {
    match verbosity {
        Verbosity::Low => "low",
        Verbosity::Medium => "medium",
        Verbosity::High => "high",
    }
    .into()
}

fn retention(retention: PromptCacheRetention) -> Value {
    match retention {
        PromptCacheRetention::InMemory => "in_memory",
        PromptCacheRetention::Day => "24h",
    }
    .into()
}
