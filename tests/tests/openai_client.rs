//! What the plugins `openai` share: deadlines, attempts, errors, and where the key goes. Shown by `llm/openai`.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use std::time::{Duration, Instant, SystemTime};

use integration_tests::server::{Reply, Server};
use lk_plugin::{
    ChatContext, ChatOptions, ChatRole, Config, ConnectOptions, Error, ErrorKind, Llm, PluginConfig as _, Registry,
    WireError,
};
use lk_plugins::openai::{OpenAiLlm, OpenAiLlmConfig};
use pollster::block_on;
use serde_json::{Value, json};

const KEY: &str = "sk-never-to-be-seen-8472";

fn config(server: &Server, more: Value) -> Config {
    let mut config = json!({"api_key": KEY, "base_url": server.url()});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Config::from_json(&config.to_string()).unwrap()
}

fn llm(server: &Server, more: Value) -> Box<dyn Llm> {
    Registry::global().create::<dyn Llm>("openai", &config(server, more)).unwrap()
}

fn hello() -> ChatContext {
    let mut context = ChatContext::new();
    context.add_message(ChatRole::User, "hello");
    context
}

/// Attempts that follow each other without delay.
fn hasty(max_retry: u32) -> ChatOptions {
    let connect = ConnectOptions::default().with_max_retry(max_retry).with_retry_interval(Duration::ZERO);
    ChatOptions::default().with_connect(connect)
}

fn ask(llm: &dyn Llm, options: &ChatOptions) -> Result<String, Error> {
    block_on(llm.chat(&hello(), options)?.collect_response()).map(|response| response.text)
}

fn fail(llm: &dyn Llm, options: &ChatOptions) -> Error {
    ask(llm, options).unwrap_err()
}

fn good() -> Reply {
    Reply::sse([r#"{"choices":[{"delta":{"content":"good"},"finish_reason":"stop"}]}"#, "[DONE]"])
}

fn words(text: &str) -> String {
    json!({"choices": [{"delta": {"content": text}}]}).to_string()
}

fn events() -> Reply {
    Reply::new(200).header("content-type", "text/event-stream")
}

fn error_json(message: &str) -> String {
    json!({"error": {"message": message}}).to_string()
}

#[test]
fn each_status_says_what_it_is_and_is_tried_again_only_if_that_may_help() {
    for (status, body, message, attempts) in [
        (400, error_json("bad"), "`host` says: bad (status 400)", 1),
        (
            401,
            error_json("wrong key"),
            "`host` says: wrong key; check `api_key` or the environment variable `OPENAI_API_KEY` (status 401)",
            1,
        ),
        (
            404,
            r#"{"detail": "no such model"}"#.into(),
            "`host` says: no such model; check `model` and `base_url` (status 404)",
            1,
        ),
        (408, String::new(), "after 3 attempts: `host` answered request timeout (status 408)", 3),
        (409, "taken".into(), "`host` says: taken (status 409)", 1),
        (429, error_json("slow down"), "after 3 attempts: `host` says: slow down (status 429)", 3),
        (500, "{}".into(), "after 3 attempts: `host` answered internal server error (status 500)", 3),
        (503, "<html><title>Busy</title></html>".into(), "after 3 attempts: `host` says: Busy (status 503)", 3),
        (599, "x".repeat(100_000), "after 3 attempts: `host` says: xxx", 3),
    ] {
        let server = Server::always(Reply::new(status).header("x-request-id", "req-1").bytes(body.clone()));
        let error = fail(&*llm(&server, json!({})), &hasty(2));
        let told = error.to_string().replace(&server.host(), "host");
        assert!(told == message || status == 599 && told.starts_with(message), "{told}");
        assert_eq!(server.requests().len(), attempts, "{status}");
        assert_eq!(
            (error.kind(), error.status(), error.request_id()),
            (ErrorKind::ApiStatus, Some(status), Some("req-1"))
        );
        assert_eq!(error.is_retryable(), attempts > 1, "{status}");
        assert!(
            body.is_empty() || error.body().is_some_and(|kept| body.starts_with(&kept[..kept.len().min(20)])),
            "{status}"
        );
    }
}

#[test]
fn a_later_attempt_may_succeed() {
    for first in [
        Reply::json(500, "{}"),
        Reply::json(429, "{}").header("retry-after", "0"),
        Reply::json(429, "{}").header("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT"),
        Reply::raw().cut(),
        Reply::sse([""; 0]),
        Reply::sse([r#"{"error": {"message": "overloaded"}}"#]),
        events().bytes("data: {\"choi").cut(),
    ] {
        let server = Server::start([first.clone(), good()]);
        assert_eq!(ask(&*llm(&server, json!({})), &hasty(1)).unwrap(), "good", "{first:?}");
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].body, requests[1].body);
    }
}

#[test]
fn the_server_decides_about_the_pause_within_reason() {
    let server = Server::start([Reply::json(429, "{}").header("retry-after", "1"), good()]);
    let started = Instant::now();
    assert_eq!(ask(&*llm(&server, json!({})), &hasty(1)).unwrap(), "good");
    assert!(started.elapsed() >= Duration::from_secs(1));

    let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    let server = Server::start([Reply::json(503, "{}").header("retry-after", &soon), good()]);
    let started = Instant::now();
    assert_eq!(ask(&*llm(&server, json!({})), &hasty(1)).unwrap(), "good");
    // The date has whole seconds: up to one of the two is gone already.
    assert!(started.elapsed() >= Duration::from_millis(900));

    let later = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100_000));
    for asked in ["3600", &later] {
        let server = Server::start([Reply::json(429, error_json("later")).header("retry-after", asked), good()]);
        let error = fail(&*llm(&server, json!({})), &hasty(1));
        assert!(error.message().starts_with("the server asks for a pause of "), "{error}");
        assert!(error.message().contains("longer than `max_retry_after` (30 s): "), "{error}");
        assert_eq!((error.status(), error.is_retryable(), server.requests().len()), (Some(429), true, 1));
    }
    let server = Server::start([Reply::json(500, "{}").header("x-should-retry", "false"), good()]);
    assert!(!fail(&*llm(&server, json!({})), &hasty(1)).is_retryable());
}

#[test]
fn the_config_goes_before_the_call() {
    let server = Server::always(Reply::json(500, "{}"));
    fail(&*llm(&server, json!({"max_retry": 1})), &hasty(5));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_connection_may_break_at_any_place() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let event = format!("data: {}\n\n", words("né"));
    let piece = |text: &[u8]| [format!("{:x}\r\n", text.len()).as_bytes(), text, b"\r\n"].concat();
    let in_character = event.find('é').unwrap() + 1;
    let before = "the connection to `host` broke before the answer began";
    let within = "the connection to `host` broke in the middle of the answer";
    for (what, bytes, wanted) in [
        ("before the status", Vec::new(), before),
        ("in the status", b"HTTP/1.1 2".to_vec(), before),
        ("in the headers", head.as_bytes()[..30].to_vec(), before),
        ("after the head", head.as_bytes().to_vec(), within),
        ("in the size of a piece", [head.as_bytes(), b"1"].concat(), within),
        ("in an event", [head.as_bytes(), &piece(&event.as_bytes()[..20])].concat(), within),
        ("in a character", [head.as_bytes(), &piece(&event.as_bytes()[..in_character])].concat(), within),
    ] {
        let server = Server::start([Reply::raw().bytes(bytes).cut()]);
        let error = fail(&*llm(&server, json!({})), &hasty(0));
        assert_eq!(error.to_string().replace(&server.host(), "host"), wanted, "{what}");
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::ApiConnection, true), "{what}");
        assert!(!error.chain().is_empty(), "{what}");
    }
    // After the last event nothing is missing.
    let all = [head.as_bytes(), &piece(event.as_bytes()), &piece(b"data: [DONE]\n\n")].concat();
    let server = Server::start([Reply::raw().bytes(all).cut()]);
    assert_eq!(ask(&*llm(&server, json!({})), &hasty(0)).unwrap(), "né");
    // What is no HTTP at all.
    let server = Server::start([Reply::raw().bytes("SSH-2.0-OpenSSH_9.6\r\n").cut()]);
    assert_eq!(fail(&*llm(&server, json!({})), &hasty(0)).kind(), ErrorKind::ApiConnection);
}

#[test]
fn nothing_there_is_a_connection_error() {
    let server = Server::start([]);
    let llm = llm(&server, json!({}));
    drop(server);
    let error = fail(&*llm, &hasty(1));
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::ApiConnection, true));
    assert!(error.message().contains("could not be connected to; check `base_url` and the network"), "{error}");
    assert!(error.message().starts_with("after 2 attempts: "), "{error}");
}

#[test]
fn every_deadline_has_its_own_option() {
    let drip = |reply: Reply| (0..400).fold(reply, |reply, _| reply.bytes("x").pause(Duration::from_millis(10)));
    let pings = (0..400).fold(events(), |reply, _| reply.bytes(": ping\n\n").pause(Duration::from_millis(10)));
    for (what, reply, option, wanted) in [
        (
            "no answer",
            Reply::raw().hold(),
            "first_byte_timeout",
            "no answer within 0.2 s; give the option `first_byte_timeout`",
        ),
        (
            "a head that drips",
            drip(Reply::raw().bytes("HTTP/1.1 200 OK\r\nx: ")),
            "first_byte_timeout",
            "no answer within",
        ),
        (
            "an answer that stands still",
            events().bytes("data: ").hold(),
            "stall_timeout",
            "no more of the answer within 0.2 s; give the option `stall_timeout`",
        ),
        ("a line that drips", drip(events().bytes("data: ")), "stall_timeout", "no more of the answer within"),
        (
            "a body that drips",
            drip(Reply::new(200).header("content-type", "application/json")),
            "stall_timeout",
            "no whole answer within",
        ),
        ("signs of life and no token", pings.clone(), "first_token_timeout", "no token within"),
        ("too long in all", pings, "total_timeout", "the call took longer than its `total_timeout` of 0.2 s"),
        (
            "no time for another attempt",
            Reply::json(500, "{}").header("retry-after", "20"),
            "total_timeout",
            "no time of `total_timeout` is left for another attempt: ",
        ),
    ] {
        let server = Server::start([reply]);
        let error = fail(&*llm(&server, json!({option: 0.2})), &hasty(u32::from(what.starts_with("no time"))));
        assert!(error.message().contains(wanted), "{what}: {error}");
        let kind = if what.starts_with("no time") { ErrorKind::ApiStatus } else { ErrorKind::ApiTimeout };
        assert_eq!((error.kind(), error.is_retryable()), (kind, true), "{what}");
    }
    // A call's own timeout, where the config says nothing.
    let server = Server::start([Reply::raw().hold()]);
    let connect = ConnectOptions::default().with_max_retry(0).with_timeout(Duration::from_millis(100));
    let error = fail(&*llm(&server, json!({})), &ChatOptions::default().with_connect(connect));
    assert!(error.message().contains("no answer within 0.1 s"), "{error}");
    // An error whose body never ends is told all the same.
    let server = Server::start([Reply::new(400).bytes(error_json("bad")).hold()]);
    assert!(fail(&*llm(&server, json!({"stall_timeout": 0.2})), &hasty(0)).message().contains("says: bad"));
}

#[test]
fn an_end_that_never_comes_does_not_spoil_a_whole_answer() {
    let reply = events().event(r#"{"choices":[{"delta":{"content":"good"},"finish_reason":"stop"}]}"#).hold();
    let server = Server::start([reply]);
    assert_eq!(ask(&*llm(&server, json!({})), &hasty(0)).unwrap(), "good");
}

#[test]
fn the_key_never_leaves_for_another_host() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Server::start([good()]);
        let target = format!("{}/chat/completions", elsewhere.url());
        let away = Reply::new(status).header("location", &format!("{target}?x={KEY}#{KEY}"));
        let server = Server::start([away]);
        let error = fail(&*llm(&server, json!({})), &hasty(3));
        assert_eq!((error.status(), error.is_retryable(), server.requests().len()), (Some(status), false, 1));
        assert!(error.message().contains(&format!("redirects to `{target}`")), "{error}");
        assert!(elsewhere.requests().is_empty());
        assert!(!format!("{error} {error:?}").contains(KEY));
    }
    // Azure's key has a header of its own, and stays as close.
    let elsewhere = Server::start([good()]);
    let server = Server::start([Reply::new(307).header("location", &format!("{}/x?k={KEY}", elsewhere.url()))]);
    let resource = server.url().replace("/v1", "");
    let config = json!({"preset": "azure", "api_key": KEY, "azure_endpoint": resource, "api_version": "2024-10-21", "model": "mine"});
    let azure =
        Registry::global().create::<dyn Llm>("openai", &Config::from_json(&config.to_string()).unwrap()).unwrap();
    let error = fail(&*azure, &hasty(3));
    assert_eq!(server.requests()[0].header("api-key"), Some(KEY));
    assert!(elsewhere.requests().is_empty() && !format!("{error} {error:?}").contains(KEY));
    // Within the host a redirect that keeps the method is followed, one that does not is not.
    let server = Server::start([
        Reply::new(307).header("location", "/v2/chat"),
        good(),
        Reply::new(302).header("location", "/v3"),
    ]);
    let llm = llm(&server, json!({}));
    assert_eq!(ask(&*llm, &hasty(0)).unwrap(), "good");
    assert_eq!(fail(&*llm, &hasty(0)).status(), Some(302));
    let requests = server.requests();
    assert_eq!((requests[1].path.as_str(), requests[1].method.as_str()), ("/v2/chat", "POST"));
    assert_eq!(requests[0].body, requests[1].body);
}

#[test]
fn the_key_is_never_shown() {
    let extra = "a-header-that-is-secret";
    let escaped: String = KEY.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let event = |event: String| events().event(&event);
    for reply in [
        Reply::json(401, error_json(&format!("wrong key {KEY}, with {extra}"))).header("x-request-id", KEY),
        Reply::json(401, format!(r#"{{"error": {{"message": "{escaped}"}}}}"#)),
        Reply::new(500).bytes(format!("<title>{KEY}</title>")),
        Reply::new(500).bytes(format!("{}{KEY}", "x".repeat(4085))),
        Reply::new(500).bytes(format!("{}{KEY}", "x".repeat(65_530))),
        Reply::new(307).header("location", &format!("http://{KEY}.example/{KEY}")),
        event(error_json(KEY)),
        event(json!({"error": {"message": "x", "code": KEY}}).to_string()),
        event(format!("{{{KEY}")),
        event(json!({"choices": KEY}).to_string()),
        event(json!({"choices": [{"delta": {"refusal": KEY}, "finish_reason": "stop"}]}).to_string()),
        event(
            json!({"choices": [{"delta": {"tool_calls": [{"function": {"name": KEY, "arguments": "{"}}]}}]})
                .to_string(),
        ),
        Reply::new(200).header("content-type", &format!("text/{KEY}")),
        Reply::raw().bytes(format!("HTTP/1.1 {KEY}\r\n\r\n")),
    ] {
        let server = Server::start([reply.clone()]);
        let config = config(&server, json!({"extra_headers": {"x-secret": extra}, "extra_query": {"key": KEY}}));
        let read = OpenAiLlmConfig::from_config(&config).unwrap();
        let shown_config = format!("{read:?}");
        let llm = OpenAiLlm::new(read).unwrap();
        let error = fail(&llm, &hasty(0));
        let wire = serde_json::to_string(&WireError::from(&error)).unwrap();
        let outputs =
            format!("{shown_config} {llm:?} {config:?} {error} {error:?} {error:#?} {:?} {wire}", error.chain());
        assert!(!outputs.to_lowercase().contains("sk-never"), "{reply:?}: {outputs}");
        assert!(!outputs.contains(extra), "{reply:?}: {outputs}");
        let request = &server.requests()[0];
        assert_eq!(request.header("authorization"), Some(&*format!("Bearer {KEY}")));
        assert_eq!(request.path, format!("/v1/chat/completions?key={KEY}"));
    }
}

#[test]
fn azure_has_its_own_paths_and_header() {
    let server = Server::start([good()]);
    let resource = server.url().replace("/v1", "");
    let config = json!({"preset": "azure", "api_key": KEY, "azure_endpoint": resource, "api_version": "2024-10-21", "model": "mine"});
    let llm = Registry::global().create::<dyn Llm>("openai", &Config::from_json(&config.to_string()).unwrap()).unwrap();
    assert_eq!(ask(&*llm, &hasty(0)).unwrap(), "good");
    let request = &server.requests()[0];
    assert_eq!(request.path, "/openai/deployments/mine/chat/completions?api-version=2024-10-21");
    assert_eq!((request.header("api-key"), request.header("authorization")), (Some(KEY), None));
}

#[test]
fn dropping_a_stream_hangs_up() {
    for http2 in [false, true] {
        let reply = events().event(&words("one")).hold();
        let server = if http2 { Server::http2([reply]) } else { Server::start([reply]) };
        let more = if http2 { json!({"ca_file": server.ca_file()}) } else { json!({}) };
        let llm = llm(&server, more);
        let mut stream = llm.chat(&hello(), &hasty(0)).unwrap();
        assert!(server.requests().is_empty(), "nothing happens before the first poll");
        assert!(block_on(stream.next()).unwrap().is_ok());
        drop(stream);
        assert!(server.wait_for_closed(1));
    }
    // Before the head, too.
    let server = Server::start([Reply::raw().hold()]);
    let llm = llm(&server, json!({}));
    let mut stream = llm.chat(&hello(), &hasty(0)).unwrap();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(std::pin::pin!(stream.next()).poll(&mut context).is_pending());
    assert!(server.wait_for_requests(1));
    drop(stream);
    assert!(server.wait_for_closed(1));
}

#[test]
fn connections_are_shared_and_go_with_the_instance() {
    for http2 in [false, true] {
        let replies = [Reply::json(200, "{}"), good(), good()];
        let server = if http2 { Server::http2(replies) } else { Server::start(replies) };
        let more = if http2 { json!({"ca_file": server.ca_file()}) } else { json!({}) };
        let llm = llm(&server, more);
        llm.prewarm();
        llm.prewarm();
        assert!(server.wait_for_requests(1));
        for _ in 0..2 {
            assert_eq!(ask(&*llm, &hasty(0)).unwrap(), "good");
        }
        let requests = server.requests();
        assert_eq!((requests[0].method.as_str(), requests[0].header("authorization")), ("GET", None));
        assert_eq!(requests[2].http_version, if http2 { 2 } else { 1 });
        assert_eq!(requests[1].connection, requests[2].connection);
        drop(llm);
        assert!(server.wait_for_no_connections());
    }
}

#[test]
fn http2_carries_many_answers_at_once_and_its_resets_are_errors() {
    let slow = || events().event(&words("go")).pause(Duration::from_millis(50)).event(&words("od")).event("[DONE]");
    let server = Server::http2((0..8).map(|_| slow()));
    let llm = llm(&server, json!({"ca_file": server.ca_file()}));
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(|| ask(&*llm, &hasty(0)))).collect();
        for asked in asking {
            assert_eq!(asked.join().unwrap().unwrap(), "good");
        }
    });
    assert!(server.requests().iter().all(|request| request.http_version == 2));

    // The pause lets the word out: a reset takes back what still waits to be sent.
    let some = events().event(&words("some")).pause(Duration::from_millis(300)).cut();
    let server = Server::http2([some, events().cut(), good()]);
    let llm =
        Registry::global().create::<dyn Llm>("openai", &config(&server, json!({"ca_file": server.ca_file()}))).unwrap();
    let error = fail(&*llm, &hasty(0));
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::ApiConnection, false));
    assert_eq!(ask(&*llm, &hasty(1)).unwrap(), "good");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let server = Server::https([good(), good()]);
    let trusted = llm(&server, json!({"ca_file": server.ca_file()}));
    assert_eq!(ask(&*trusted, &hasty(0)).unwrap(), "good");
    assert_eq!(server.requests()[0].http_version, 1);

    let stranger = Server::https([good()]);
    let error = fail(&*llm(&stranger, json!({"ca_file": server.ca_file()})), &hasty(0));
    assert_eq!(error.kind(), ErrorKind::ApiConnection);
    assert!(error.chain().iter().any(|cause| cause.contains("certificate")), "{error:?}");
    assert!(stranger.requests().is_empty());

    let folder = tempfile::TempDir::new().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "nothing").unwrap();
    for file in [empty, folder.path().join("missing.pem")] {
        let error =
            Registry::global().create::<dyn Llm>("openai", &config(&server, json!({"ca_file": file}))).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("has no certificates to read"), "{error}");
    }
}

#[test]
fn it_works_under_a_host_with_a_runtime_of_its_own() {
    let server = Server::start([good(), good()]);
    let llm = llm(&server, json!({}));
    for _ in 0..2 {
        // Gone after each call, as in tests; the connections are not its own.
        let host = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = llm.chat(&hello(), &hasty(0)).unwrap().collect_response();
        assert_eq!(host.block_on(answer).unwrap().text, "good");
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn whoever_reads_slowly_holds_the_server_back_and_gets_everything() {
    let token = words(&"x".repeat(1_000));
    let reply = (0..20_000).fold(events(), |reply, _| reply.event(&token)).event("[DONE]");
    let server = Server::start([reply]);
    let llm = llm(&server, json!({"total_timeout": 60}));
    let mut stream = llm.chat(&hello(), &hasty(0)).unwrap();
    assert!(block_on(stream.next()).unwrap().is_ok());
    // 20 MB do not fit between here and there, so the server has to wait now; nothing is lost by it.
    std::thread::sleep(Duration::from_millis(200));
    let rest = block_on(stream.collect_response()).unwrap();
    assert_eq!(rest.text.len(), 19_999 * 1_000);
}
