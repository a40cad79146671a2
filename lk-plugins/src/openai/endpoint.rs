//! The server that a config means: its address, the headers that it gets, and how paths become URLs.

use std::fmt;

use lk_plugin::config::Url;
use lk_plugin::{Error, Result, Secret};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::connection::ConnectionConfig;
use super::preset::{Auth, Preset};
use super::secrets::Redactor;

/// Where requests go and what every one of them carries.
pub(crate) struct Endpoint {
    preset: Preset,
    base: Url,
    host: String,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    // Azure has the model in the path: the deployment of the config, else the model's name.
    deployment: Option<Option<String>>,
    redactor: Redactor,
}

/// Asks for a variable of the environment; one that is set to nothing counts as not set.
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

impl Endpoint {
    /// Reads the environment through `variable`, so that a test can have its own.
    ///
    /// # Errors
    ///
    /// [`Config`](lk_plugin::ErrorKind::Config): no key, no address, or one that no request can go to.
    pub(crate) fn new(config: &ConnectionConfig, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let facts = config.preset.facts();
        let base = base_url(config, &variable)?;
        let host = match (base.host_str().unwrap_or_default(), base.port()) {
            (host, Some(port)) => format!("{host}:{port}"),
            (host, None) => host.to_owned(),
        };
        let mut endpoint = Self {
            preset: config.preset,
            base,
            host,
            headers: HeaderMap::new(),
            query: Vec::new(),
            deployment: (facts.auth == Auth::Azure && config.base_url.is_none())
                .then(|| config.azure_deployment.clone().filter(|name| !name.is_empty())),
            redactor: Redactor::default(),
        };
        // First, so that nothing in `extra_headers` sends another key by accident: the preset's own header wins.
        for (name, value) in &config.extra_headers {
            let header = HeaderName::try_from(name.as_str())
                .map_err(|_| Error::config(format!("`extra_headers` has `{name}`, which is not a header's name; use letters, digits and hyphens")))?;
            endpoint.redactor.add(value.expose());
            endpoint.headers.insert(header, header_value(&format!("extra_headers.{name}"), value.expose())?);
        }
        for (name, value) in &config.extra_query {
            endpoint.redactor.add(value.expose());
            endpoint.query.push((name.clone(), value.expose().to_owned()));
        }
        endpoint.set_key(config, &variable)?;
        let account = |given: &Option<String>, name: &str| {
            given.clone().or_else(|| variable(name).filter(|_| facts.openai_account)).filter(|value| !value.is_empty())
        };
        for (option, variable, header) in [
            ("organization", account(&config.organization, "OPENAI_ORG_ID"), "openai-organization"),
            ("project", account(&config.project, "OPENAI_PROJECT_ID"), "openai-project"),
        ] {
            if let Some(value) = variable {
                endpoint.headers.insert(HeaderName::from_static(header), header_value(option, value.trim())?);
            }
        }
        if facts.auth == Auth::Azure {
            let version = config.api_version.clone().or_else(|| variable("OPENAI_API_VERSION"));
            // With a whole `base_url` it may be the API that has no versions (`…/openai/v1`).
            if version.is_none() && config.base_url.is_none() {
                return Err(Error::config(
                    "Azure needs the version of its API; give `api_version`, such as `2024-10-21`, or set the environment \
                     variable `OPENAI_API_VERSION`",
                ));
            }
            endpoint.query.extend(version.map(|version| ("api-version".to_owned(), version.trim().to_owned())));
        } else {
            refuse_azure_options(config)?;
        }
        Ok(endpoint)
    }

    fn set_key(&mut self, config: &ConnectionConfig, variable: &impl Fn(&str) -> Option<String>) -> Result<()> {
        let facts = config.preset.facts();
        let given = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().trim().to_owned());
        let mut bearer = facts.auth == Auth::Bearer;
        let mut key = given(&config.api_key);
        if facts.auth == Auth::Azure {
            let token = given(&config.azure_ad_token).filter(|token| !token.is_empty());
            // What is given goes before the environment, a token before a key.
            let (chosen, is_token) = match (token, key) {
                (Some(token), _) => (Some(token), true),
                (None, Some(key)) => (Some(key), false),
                (None, None) => match variable("AZURE_OPENAI_AD_TOKEN") {
                    Some(token) => (Some(token), true),
                    None => (None, false),
                },
            };
            (key, bearer) = (chosen, is_token);
        }
        let key = key
            .or_else(|| facts.key_variable.and_then(variable))
            .map(|key| key.trim().to_owned())
            .filter(|key| !key.is_empty());
        let key = match (key, facts.default_key, facts.key_variable) {
            (Some(key), ..) => {
                self.redactor.add_key(&key);
                key
            }
            (None, Some(key), _) => key.to_owned(),
            (None, None, name) => {
                let or_token = if facts.auth == Auth::Azure {
                    ", or `azure_ad_token` or the variable `AZURE_OPENAI_AD_TOKEN`"
                } else {
                    ""
                };
                return Err(Error::config(format!(
                    "there is no API key for the preset `{}`; give `api_key` or set the environment variable `{}`{or_token}",
                    facts.name,
                    name.unwrap_or_default()
                )));
            }
        };
        let (header, value) =
            if bearer { (AUTHORIZATION, format!("Bearer {key}")) } else { (HeaderName::from_static("api-key"), key) };
        self.headers.insert(header, header_value("api_key", &value)?);
        Ok(())
    }

    /// The URL of a path such as `chat/completions`; `model` is part of it on Azure.
    pub(crate) fn url(&self, path: &str, model: &str) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty();
            if let Some(deployment) = &self.deployment {
                segments.extend(["deployments", deployment.as_deref().unwrap_or(model)]);
            }
            segments.extend(path.split('/'));
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }

    /// The URL of a session that transcribes as it hears.
    pub(crate) fn realtime_url(&self, model: &str) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("realtime");
        }
        // OpenAI refuses a model in the URL of a transcription; elsewhere it says which model is to be made ready.
        let model = match &self.deployment {
            Some(deployment) => Some(("deployment", deployment.as_deref().unwrap_or(model))),
            None => (self.base.host_str() != Some("api.openai.com")).then_some(("model", model)),
        };
        url.query_pairs_mut().extend_pairs(&self.query).append_pair("intent", "transcription").extend_pairs(model);
        url
    }

    /// What every request carries: the key, the account, extra headers. Sensitive values are marked as such.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The host, with its port where that is not the usual one.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Where the API is.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Where the key comes from, for advice.
    pub(crate) fn key_source(&self) -> String {
        match self.preset.facts().key_variable {
            Some(variable) => format!("`api_key` or the environment variable `{variable}`"),
            None => "`api_key`".to_owned(),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("preset", &self.preset).field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

fn header_value(option: &str, text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::try_from(text).map_err(|_| {
        Error::config(format!("`{option}` has a character that no header can carry; look for line breaks in it"))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn base_url(config: &ConnectionConfig, variable: &impl Fn(&str) -> Option<String>) -> Result<Url> {
    let facts = config.preset.facts();
    if let Some(url) = &config.base_url {
        return checked("`base_url`", url.clone());
    }
    let from_variable = |name: &str| {
        let text = variable(name)?;
        let place = format!("the environment variable `{name}`");
        // Not shown: what is not a URL may be anything, a key in the wrong place for one.
        let parsed = Url::parse(text.trim());
        Some(parsed.map_err(|_| Error::config(format!("{place} is not a URL; give one that begins with `https://`"))).and_then(|url| checked(&place, url)))
    };
    if facts.auth == Auth::Azure {
        let endpoint = match &config.azure_endpoint {
            Some(url) => checked("`azure_endpoint`", url.clone())?,
            None => from_variable("AZURE_OPENAI_ENDPOINT").transpose()?.ok_or_else(|| {
                Error::config(
                    "Azure needs the address of your resource; give `azure_endpoint`, such as \
                     `https://name.openai.azure.com`, or set the environment variable `AZURE_OPENAI_ENDPOINT`",
                )
            })?,
        };
        let mut base = endpoint;
        if let Ok(mut segments) = base.path_segments_mut() {
            segments.pop_if_empty().push("openai");
        }
        return Ok(base);
    }
    if config.preset == Preset::OpenAi
        && let Some(url) = from_variable("OPENAI_BASE_URL")
    {
        return url;
    }
    let text = facts.base_url.unwrap_or_default();
    Url::parse(text).map_err(|error| Error::config(format!("the preset's URL `{text}` is none")).with_source(error))
}

/// A URL that requests can go to; what is wrong with it is told without showing what may be a password.
fn checked(place: &str, mut url: Url) -> Result<Url> {
    let problem = if !matches!(url.scheme(), "http" | "https") {
        format!("begins with `{}:`; write `https:` or `http:`", url.scheme())
    } else if !url.username().is_empty() || url.password().is_some() {
        "has a user name or password in it; take them out, and give the key as `api_key`".to_owned()
    } else if url.query().is_some() {
        "has a query; take it out, and give its parameters as `extra_query`".to_owned()
    } else if url.fragment().is_some() {
        "has a fragment (`#…`); take it out".to_owned()
    } else {
        let path = url.path().trim_end_matches('/');
        // Pasted from a manual, or from where a server redirects to: what is asked for is added to it anyway.
        let added = ["/chat/completions", "/audio/transcriptions", "/audio/speech"];
        let path = added.iter().find_map(|added| path.strip_suffix(added)).unwrap_or(path).to_owned();
        url.set_path(&path);
        return Ok(url);
    };
    Err(Error::config(format!("{place} {problem}")))
}

fn refuse_azure_options(config: &ConnectionConfig) -> Result<()> {
    let given = [
        ("azure_endpoint", config.azure_endpoint.is_some()),
        ("azure_deployment", config.azure_deployment.is_some()),
        ("azure_ad_token", config.azure_ad_token.is_some()),
        ("api_version", config.api_version.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Error::config(format!(
            "`{option}` is for Azure alone, but the preset is `{}`; give `preset` as `azure`, or take it out",
            config.preset.facts().name
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
