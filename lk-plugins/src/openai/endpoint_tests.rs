#![expect(clippy::panic, reason = "a test stops at its first surprise")]

use lk_plugin::{Config, ErrorKind, PluginConfig as _};

use super::*;
use crate::openai::connection::openai_config;

openai_config! {
    pub(crate) struct AnyConfig {}
}

fn endpoint(json: &str, variables: &[(&str, &str)]) -> Result<Endpoint> {
    let config = AnyConfig::from_config(&Config::from_json(json)?)?;
    let variable = |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
    Endpoint::new(&config.connection(), variable)
}

fn header<'e>(endpoint: &'e Endpoint, name: &str) -> Option<&'e str> {
    endpoint.headers().get(name).and_then(|value| value.to_str().ok())
}

fn refused(json: &str, variables: &[(&str, &str)]) -> String {
    match endpoint(json, variables) {
        Err(error) if error.kind() == ErrorKind::Config => error.to_string(),
        other => panic!("{json} was not refused: {other:?}"),
    }
}

#[test]
fn each_preset_goes_to_its_own_host_with_its_own_key() -> Result<()> {
    let variables = [("OPENAI_API_KEY", "of-openai"), ("GROQ_API_KEY", "of-groq"), ("OPENAI_ORG_ID", "org"), ("OPENAI_BASE_URL", "http://elsewhere:1/v9/")];
    for (json, url, key, organization) in [
        (r#"{}"#, "http://elsewhere:1/v9/chat/completions", "Bearer of-openai", Some("org")),
        (r#"{"base_url": "https://me/v1"}"#, "https://me/v1/chat/completions", "Bearer of-openai", Some("org")),
        (r#"{"preset": "groq"}"#, "https://api.groq.com/openai/v1/chat/completions", "Bearer of-groq", None),
        (r#"{"preset": "ollama"}"#, "http://localhost:11434/v1/chat/completions", "Bearer ollama", None),
        (r#"{"preset": "letta", "api_key": " k\n"}"#, "https://api.letta.com/v1/chat/completions", "Bearer k", None),
        (r#"{"preset": "groq", "base_url": "https://me", "api_key": "k"}"#, "https://me/chat/completions", "Bearer k", None),
        (r#"{"base_url": "https://me/v1/audio/speech"}"#, "https://me/v1/chat/completions", "Bearer of-openai", Some("org")),
        (r#"{"base_url": "https://me/v1/chat/completions/"}"#, "https://me/v1/chat/completions", "Bearer of-openai", Some("org")),
    ] {
        let endpoint = endpoint(json, &variables)?;
        assert_eq!(endpoint.url("chat/completions", "m").as_str(), url, "{json}");
        assert_eq!(header(&endpoint, "authorization"), Some(key), "{json}");
        assert_eq!(header(&endpoint, "openai-organization"), organization, "{json}");
    }
    Ok(())
}

#[test]
fn azure_has_deployments_versions_and_a_header_of_its_own() -> Result<()> {
    let variables = [("AZURE_OPENAI_API_KEY", "k1"), ("OPENAI_API_VERSION", "2024-10-21"), ("AZURE_OPENAI_ENDPOINT", "https://name.openai.azure.com/"), ("OPENAI_BASE_URL", "http://not-this"), ("OPENAI_PROJECT_ID", "p")];
    let azure = endpoint(r#"{"preset": "azure"}"#, &variables)?;
    assert_eq!(
        azure.url("chat/completions", "gpt-4o").as_str(),
        "https://name.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    );
    assert_eq!((header(&azure, "api-key"), header(&azure, "authorization")), (Some("k1"), None));
    assert_eq!(header(&azure, "openai-project"), Some("p"));

    let azure = endpoint(r#"{"preset": "azure", "azure_deployment": "mine", "azure_ad_token": "t", "api_version": "v"}"#, &variables)?;
    assert_eq!(
        azure.url("audio/speech", "m").as_str(),
        "https://name.openai.azure.com/openai/deployments/mine/audio/speech?api-version=v"
    );
    assert_eq!((header(&azure, "api-key"), header(&azure, "authorization")), (None, Some("Bearer t")));

    let azure = endpoint(r#"{"preset": "azure", "base_url": "https://name.openai.azure.com/openai/v1"}"#, &variables[..1])?;
    assert_eq!(azure.url("models", "m").as_str(), "https://name.openai.azure.com/openai/v1/models");
    Ok(())
}

#[test]
fn what_is_missing_or_wrong_is_named_and_never_shown() {
    for (json, variables, wanted) in [
        (r#"{}"#, &[] as &[(&str, &str)], "give `api_key` or set the environment variable `OPENAI_API_KEY`"),
        (r#"{"api_key": ""}"#, &[], "`OPENAI_API_KEY`"),
        (r#"{"preset": "x_ai"}"#, &[("OPENAI_API_KEY", "k")], "`XAI_API_KEY`"),
        (r#"{"preset": "azure", "api_key": "k"}"#, &[], "`AZURE_OPENAI_ENDPOINT`"),
        (r#"{"preset": "azure", "azure_endpoint": "https://a", "api_key": "k"}"#, &[], "`OPENAI_API_VERSION`"),
        (r#"{"preset": "azure", "azure_endpoint": "https://a", "api_version": "v"}"#, &[], "`AZURE_OPENAI_AD_TOKEN`"),
        (r#"{"api_key": "sk-secret\u0000x"}"#, &[], "`api_key` has a character"),
        (r#"{"api_key": "k", "base_url": "ftp://a"}"#, &[], "begins with `ftp:`"),
        (r#"{"api_key": "k", "base_url": "https://me:sk-secret@a"}"#, &[], "a user name or password"),
        (r#"{"api_key": "k", "base_url": "https://a?key=sk-secret"}"#, &[], "has a query"),
        (r##"{"api_key": "k", "base_url": "https://a#sk-secret"}"##, &[], "has a fragment"),
        (r#"{"api_key": "k"}"#, &[("OPENAI_BASE_URL", "sk-secret")], "`OPENAI_BASE_URL` is not a URL"),
        (r#"{"api_key": "k", "extra_headers": {"a b": "sk-secret"}}"#, &[], "`a b`, which is not a header's name"),
        (r#"{"api_key": "k", "extra_headers": {"a": "sk-secret\n"}}"#, &[], "`extra_headers.a` has a character"),
        (r#"{"api_key": "k", "api_version": "v"}"#, &[], "`api_version` is for Azure alone"),
    ] {
        let error = refused(json, variables);
        assert!(error.contains(wanted), "{json}: {error}");
        assert!(!error.contains("sk-secret"), "{error}");
    }
}

#[test]
fn extra_headers_and_queries_go_along_and_never_replace_the_key() -> Result<()> {
    let endpoint = endpoint(
        r#"{"api_key": "k", "extra_headers": {"X-Title": "app", "Authorization": "Bearer other"}, "extra_query": {"a b": "c&d"}}"#,
        &[],
    )?;
    assert_eq!(endpoint.url("models", "").as_str(), "https://api.openai.com/v1/models?a+b=c%26d");
    assert_eq!((header(&endpoint, "x-title"), header(&endpoint, "authorization")), (Some("app"), Some("Bearer k")));
    assert!(!format!("{endpoint:?}").contains("app"), "{endpoint:?}");
    Ok(())
}

#[test]
fn a_session_names_the_model_where_that_is_wanted() -> Result<()> {
    let variables = [("OPENAI_API_KEY", "k"), ("AZURE_OPENAI_API_KEY", "k")];
    let azure = r#"{"preset": "azure", "azure_endpoint": "https://name.openai.azure.com", "api_version": "v"}"#;
    for (json, url) in [
        (r#"{}"#, "https://api.openai.com/v1/realtime?intent=transcription"),
        (r#"{"base_url": "http://me:1/v1"}"#, "http://me:1/v1/realtime?intent=transcription&model=m"),
        (azure, "https://name.openai.azure.com/openai/realtime?api-version=v&intent=transcription&deployment=m"),
    ] {
        assert_eq!(endpoint(json, &variables)?.realtime_url("m").as_str(), url, "{json}");
    }
    Ok(())
}
