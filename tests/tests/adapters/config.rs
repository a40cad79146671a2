use lk_plugin::conformance::{Verdict, check_linked};
use lk_plugin::monitor::{Monitor, MonitorEvent};
use lk_plugin::{ChatContext, ChatOptions, ChatRole, Config, Llm, Registry, Result, Stt, Tts};
use pollster::block_on;

fn config(json: &str) -> Config {
    Config::from_json(json).unwrap()
}

fn refusal<T>(made: Result<T>) -> String {
    made.err().map(|error| error.to_string()).unwrap()
}

#[test]
fn adapters_over_fakes_keep_the_contract() {
    for (plugin, json) in [
        ("llm/fallback", r#"{"members": ["fallback", "fake"], "configs": {"fallback": {"members": ["fake"]}}}"#),
        ("stt/fallback", r#"{"members": ["fake"]}"#),
        ("stt/stream", r#"{"stt": "fake", "vad": "silero"}"#),
        ("tts/fallback", r#"{"members": ["stream", "fake"], "configs": {"stream": {"tts": "fake"}}}"#),
        ("tts/stream", r#"{"tts": "fake"}"#),
    ] {
        let report = check_linked(plugin, &config(json)).unwrap();
        assert!(report.is_clean(), "{report}");
        let skipped = report.outcomes.iter().filter(|outcome| matches!(outcome.verdict, Verdict::Skipped(_))).count();
        assert!(skipped <= report.outcomes.len() / 3, "{report}");
    }
}

#[test]
fn members_have_their_configs() {
    let toml = r#"
        members = ["openai/gpt-4o", "fake"]
        attempt_timeout = 5

        [configs.openai]
        api_key = "none"
        base_url = "http://127.0.0.1:9"
        max_completion_tokens = 20

        [configs.fake]
        replies = ["from the fake: {input}"]
        chunk_characters = 4
    "#;
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(file.path(), toml).unwrap();
    let mut context = ChatContext::new();
    context.add_message(ChatRole::User, "hi");
    let mut events = Monitor::global().subscribe();
    let llm = Registry::global().create::<dyn Llm>("fallback", &Config::from_file(file.path()).unwrap()).unwrap();
    let answer = llm.chat(&context, &ChatOptions::default()).unwrap();
    assert_eq!(block_on(answer.collect_response()).unwrap().text, "from the fake: hi");
    // Each member reports for itself; other tests report here too.
    let labels: Vec<String> = std::iter::from_fn(|| events.try_next())
        .filter_map(|event| match event {
            MonitorEvent::Llm(metrics) => Some(metrics.label.to_string()),
            _ => None,
        })
        .collect();
    assert!(labels.iter().any(|label| label == "llm/openai/gpt-4o"), "{labels:?}");
    assert!(labels.iter().any(|label| label == "llm/fake"), "{labels:?}");
}

#[test]
fn the_command_lines_texts_reach_the_members() {
    let mut stream = config(r#"{"tts": "fake"}"#);
    stream.insert_text("tts_config.sample_rate", "8000");
    stream.insert_text("tts_config.frequency", "100.5");
    let tts = Registry::global().create::<dyn Tts>("stream", &stream).unwrap();
    assert_eq!(tts.sample_rate(), 8_000);
    stream.insert_text("tts_config.sample_rate", "fast");
    let error = refusal(Registry::global().create::<dyn Tts>("stream", &stream));
    assert!(error.starts_with("tts/stream: `tts`: tts/fake: `tts_config.sample_rate` must be an integer"), "{error}");
    let mut fallback = config(r#"{"members": ["fake"]}"#);
    fallback.insert_text("configs.fake.sample_rate", "8000");
    assert_eq!(Registry::global().create::<dyn Tts>("fallback", &fallback).unwrap().sample_rate(), 8_000);
}

#[test]
fn what_is_wrong_with_a_member_says_where() {
    let registry = Registry::global();
    let unknown = refusal(registry.create::<dyn Stt>("fallback", &config(r#"{"members": ["fake", "opnai"]}"#)));
    let start = "stt/fallback: `members[1]`: there is no `stt` plugin `opnai`; did you mean `openai`?";
    assert!(unknown.starts_with(start), "{unknown}");
    let other = config(r#"{"members": ["fake"], "configs": {"fkae": {}}}"#);
    assert_eq!(
        refusal(registry.create::<dyn Tts>("fallback", &other)),
        "tts/fallback: `configs.fkae` is for no member; did you mean `fake`? choose from `fake`"
    );
    let wrong = config(r#"{"members": ["fake"], "configs": {"fake": {"chunk_characters": 0, "replis": []}}}"#);
    let wrong = refusal(registry.create::<dyn Llm>("fallback", &wrong));
    assert!(wrong.starts_with("llm/fallback: `members[0]`: llm/fake: 2 problems in the config: "), "{wrong}");
    for key in ["`configs.fake.chunk_characters`", "`configs.fake.replis`"] {
        assert!(wrong.contains(key), "{wrong}");
    }
    let below =
        refusal(registry.create::<dyn Tts>("stream", &config(r#"{"tts": "fake", "tts_config": {"voice": "x"}}"#)));
    assert!(below.contains("`tts_config.voice`"), "{below}");
    let table = config(r#"{"members": ["fake"], "configs": {"fake": "canary"}}"#);
    let table = refusal(registry.create::<dyn Llm>("fallback", &table));
    assert!(table.contains("`configs.fake` must be a table") && !table.contains("canary"), "{table}");
    let none = refusal(registry.create::<dyn Llm>("fallback", &config(r#"{"members": []}"#)));
    assert_eq!(none, "llm/fallback: `members` must have at least 1 item, but has 0");
}

#[test]
fn a_fallback_of_itself_is_an_error() {
    let registry = Registry::global();
    let message = "stt/fallback: `members[0]` is the fallback itself; name another plugin, or give it members of its own in \
                   `configs.fallback`";
    assert_eq!(refusal(registry.create::<dyn Stt>("fallback", &config(r#"{"members": ["fallback"]}"#))), message);
    let nested = r#"{"members": ["fallback"], "configs": {"fallback": {"members": ["fallback"]}}}"#;
    let nested = refusal(registry.create::<dyn Stt>("fallback", &config(nested)));
    assert!(nested.ends_with(message), "{nested}");
    let good = r#"{"members": ["fallback"], "configs": {"fallback": {"members": ["fake"]}}}"#;
    assert!(registry.create::<dyn Stt>("fallback", &config(good)).is_ok());
}
