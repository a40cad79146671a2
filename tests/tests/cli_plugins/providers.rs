//! `lk-go plugin check` of plugins that ask a provider: with a server that plays one, and without.

use std::fs;

use integration_tests::server::{Reply, Request, Server};
use serde_json::json;

use super::*;

const SPEECH: &[u8] = include_bytes!("../../fixtures/audio/tone-24k.mp3");

/// What OpenAI's three endpoints answer.
fn openai(request: &Request) -> Reply {
    let path = request.path.split('?').next().unwrap_or_default();
    match path {
        "/v1/audio/transcriptions" => {
            Reply::json(200, json!({"text": "He was not an ill disposed young man."}).to_string())
        }
        "/v1/audio/speech" => Reply::new(200).header("content-type", "audio/mpeg").bytes(SPEECH),
        "/v1/chat/completions" => chat(&serde_json::from_slice(&request.body).unwrap_or_default()),
        _ => Reply::json(404, json!({"error": {"message": format!("there is no `{path}`")}}).to_string()),
    }
}

/// A call where a tool is to be called, an object where one is wanted, and else a greeting.
fn chat(body: &Value) -> Reply {
    let wants_call = body["tools"].is_array() && body["tool_choice"] != "none";
    let call = json!({"index": 0, "id": "call_1", "type": "function",
        "function": {"name": "get_weather", "arguments": r#"{"city": "Paris"}"#}});
    let delta = match (wants_call, body["response_format"].is_object()) {
        (true, _) => json!({"tool_calls": [call]}),
        (_, true) => json!({"content": r#"{"city": "Paris"}"#}),
        _ => json!({"content": "Hello to you."}),
    };
    let reason = if wants_call { "tool_calls" } else { "stop" };
    let chunk = |delta: Value, reason: Value| {
        json!({"id": "chat-1", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}).to_string()
    };
    let usage = json!({"id": "chat-1", "choices": [],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}});
    Reply::sse([chunk(delta, Value::Null), chunk(json!({}), reason.into()), usage.to_string(), "[DONE]".to_owned()])
}

/// The `status` of the one plugin that was checked, with its checks by verdict.
fn verdicts(document: &Value) -> Result<(String, Vec<String>, usize)> {
    let plugin = &document["plugins"][0];
    let checks = plugin["checks"].as_array().ok_or("checks")?;
    let of =
        |verdict: &str| checks.iter().filter(|check| check["verdict"] == verdict).map(ToString::to_string).collect();
    let (findings, skipped): (Vec<String>, Vec<String>) = (of("finding"), of("skipped"));
    Ok((plugin["status"].as_str().unwrap_or_default().to_owned(), findings, checks.len() - skipped.len()))
}

#[test]
fn every_built_in_passes_by_the_command_when_it_has_what_it_needs() -> Result {
    let server = Server::answering(openai);
    let folder = tempfile::TempDir::new()?;
    let file = |name: &str, text: &str| -> Result<String> {
        let path = folder.path().join(name);
        fs::write(&path, text)?;
        Ok(path.to_str().ok_or("a path")?.to_owned())
    };
    let openai =
        file("openai.toml", &format!("base_url = \"{}\"\napi_key = \"{KEY}\"\nmax_retry = 0\n", server.url()))?;
    let members = file("members.toml", "members = [\"fake\"]\n")?;
    let set = |key: &'static str| vec!["--set", key];
    for spec in specs()? {
        let config = match spec.as_str() {
            "llm/openai" | "stt/openai" | "tts/openai" => vec!["--config", &openai],
            "llm/fallback" | "stt/fallback" | "tts/fallback" => vec!["--config", &members],
            "stt/stream" => set("stt=fake"),
            "tts/stream" => set("tts=fake"),
            // All by themselves in another test.
            _ => continue,
        };
        let arguments = [&["plugin", "check", &spec, "--format", "json"][..], &config].concat();
        let checked = run(&arguments)?;
        let (status, findings, passed) = verdicts(&json(&checked))?;
        assert_eq!((status.as_str(), checked.status.code()), ("passed", Some(0)), "{spec}: {findings:?}");
        assert!(passed >= 12, "{spec}: {passed} checks passed: {}", stdout(&checked));
        assert!(!stdout(&checked).contains(KEY));
    }
    Ok(())
}

#[test]
fn what_it_needs_is_said_and_how_to_give_it() -> Result {
    for kind in ["llm", "stt", "tts"] {
        let spec = format!("{kind}/openai");
        let bare = run(&["plugin", "check", &spec])?;
        assert_eq!(bare.status.code(), Some(3), "{}", stderr(&bare));
        let wanted = format!(
            "not checked: {spec}: there is no API key for the preset `openai`; give `api_key` or set the environment \
             variable `OPENAI_API_KEY`\n"
        );
        assert!(stdout(&bare).contains(&wanted), "{}", stdout(&bare));
        let how = "note: what a plugin needs is given with `--set KEY=VALUE` or `--config FILE`";
        assert!(stderr(&bare).starts_with(how), "{}", stderr(&bare));
    }
    Ok(())
}

#[test]
fn nobody_there_is_no_finding_and_no_pass() -> Result {
    // Nobody listens there any more.
    let closed = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let unauthorized = json!({"error": {"message": "Incorrect API key provided"}}).to_string();
    let strict = Server::always(Reply::json(401, unauthorized));
    let nowhere = Server::always(Reply::new(404));
    for (base_url, reason) in [
        (
            format!("http://{closed}/v1"),
            format!("`{closed}` could not be connected to; check `base_url` and the network"),
        ),
        (strict.url(), "Incorrect API key provided; check `api_key`".to_owned()),
        (nowhere.url(), "(status 404)".to_owned()),
    ] {
        let base_url = format!("base_url={base_url}");
        for spec in ["llm/openai", "stt/openai", "tts/openai"] {
            let checked = run(&["plugin", "check", spec, "--set", &base_url, "--set", "api_key=test"])?;
            let text = stdout(&checked);
            assert_eq!(checked.status.code(), Some(6), "{spec} {base_url}: {text}{}", stderr(&checked));
            assert!(text.contains("      -        -  not checked: "), "{text}");
            assert!(text.contains(&reason), "{reason}: {text}");
        }
    }
    // One question each, and no other attempt.
    assert_eq!((strict.requests().len(), nowhere.requests().len()), (3, 3));
    Ok(())
}

#[test]
fn an_answer_that_is_wrong_is_a_finding() -> Result {
    let server = Server::always(Reply::json(200, "{\"text\": 4"));
    let base_url = format!("base_url={}", server.url());
    let settings = ["--set", &base_url, "--set", "api_key=test", "--set", "max_retry=0"];
    let checked = run(&[&["plugin", "check", "stt/openai", "--format", "json"][..], &settings].concat())?;
    let (status, findings, _) = verdicts(&json(&checked))?;
    assert_eq!((status.as_str(), checked.status.code()), ("findings", Some(1)));
    assert!(findings.iter().any(|finding| finding.contains("recognize-gives-a-transcript")), "{findings:?}");
    Ok(())
}
