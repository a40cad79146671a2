//! `llm/openai` against a server that follows a script: what is sent, and every way in which an answer may go.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use integration_tests::server::{Reply, Server};
use lk_plugin::{
    ChatChunk, ChatContext, ChatOptions, ChatResponse, ChatRole, Config, Error, ErrorKind, Llm, Registry, Result, Tool,
    ToolChoice,
};
use lk_plugins as _;
use pollster::block_on;
use serde_json::{Value, json};

const KEY: &str = "sk-never-to-be-seen-8472";

/// The plugin at this server, with no other attempt unless told.
fn llm(server: &Server, more: Value) -> Box<dyn Llm> {
    let mut config = json!({"api_key": KEY, "base_url": server.url(), "max_retry": 0, "model": "gpt-4o-mini"});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Registry::global().create::<dyn Llm>("openai", &Config::from_json(&config.to_string()).unwrap()).unwrap()
}

fn hello() -> ChatContext {
    let mut context = ChatContext::new();
    context.add_message(ChatRole::User, "hello");
    context
}

/// A chunk whose delta is this.
fn delta(delta: Value) -> String {
    json!({"id": "chat-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [
        {"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}
    ]})
    .to_string()
}

fn text(content: &str) -> String {
    delta(json!({"content": content}))
}

fn call(index: u64, id: Option<&str>, name: Option<&str>, arguments: &str) -> Value {
    let mut call = json!({"index": index, "function": {"arguments": arguments}});
    if let Some(id) = id {
        call["id"] = id.into();
    }
    if let Some(name) = name {
        call["function"]["name"] = name.into();
    }
    call
}

fn calls(calls: Vec<Value>) -> String {
    delta(json!({"tool_calls": calls}))
}

fn finish(reason: &str) -> String {
    json!({"id": "chat-1", "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}).to_string()
}

fn usage() -> String {
    json!({"id": "chat-1", "choices": [], "service_tier": "default", "usage": {
        "prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13,
        "prompt_tokens_details": {"cached_tokens": 5}, "completion_tokens_details": {"reasoning_tokens": null}
    }})
    .to_string()
}

const DONE: &str = "[DONE]";

/// Chunks until the end or the error.
fn read(llm: &dyn Llm, options: &ChatOptions) -> (Vec<ChatChunk>, Option<Error>) {
    let mut stream = llm.chat(&hello(), options).unwrap();
    let mut chunks = Vec::new();
    block_on(async {
        while let Some(chunk) = stream.next().await {
            match chunk {
                Ok(chunk) => chunks.push(chunk),
                Err(error) => return (chunks, Some(error)),
            }
        }
        (chunks, None)
    })
}

fn ask(llm: &dyn Llm) -> Result<ChatResponse> {
    block_on(llm.chat(&hello(), &ChatOptions::default())?.collect_response())
}

/// What came of one reply, in words: the text, the calls, the error with its kind and whether it is retryable.
fn outcome(reply: Reply, more: Value) -> String {
    let server = Server::start([reply]);
    let (chunks, error) = read(&*llm(&server, more), &ChatOptions::default());
    let mut words = Vec::new();
    let deltas = || chunks.iter().filter_map(|chunk| chunk.delta.as_ref());
    let said: String = deltas().filter_map(|delta| delta.content.as_deref()).collect();
    if !said.is_empty() {
        words.push(format!("says `{said}`"));
    }
    for call in deltas().flat_map(|delta| &delta.tool_calls) {
        let id = if call.call_id.len() == 29 { "made-up" } else { &call.call_id };
        words.push(format!("calls {} {} {}", id, call.name, call.arguments));
    }
    words.extend(deltas().filter_map(|delta| delta.extra.clone()));
    words.extend(
        chunks.iter().filter_map(|chunk| chunk.usage.as_ref()).map(|usage| format!("{} tokens", usage.total_tokens)),
    );
    if let Some(error) = error {
        let retryable = if error.is_retryable() { "retryable" } else { "final" };
        let message = error.to_string().replace(&server.host(), "host");
        words.push(format!("{} {}: {message}", retryable, error.kind()));
    }
    words.join("; ")
}

#[test]
fn odd_streams_lose_nothing_and_never_pass_for_a_success() {
    let begun = || calls(vec![call(0, Some("a"), Some("f"), "{\"x\":")]);
    for (what, reply, wanted) in [
        ("plain", Reply::sse([&delta(json!({"role": "assistant", "content": ""})), &text("hel"), &text("lo"), &finish("stop"), &usage(), DONE]), "says `hello`; 13 tokens"),
        ("interleaved indexes", Reply::sse([
            &calls(vec![call(0, Some("a"), Some("f"), ""), call(1, Some("b"), Some("g"), "")]),
            &calls(vec![call(0, None, None, "{\"x\":")]), &calls(vec![call(1, None, None, "{\"y\":")]),
            &calls(vec![call(0, None, None, "1}")]), &calls(vec![call(1, None, None, "2}")]), &finish("tool_calls"), DONE,
        ]), r#"calls a f {"x":1}; calls b g {"y":2}"#),
        ("same index, new id", Reply::sse([&calls(vec![call(0, Some("a"), Some("f"), "{}")]), &calls(vec![call(0, Some("b"), Some("g"), "{}")]), &finish("tool_calls"), DONE]), "calls a f {}; calls b g {}"),
        ("no id", Reply::sse([&calls(vec![call(0, None, Some("f"), "{}")]), &finish("tool_calls"), DONE]), "calls made-up f {}"),
        ("three calls in one delta", Reply::sse([&calls(vec![call(0, Some("a"), Some("f"), "{}"), call(1, Some("b"), Some("g"), ""), call(2, Some("c"), Some("h"), "{}")]), &finish("stop"), DONE]), "calls a f {}; calls b g {}; calls c h {}"),
        ("length with a pending call", Reply::sse([&begun(), &finish("length"), DONE]), "final api: `host` reached"),
        ("length after text", Reply::sse([&text("some"), &finish("length"), DONE]), r#"says `some`; {"finish_reason":"length"}"#),
        ("no end, whole call", Reply::sse([calls(vec![call(0, Some("a"), Some("f"), "{}")])]), "calls a f {}"),
        ("no end, pending call", Reply::sse([begun()]), "retryable api: `host` ended the answer in the middle of a call of `f`"),
        ("pending call, cut", Reply::sse([begun()]).cut(), "retryable api_connection: the connection to `host` broke in the middle of the answer"),
        ("no end after text", Reply::sse([text("some")]), "says `some`; final api: part of the answer was delivered, then it broke off: `host` ended the answer in the middle"),
        ("cut after text", Reply::sse([text("some")]).cut(), "says `some`; final api_connection: part of the answer was delivered, then it broke off: the connection to `host` broke in the middle of the answer"),
        ("cut after the finish", Reply::sse([text("some"), finish("stop")]).cut(), "says `some`"),
        ("done without a finish", Reply::sse([&text("some"), DONE]), "says `some`"),
        ("finish in the only chunk", Reply::sse([r#"{"choices":[{"delta":{"content":"some"},"finish_reason":"stop"}]}"#]), "says `some`"),
        ("empty", Reply::sse([""; 0]), "retryable api: `host` ended the answer before its first word"),
        ("only done", Reply::sse([DONE]), "retryable api: `host` gave an empty answer"),
        ("no words but usage", Reply::sse([&finish("stop"), &usage(), DONE]), "13 tokens"),
        ("only thoughts", Reply::sse([delta(json!({"reasoning_content": "hm"}))]), "retryable api: `host` ended the answer in the middle"),
        ("broken arguments", Reply::sse([&begun(), &finish("tool_calls"), DONE]), "retryable api: `host` sent a call of `f` whose arguments are no JSON object"),
        ("an endless page of JSON", Reply::json(200, "x".repeat((8 << 20) + 1)), "final api: the answer is longer than the 8388608 bytes that it may have"),
        ("calls without end", Reply::sse(vec![&*calls(vec![call(0, Some("a"), Some("f"), &"x".repeat(1 << 19))]); 18]), "final api: `host` sent tool calls of more than 8388608 bytes"),
        ("error event", Reply::sse([r#"{"error": {"message": "overloaded", "code": "server_error"}}"#]), "retryable api: `host` says: overloaded"),
        ("error event with a status", Reply::sse([text("some"), r#"{"error": {"message": "no credit", "code": 402}, "choices": []}"#.to_owned()]), "says `some`; final api_status: part of the answer was delivered, then it broke off: `host` says: no credit (status 402)"),
        ("error event in its own form", Reply::sse([r#"{"detail": "out of memory"}"#]), "retryable api: `host` says: out of memory"),
        ("named error event", Reply::new(200).header("content-type", "text/event-stream").bytes("event: error\ndata: {\"message\": \"gone\"}\n\n"), "retryable api: `host` says: gone"),
        ("error of the request", Reply::sse([r#"{"error": {"message": "bad", "type": "invalid_request_error"}}"#]), "final api: `host` says: bad"),
        ("content filter", Reply::sse([&finish("content_filter"), DONE]), "final api: `host` stopped the answer by its content filter"),
        ("refusal", Reply::sse([&delta(json!({"refusal": "I will "})), &delta(json!({"refusal": "not"})), &finish("stop"), DONE]), "final api: `host` answered that the model refuses: I will not"),
        ("finish error", Reply::sse([&finish("error"), DONE]), "retryable api: `host` stopped with an error and did not say which"),
        ("no JSON", Reply::sse(["{not json"]), "retryable api: `host` sent an event that is no chat completion"),
        ("null delta and null choices", Reply::sse([r#"{"choices":[{"delta":null}]}"#, r#"{"choices":null,"usage":null}"#, &text("a"), DONE]), "says `a`"),
        ("nulls and a double call", Reply::sse([
            &json!({"choices": [{"index": 0, "delta": {"role": null, "content": null, "function_call": {"name": "f", "arguments": "{}"}, "tool_calls": [call(0, Some("a"), Some("f"), "{}")]}}]}).to_string(),
            &finish("tool_calls"), DONE,
        ]), "calls a f {}"),
        ("the older call alone", Reply::sse([&delta(json!({"function_call": {"name": "f", "arguments": "{\"x\""}})), &delta(json!({"function_call": {"arguments": ":1}"}})), &finish("function_call"), DONE]), r#"calls made-up f {"x":1}"#),
        ("not streamed", Reply::json(200, r#"{"id": "c", "choices": [{"message": {"role": "assistant", "content": "some"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}"#), "says `some`; 2 tokens"),
        ("an error with status 200", Reply::json(200, r#"{"error": "no such model"}"#), "retryable api: `host` says: no such model"),
        ("a page", Reply::new(200).header("content-type", "text/html; charset=utf-8").bytes("<html>log in</html>"), "final api: `host` answered with `text/html`, not with events; is `base_url` right?"),
    ] {
        let wanted = wanted.replace("`host` reached", "the answer reached its limit of tokens in the middle of a call of `f`; give a larger `max_completion_tokens`");
        assert_eq!(outcome(reply, json!({})), wanted, "{what}");
    }
}

#[test]
fn events_are_read_however_they_are_cut_and_written() {
    // Comments, CRLF, a BOM, data on two lines, other fields, spaces in JSON, no empty line at the end.
    let body = "\u{feff}: ping\r\n\r\nid: 1\r\nretry: 5\r\ndata: {\"choices\": [ { \"delta\" :\r\ndata:   {\"content\" : \"né日\" } } ] }\r\n\r\n: ping\n\ndata:{\"choices\":[{\"delta\":{\"content\":\"😀\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]";
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    // One server: a piece border at each byte, in the middle of characters too.
    let replies: Vec<Reply> = (0..=body.len())
        .map(|border| {
            let (one, two) = body.as_bytes().split_at(border);
            Reply::raw().bytes(head).bytes(one).pause(std::time::Duration::from_micros(300)).bytes(two)
        })
        .collect();
    let count = replies.len();
    let server = Server::start(replies);
    let llm = llm(&server, json!({}));
    for border in 0..count {
        assert_eq!(ask(&*llm).unwrap().text, "né日😀", "border at {border}");
    }
}

#[test]
fn text_that_is_not_utf8_is_replaced_and_the_rest_stays() {
    let reply = Reply::new(200)
        .header("content-type", "text/event-stream")
        .bytes(b"data: {\"choices\":[{\"delta\":{\"content\":\"a\xff\xc3b\"}}]}\n\ndata: [DONE]\n\n".to_vec());
    assert_eq!(outcome(reply, json!({})), "says `a\u{fffd}\u{fffd}b`");
}

#[test]
fn an_endless_line_is_an_error_and_endless_comments_are_none() {
    let megabyte = vec![b'x'; 1 << 20];
    let mut reply = Reply::new(200).header("content-type", "text/event-stream").bytes("data: ");
    let mut comment = Reply::new(200).header("content-type", "text/event-stream").bytes(": ");
    for _ in 0..10 {
        reply = reply.bytes(megabyte.clone());
        comment = comment.bytes(megabyte.clone());
    }
    assert_eq!(outcome(reply, json!({})), "final api: the server sent an event longer than 1048576 bytes");
    assert_eq!(outcome(comment.bytes("\n\n").event(&text("a")).event(DONE), json!({})), "says `a`");
}

#[test]
fn thoughts_are_taken_out_when_asked() {
    let reply = || Reply::sse([&text("<thi"), &text("nk>no</th"), &text("ink>\n\nyes"), &finish("stop"), DONE]);
    assert_eq!(outcome(reply(), json!({"strip_thinking": true})), "says `yes`");
    assert_eq!(outcome(reply(), json!({})), "says `<think>no</think>\n\nyes`");
    let reply = Reply::sse([&text("<think>no"), DONE]);
    assert_eq!(outcome(reply, json!({"strip_thinking": true})), "");
}

#[test]
fn usage_comes_once_with_all_its_numbers() {
    let server = Server::start([Reply::sse([&text("a"), &finish("stop"), &usage(), DONE])]);
    let usage = ask(&*llm(&server, json!({}))).unwrap().usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.prompt_cached_tokens), (9, 4, 5));
    assert_eq!((usage.reasoning_tokens, usage.service_tier.as_deref()), (0, Some("default")));
}

fn sent(config: Value, options: &ChatOptions) -> Value {
    let server = Server::start([Reply::sse([&text("a"), DONE])]);
    let llm = llm(&server, config);
    block_on(llm.chat(&hello(), options).unwrap().collect_response()).unwrap();
    let request = &server.requests()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(request.header("authorization"), Some(&*format!("Bearer {KEY}")));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert!(request.headers.iter().all(|(name, _)| !name.starts_with("x-livekit")));
    serde_json::from_slice(&request.body).unwrap()
}

#[test]
fn what_is_not_asked_for_is_not_sent() {
    assert_eq!(
        sent(json!({}), &ChatOptions::default()),
        json!({
            "model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}],
            "stream": true, "stream_options": {"include_usage": true}
        })
    );
}

#[test]
fn every_option_arrives() {
    let schema = r#"{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}"#;
    let mut loose = Tool::new("loose", "", schema);
    loose.strict = false;
    let mut options = ChatOptions::default()
        .with_tools([
            Tool::new("weather", "Tells the weather", schema),
            loose,
            Tool::new("any", "", r#"{"type":"object","properties":{"x":{}}}"#),
        ])
        .with_tool_choice(ToolChoice::Function("weather".into()))
        .with_parallel_tool_calls(false)
        .with_response_schema(r#"{"title": "Place on earth", "type": "object", "properties": {}}"#);
    options.extra = Some(r#"{"seed": 7, "stream_options": null, "top_k": 2}"#.to_owned());
    let config = json!({
        "temperature": 0.5, "top_p": 0.9, "presence_penalty": -1, "frequency_penalty": 1, "max_completion_tokens": 100,
        "reasoning_effort": "low", "verbosity": "low", "service_tier": "flex", "user": "u", "safety_identifier": "s",
        "prompt_cache_key": "k", "prompt_cache_retention": "24h", "store": true, "metadata": {"a": "b"},
        "tool_choice": "none", "parallel_tool_calls": true, "extra_body": "{\"top_k\": 1, \"min_p\": 0.1}"
    });
    let closed = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": false});
    let open = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    assert_eq!(
        sent(config, &options),
        json!({
            "model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}], "stream": true,
            "temperature": 0.5, "top_p": 0.9, "presence_penalty": -1.0, "frequency_penalty": 1.0,
            "max_completion_tokens": 100, "reasoning_effort": "low", "verbosity": "low", "service_tier": "flex",
            "user": "u", "safety_identifier": "s", "prompt_cache_key": "k", "prompt_cache_retention": "24h",
            "store": true, "metadata": {"a": "b"}, "parallel_tool_calls": false, "seed": 7, "top_k": 2, "min_p": 0.1,
            "tool_choice": {"type": "function", "function": {"name": "weather"}},
            "tools": [
                {"type": "function", "function": {"name": "weather", "description": "Tells the weather", "strict": true, "parameters": closed}},
                {"type": "function", "function": {"name": "loose", "description": "", "parameters": open}},
                {"type": "function", "function": {"name": "any", "description": "", "parameters": {"type": "object", "properties": {"x": {}}}}},
            ],
            "response_format": {"type": "json_schema", "json_schema": {"name": "Placeonearth", "strict": true, "schema": {
                "title": "Place on earth", "type": "object", "properties": {}, "required": [], "additionalProperties": false
            }}}
        })
    );
}

#[test]
fn models_get_only_what_they_take() {
    let tools = ChatOptions::default().with_tools([Tool::new("f", "", "{}")]);
    let none = ChatOptions::default();
    for (config, options, key, wanted) in [
        (json!({"model": "o3", "temperature": 1}), &none, "temperature", Value::Null),
        (json!({"model": "gpt-5"}), &none, "reasoning_effort", json!("minimal")),
        (json!({"model": "gpt-5.1"}), &none, "reasoning_effort", json!("none")),
        (json!({"model": "gpt-5.4", "reasoning_effort": "high"}), &none, "reasoning_effort", json!("high")),
        (json!({"model": "gpt-5.4", "reasoning_effort": "high"}), &tools, "reasoning_effort", Value::Null),
        (json!({"tool_choice": "required", "parallel_tool_calls": true}), &none, "tool_choice", Value::Null),
        (json!({"tool_choice": "required", "parallel_tool_calls": true}), &none, "parallel_tool_calls", Value::Null),
        (json!({"tool_choice": "required"}), &tools, "tool_choice", json!("required")),
        (json!({"tool_choice": "f"}), &tools, "tool_choice", json!({"type": "function", "function": {"name": "f"}})),
    ] {
        assert_eq!(sent(config.clone(), options)[key], wanted, "{config}");
    }
    assert_eq!(sent(json!({"preset": "cerebras"}), &tools)["tools"][0]["function"]["strict"], Value::Null);
    assert_eq!(sent(json!({"strict_tools": false}), &tools)["tools"][0]["function"]["strict"], Value::Null);
}

#[test]
fn what_cannot_be_asked_is_told_before_anything_is_sent() {
    let server = Server::start([]);
    let llm = llm(&server, json!({}));
    let mut bad_extra = ChatOptions::default();
    bad_extra.extra = Some("[]".to_owned());
    for (options, wanted) in [
        (ChatOptions::default().with_tools([Tool::new("f", "", "no")]), "the parameters of the tool `f`"),
        (ChatOptions::default().with_response_schema("[1]"), "`response_schema`"),
        (bad_extra, "`extra` is not a JSON object"),
    ] {
        let error = llm.chat(&hello(), &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains(wanted), "{error}");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn the_model_may_stand_in_the_spec() {
    let server = Server::start([Reply::sse([&text("a"), DONE])]);
    let mut config = Config::new();
    config.insert("api_key", KEY);
    config.insert("base_url", server.url());
    let llm = Registry::global().create::<dyn Llm>("openai/gpt-4o-mini", &config).unwrap();
    assert_eq!((llm.model(), llm.provider()), ("gpt-4o-mini", &*server.host()));
    assert!(llm.capabilities().images && llm.capabilities().structured_output);
    assert_eq!(ask(&*llm).unwrap().text, "a");
    assert!(server.requests()[0].text().contains(r#""model":"gpt-4o-mini""#));
}

#[test]
fn the_config_tells_what_is_wrong_with_it() {
    for (config, wanted) in [
        (
            json!({"preset": "groq"}),
            "llm/openai: there is no API key for the preset `groq`; give `api_key` or set the environment variable `GROQ_API_KEY`",
        ),
        (
            json!({"preset": "letta", "api_key": KEY}),
            "llm/openai: the preset `letta` has no model of its own; give `model`",
        ),
        (
            json!({"api_key": KEY, "app_name": "x"}),
            "llm/openai: `app_name` is for OpenRouter alone, but the preset is `openai`; take it out",
        ),
        (
            json!({"api_key": KEY, "extra_body": "x"}),
            "llm/openai: `extra_body` is not a JSON object; give one as text, such as `{\"top_k\": 40}`",
        ),
        (json!({"api_key": KEY, "preset": "olama"}), "did you mean `ollama`?"),
    ] {
        let error = Registry::global()
            .create::<dyn Llm>("openai", &Config::from_json(&config.to_string()).unwrap())
            .err()
            .unwrap();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains(wanted), "{error}");
        assert!(!format!("{error} {error:?}").contains(KEY));
    }
}

#[test]
fn openrouter_learns_which_app_it_is() {
    let server = Server::start([Reply::sse([&text("a"), DONE])]);
    let llm = llm(&server, json!({"preset": "openrouter", "site_url": "https://me", "app_name": "mine"}));
    ask(&*llm).unwrap();
    let request = &server.requests()[0];
    assert_eq!((request.header("http-referer"), request.header("x-title")), (Some("https://me"), Some("mine")));
}
