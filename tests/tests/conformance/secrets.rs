//! Plugins that show a secret where they should not.

use lk_plugin::conformance::{Report, Verdict, check};
use lk_plugin::{
    ChatContext, ChatOptions, Config, ConfigField, Error, ErrorKind, Llm, LlmStream, Plugin, Result, ValueType,
};

#[test]
fn a_secret_in_an_error_and_a_config_that_makes_nothing_are_caught() {
    let field = |name| ConfigField::new(name, ValueType::Secret);
    let plugin = Plugin::new::<dyn Llm>("bad", |config| {
        Err(Error::new(ErrorKind::Config, format!("{:?} is not a key", config.get("api_key"))))
    });
    let report = check(&plugin.with_fields(vec![field("api_key")]), &Config::new());
    let found: Vec<&str> = report.findings().map(|outcome| outcome.check).collect();
    assert!(found.contains(&"secrets-stay-secret") && found.contains(&"instance-is-made"), "{report}");
    // Without an instance the rest is not guessed at.
    let skipped = report.outcomes.iter().filter(|outcome| matches!(outcome.verdict, Verdict::Skipped(_))).count();
    assert!(skipped >= 11, "{report:?}");
}

/// A plugin with two secrets, `api_key` and `login.token`: one of them, the second before the first, is given to `make`.
fn with_secrets<F>(make: F) -> Report
where
    F: Fn(&str) -> Result<Box<dyn Llm>> + Send + Sync + 'static,
{
    const LOGIN: ValueType = ValueType::Config(&[ConfigField::new("token", ValueType::Optional(&ValueType::Secret))]);
    let key = ConfigField::new("api_key", ValueType::Optional(&ValueType::Secret)).doc("The key.");
    let plugin = Plugin::new::<dyn Llm>("bad", move |config| {
        if let Some(unknown) = config.keys().find(|key| !["api_key", "login"].contains(key)) {
            return Err(Error::config(format!("`{unknown}` is not an option")));
        }
        let token = config.get("login").and_then(|login| login.get("token")).or_else(|| config.get("api_key"));
        match token.map_or(Some(""), |token| token.as_str()) {
            Some(token) => make(token),
            None => Err(Error::config("a secret is no text")),
        }
    });
    let plugin = plugin.with_description("Bad.").with_version("1.0.0").with_package("bad");
    check(&plugin.with_fields(vec![key, ConfigField::new("login", LOGIN).doc("Who asks.")]), &Config::new())
}

fn found<'r>(report: &'r Report, check: &str) -> Option<&'r str> {
    report.findings().filter(|outcome| outcome.check == check).find_map(|outcome| match &outcome.verdict {
        Verdict::Finding(seen) => Some(&**seen),
        _ => None,
    })
}

/// Says of its secret what it should not, when it is asked.
struct Tattler(Error);

impl Llm for Tattler {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        let error = Error::new(self.0.kind(), self.0.message());
        Err(match self.0.body() {
            Some(body) => error.with_body(body),
            None => error,
        })
    }
}

#[test]
fn a_secret_that_a_valid_config_lets_out_is_caught() {
    let of_constructor = with_secrets(|token| match token {
        "" => Ok(Box::new(Tattler(Error::unsupported("no")))),
        token => Err(Error::config(format!("bad key {token}"))),
    });
    let seen = "the error with which no instance is made shows a secret (here `canary-5b1f0c7e`)";
    assert_eq!(found(&of_constructor, "secrets-stay-secret"), Some(seen));
    let seen = "the error of a call shows a secret (here `canary-5b1f0c7e`)";
    let of_message = with_secrets(|token| Ok(Box::new(Tattler(Error::unsupported(format!("no model for {token}"))))));
    assert_eq!(found(&of_message, "secrets-stay-secret"), Some(seen));
    let of_body = with_secrets(|token| Ok(Box::new(Tattler(Error::unsupported("no").with_body(token)))));
    assert_eq!(found(&of_body, "secrets-stay-secret"), Some(seen));
    let silent = with_secrets(|_| Ok(Box::new(Tattler(Error::unsupported("no")))));
    assert_eq!(found(&silent, "secrets-stay-secret"), None);
    assert_eq!(found(&silent, "is-described"), Some("no description: `login.token`"));
}
