//! Configs within configs, lists and maps: where a problem is, what dotted keys reach, what stays hidden.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use lk_plugin::{Config, ConfigValue, LanguageCode, PluginConfig, Secret};
use serde_json::{Value, json};
use url::Url;

#[derive(Debug, PluginConfig)]
#[config(check = AgentConfig::check)]
struct AgentConfig {
    /// Where the provider is.
    #[config(default = "https://example.com/v1")]
    base_url: Url,
    #[config(default = "speaker")]
    mode: Mode,
    #[config(default = [], length = ..=3)]
    voices: Vec<Voice>,
    #[config(default = {})]
    headers: BTreeMap<String, String>,
    #[config(default = {}, range = 1..=9)]
    weights: HashMap<String, Option<u8>>,
    retry: Retry,
    fallback: Option<Retry>,
    #[config(default = {})]
    providers: BTreeMap<String, Provider>,
    #[config(default = "models")]
    folder: PathBuf,
    #[config(default = "english")]
    language: LanguageCode,
    #[config(default = 16_000, choices = [8_000, 16_000, 24_000])]
    rate: u32,
    #[config(default = "a", choices = ["a", "b"], length = 1..)]
    letter: String,
}

impl AgentConfig {
    fn check(&self) -> Result<(), String> {
        if self.letter == "b" && self.rate == 8_000 {
            return Err("`letter` cannot be `b` at a `rate` of `8000`; change one of them".to_owned());
        }
        Ok(())
    }
}

#[derive(Debug, PluginConfig)]
#[config(check = Retry::check)]
struct Retry {
    #[config(default = 3, range = 1..=10)]
    max_attempts: u32,
    #[config(default = 0.5)]
    pause: Duration,
    #[config(default = 30.0, env = "LK_TEST_NESTED_LIMIT")]
    limit: Duration,
}

impl Retry {
    fn check(&self) -> Result<(), String> {
        if self.pause <= self.limit { Ok(()) } else { Err("`pause` is longer than `limit`; give less".to_owned()) }
    }
}

#[derive(Debug, PluginConfig)]
struct Voice {
    name: String,
    #[config(default = 1.0, range = 0.5..=2.0)]
    speed: f32,
}

#[derive(Debug, PluginConfig)]
struct Provider {
    api_key: Secret,
    #[config(default = [])]
    more_keys: Vec<Secret>,
    #[config(secret)]
    account: Option<u32>,
    retry: Retry,
}

#[derive(Debug, PartialEq, ConfigValue)]
enum Mode {
    Speaker,
    HeadSet,
    #[config(rename = "SIP")]
    Phone,
}

fn config(json: &Value) -> Config {
    Config::from_json(&json.to_string()).unwrap()
}

fn read(json: &Value) -> AgentConfig {
    AgentConfig::from_config(&config(json)).unwrap()
}

fn refusal(json: &Value) -> String {
    AgentConfig::from_config(&config(json)).err().unwrap().to_string()
}

fn texts(texts: &[(&str, &str)]) -> Config {
    let mut config = Config::new();
    for (key, text) in texts {
        config.insert_text(*key, *text);
    }
    config
}

#[test]
fn what_is_left_out_has_its_defaults_at_every_depth() {
    let agent =
        read(&json!({"voices": [{"name": "anna"}], "providers": {"x": {"api_key": "k"}}, "weights": {"a": null}}));
    assert_eq!((agent.base_url.as_str(), agent.mode), ("https://example.com/v1", Mode::Speaker));
    assert_eq!((agent.voices[0].name.as_str(), agent.voices[0].speed), ("anna", 1.0));
    assert_eq!((agent.retry.max_attempts, agent.retry.pause), (3, Duration::from_millis(500)));
    assert!(agent.fallback.is_none() && agent.headers.is_empty() && agent.weights["a"].is_none());
    let provider = &agent.providers["x"];
    assert_eq!((provider.api_key.expose(), provider.retry.limit), ("k", Duration::from_secs(30)));
    assert!(provider.more_keys.is_empty() && provider.account.is_none());
    assert_eq!((agent.folder, agent.language.as_str()), (PathBuf::from("models"), "en"));
    // Given, though with nothing in it.
    assert_eq!(read(&json!({"fallback": {}})).fallback.unwrap().max_attempts, 3);
    assert!(read(&json!({"fallback": null})).fallback.is_none());
    assert_eq!(read(&json!({"mode": "head_set"})).mode, Mode::HeadSet);
    assert_eq!(read(&json!({"mode": "SIP"})).mode, Mode::Phone);
}

#[test]
fn every_problem_has_its_path() {
    let given = json!({
        "base_url": "example.com",
        "mode": "speeker",
        "voices": [{"name": "a"}, {"nmae": "b", "speed": 3}, 5],
        "headers": {"accept": 1},
        "weights": {"a": 10, "b": "x"},
        "retry": {"max_attempts": 0, "puase": 1},
        "fallback": {"limit": -1},
        "providers": {"x": {"retry": {"pause": "soon"}}},
        "rate": 11_025,
        "letter": "c",
    });
    assert_eq!(
        refusal(&given),
        "16 problems in the config: \
         `mode` cannot be `speeker`; did you mean `speaker`? choose from `SIP`, `head_set`, `speaker`; \
         `voices[1].name` is missing; give text; \
         `voices[1].speed` must be between 0.5 and 2.0, but is `3`; \
         `voices[1].nmae` is not an option; did you mean `name`? choose from `name`, `speed`; \
         `voices[2]` must be a table, but is `5`; \
         `headers.accept` must be text, but is `1`; \
         `weights.a` must be between 1 and 9, but is `10`; \
         `weights.b` must be an integer from 1 to 9, but is the text `x`; \
         `retry.max_attempts` must be between 1 and 10, but is `0`; \
         `retry.puase` is not an option; did you mean `pause`? choose from `limit`, `max_attempts`, `pause`; \
         `fallback.limit` must be a number of seconds, not negative, but is `-1`; \
         `providers.x.api_key` is missing; give text; \
         `providers.x.retry.pause` must be a number of seconds, not negative, but is the text `soon`; \
         `rate` cannot be `11025`; choose from `8000`, `16000`, `24000`; \
         `letter` cannot be `c`; choose from `a`, `b`; \
         `base_url` must be a URL such as `https://example.com`, but is the text `example.com`"
    );
}

#[test]
fn rules_across_fields_are_reported_with_the_other_problems() {
    assert_eq!(
        refusal(&json!({"retry": {"pause": 31}, "fallback": {"pause": 31}, "zzz": 1, "mode": 1})),
        "4 problems in the config: \
         `mode` must be one of `SIP`, `head_set`, `speaker`, but is `1`; \
         `zzz` is not an option; choose from `base_url`, `fallback`, `folder`, `headers`, `language`, `letter`, `mode`, \
         `providers`, `rate`, `retry`, `voices`, `weights`; \
         `retry`: `pause` is longer than `limit`; give less; \
         `fallback`: `pause` is longer than `limit`; give less"
    );
    assert_eq!(
        refusal(&json!({"letter": "b", "rate": 8_000})),
        "`letter` cannot be `b` at a `rate` of `8000`; change one of them"
    );
}

#[test]
fn lengths_are_counted_in_the_right_unit() {
    let voice = json!({"name": "a"});
    assert_eq!(
        refusal(&json!({"voices": [voice, voice, voice, voice]})),
        "`voices` must have at most 3 items, but has 4"
    );
    assert_eq!(refusal(&json!({"letter": ""})), "`letter` cannot be ``; choose from `a`, `b`");

    #[derive(Debug, PluginConfig)]
    struct Lengths {
        #[config(default = "né", length = 2..=2)]
        text: String,
        #[config(default = {}, length = ..=1)]
        map: BTreeMap<String, String>,
        #[config(length = 3..=5)]
        list: Option<Vec<u8>>,
    }
    let read = Lengths::from_config(&Config::new()).unwrap();
    assert!(read.text == "né" && read.map.is_empty() && read.list.is_none());
    assert_eq!(
        Lengths::from_config(&config(&json!({"text": "é", "map": {"a": "long enough", "b": ""}, "list": [1]})))
            .err()
            .unwrap()
            .to_string(),
        "3 problems in the config: `text` must have 2 characters, but has 1; `map` must have at most 1 entry, but has 2; \
         `list` must have 3 to 5 items, but has 1"
    );
}

// ── text ────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn dotted_keys_reach_into_configs_and_maps() {
    let agent = AgentConfig::from_config(&texts(&[
        ("retry.max_attempts", "5"),
        ("fallback.pause", "0.25"),
        ("headers.accept", "text/plain"),
        ("headers.x.y", "dots are the key's own"),
        ("weights.a", "7"),
        ("providers.x.api_key", "k"),
        ("providers.x.retry.max_attempts", "2"),
        ("providers.x.more_keys", "a,b"),
        ("mode", "head_set"),
        ("voices", r#"[{"name": "anna", "speed": 2}]"#),
    ]))
    .unwrap();
    assert_eq!((agent.retry.max_attempts, agent.fallback.unwrap().pause), (5, Duration::from_millis(250)));
    assert_eq!(
        (agent.headers["accept"].as_str(), agent.headers["x.y"].as_str()),
        ("text/plain", "dots are the key's own")
    );
    assert_eq!((agent.weights["a"], agent.mode, agent.voices[0].speed), (Some(7), Mode::HeadSet, 2.0));
    let provider = &agent.providers["x"];
    assert_eq!((provider.api_key.expose(), provider.retry.max_attempts), ("k", 2));
    assert_eq!(provider.more_keys.iter().map(Secret::expose).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn text_goes_before_the_file_and_leaves_the_rest_of_it() {
    let mut given = config(&json!({"retry": {"max_attempts": 4, "pause": 2}, "headers": {"a": "1", "b": "2"}}));
    given.insert_text("retry.max_attempts", "6");
    given.insert_text("headers.b", "3");
    let agent = AgentConfig::from_config(&given).unwrap();
    assert_eq!((agent.retry.max_attempts, agent.retry.pause), (6, Duration::from_secs(2)));
    assert_eq!((agent.headers["a"].as_str(), agent.headers["b"].as_str()), ("1", "3"));
    // The whole as JSON replaces what the file has; single keys still go before it.
    given.insert_text("retry", r#"{"pause": 1}"#);
    given.insert_text("retry.limit", "9");
    let agent = AgentConfig::from_config(&given).unwrap();
    assert_eq!((agent.retry.max_attempts, agent.retry.pause.as_secs(), agent.retry.limit.as_secs()), (3, 1, 9));
    // What is inserted last decides, with all in it.
    given.insert("retry", json!({"max_attempts": 8}));
    assert_eq!(AgentConfig::from_config(&given).unwrap().retry.max_attempts, 8);
    assert_eq!(AgentConfig::from_config(&given).unwrap().retry.limit.as_secs(), 30);
    assert_eq!(given.keys().collect::<Vec<_>>(), ["headers", "headers.b", "retry"]);
}

#[test]
fn dotted_keys_that_lead_nowhere_are_refused() {
    let refusal = |key: &str| AgentConfig::from_config(&texts(&[(key, "1")])).err().unwrap().to_string();
    assert_eq!(refusal("retyr.max_attempts").split(';').next(), Some("`retyr` is not an option"));
    assert_eq!(
        refusal("retry.max_attempst"),
        "`retry.max_attempst` is not an option; did you mean `max_attempts`? choose from `limit`, `max_attempts`, `pause`"
    );
    assert_eq!(refusal("rate.x"), "`rate` has no keys; give all of it, one of `8000`, `16000`, `24000`");
    assert_eq!(refusal("voices.0.name"), "`voices` has no keys; give all of it, a list, each a table");
    assert_eq!(refusal("retry"), "`retry` must be a table, but is the text `1`");
}

// ── secrets ─────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn secrets_stay_hidden_at_every_depth() {
    const SECRET: &str = "sk-31337";
    let inside = |provider: Value| json!({"providers": {"x": provider}});
    for given in [
        inside(json!(SECRET)),
        inside(json!([SECRET])),
        inside(json!({"api_key": [SECRET]})),
        inside(json!({"api_key": {SECRET: SECRET}})),
        inside(json!({"api_key": "k", "more_keys": SECRET})),
        inside(json!({"api_key": "k", "more_keys": [{"a": SECRET}, 31337]})),
        inside(json!({"api_key": "k", "account": -31337})),
        inside(json!({"api_kye": SECRET})),
        json!({"providers": SECRET}),
        json!({"providers": [SECRET]}),
    ] {
        let message = refusal(&given);
        assert!(!message.contains("31337") && !message.contains("sk-"), "{message}");
    }
    for (key, text) in [("providers", SECRET), ("providers.x", SECRET), ("providers.x.account", SECRET)] {
        let given = texts(&[(key, text)]);
        let message = AgentConfig::from_config(&given).err().unwrap().to_string();
        assert!(!message.contains("31337") && !format!("{given:?}").contains("31337"), "{message}");
    }
    let key = texts(&[("providers.x.api_key.sk-31337", "x")]);
    let message = AgentConfig::from_config(&key).err().unwrap().to_string();
    assert!(!message.contains("31337"), "{message}");
    let shown = format!("{:?}", read(&inside(json!({"api_key": SECRET, "more_keys": [SECRET]}))));
    assert!(!shown.contains("31337"), "{shown}");
}

#[test]
fn a_config_that_stands_in_a_larger_one_names_its_problems_from_there() {
    let refused = |json: Value| AgentConfig::from_config(&config(&json).within("llm.first")).unwrap_err().to_string();
    assert_eq!(
        refused(json!({"rate": 1, "retry": {"pause": "x"}, "voises": []})),
        "3 problems in the config: `llm.first.retry.pause` must be a number of seconds, not negative, but is the text `x`; \
         `llm.first.rate` cannot be `1`; choose from `8000`, `16000`, `24000`; \
         `llm.first.voises` is not an option; did you mean `voices`? choose from `base_url`, `fallback`, `folder`, \
         `headers`, `language`, `letter`, `mode`, `providers`, `rate`, `retry`, `voices`, `weights`"
    );
    let message = refused(json!({"letter": "b", "rate": 8_000}));
    assert_eq!(message, "`llm.first`: `letter` cannot be `b` at a `rate` of `8000`; change one of them");
    assert!(AgentConfig::from_config(&config(&json!({})).within("llm.first")).is_ok());
}
