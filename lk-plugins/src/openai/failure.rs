//! What went wrong with one attempt: errors of the contract out of heads, bodies and broken connections.

use std::time::{Duration, SystemTime};

use lk_plugin::{Error, ErrorKind};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::endpoint::Endpoint;

/// An attempt that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// The pause that the server asked for.
    pub(crate) retry_after: Option<Duration>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, retry_after: None }
    }
}

impl Failure {
    /// After part of the answer has been delivered: whoever asks again gets that part a second time, so this is not for
    /// us to do, nor for a caller who only looks at `is_retryable`.
    pub(crate) fn after_delivery(self) -> Self {
        let error = self.error.at("part of the answer was delivered, then it broke off").with_retryable(false);
        Self { error, retry_after: None }
    }
}

/// The longest message of a provider that an error repeats, in characters.
const MAX_MESSAGE: usize = 500;

/// A request that got no answer, or an answer whose body broke off.
pub(crate) fn from_transport(error: &reqwest::Error, endpoint: &Endpoint, doing: &str) -> Failure {
    let host = endpoint.host();
    let cause = endpoint.redactor().cause(error);
    let (kind, message) = if error.is_timeout() && error.is_connect() {
        (ErrorKind::ApiTimeout, format!("`{host}` could not be connected to within `connect_timeout`"))
    } else if error.is_timeout() {
        (ErrorKind::ApiTimeout, format!("`{host}` did not answer in time"))
    } else if error.is_connect() {
        (ErrorKind::ApiConnection, format!("`{host}` could not be connected to; check `base_url` and the network"))
    } else if error.is_builder() {
        return Error::new(ErrorKind::InvalidInput, "the request could not be built").with_source(cause).into();
    } else {
        (ErrorKind::ApiConnection, format!("the connection to `{host}` broke {doing}"))
    };
    Error::new(kind, message).with_source(cause).into()
}

/// An answer with an error status, and as much of its body as there was.
pub(crate) fn from_status(status: StatusCode, headers: &HeaderMap, body: &[u8], endpoint: &Endpoint) -> Failure {
    let body = String::from_utf8_lossy(body);
    let body = endpoint.redactor().clean(&body);
    let said = provider_message(&body).map(|message| endpoint.redactor().clean(&message).into_owned());
    let host = endpoint.host();
    let mut message = match (&said, status.canonical_reason()) {
        (Some(said), _) => format!("`{host}` says: {said}"),
        (None, Some(reason)) => format!("`{host}` answered {}", reason.to_lowercase()),
        (None, None) => format!("`{host}` answered with an error"),
    };
    if status.is_redirection() {
        message = format!("`{host}` redirects to {}; give that as `base_url` if you trust it", target(headers, endpoint));
    } else if let Some(advice) = advice(status, endpoint) {
        message = format!("{message}; {advice}");
    }
    let mut error = Error::from_status(status.as_u16(), message);
    if !body.is_empty() {
        error = error.with_body(body.into_owned());
    }
    if let Some(id) = request_id(headers) {
        error = error.with_request_id(endpoint.redactor().clean(&id).into_owned());
    }
    if status.is_redirection() || text(headers, "x-should-retry") == Some("false") {
        error = error.with_retryable(false);
    }
    Failure { error, retry_after: retry_after(headers, SystemTime::now()) }
}

/// An error that came within an answer of status 200: `value` is what stood there.
pub(crate) fn from_event(value: &Value, endpoint: &Endpoint) -> Failure {
    let text = value.to_string();
    let body = endpoint.redactor().clean(&text);
    // Cleaned first: a key that is cut short is not known any more.
    let said = message_of(value).map(|said| printable(&endpoint.redactor().clean(&said)));
    let message = match said {
        Some(said) => format!("`{}` says: {said}", endpoint.host()),
        None if value.get("error").is_some() => format!("`{}` reported an error without a reason", endpoint.host()),
        None => format!("`{}` sent something that is no answer; check `base_url`", endpoint.host()),
    };
    let inner = value.get("error").filter(|error| error.is_object()).unwrap_or(value);
    let code = inner.get("code").or_else(|| inner.get("status"));
    let status = code.and_then(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok()));
    let error = match status.and_then(|status| u16::try_from(status).ok()).filter(|status| (400..600).contains(status)) {
        Some(status) => Error::from_status(status, message),
        None => {
            let kind = inner.get("type").and_then(Value::as_str).unwrap_or_default();
            Error::new(ErrorKind::Api, message).with_retryable(kind != "invalid_request_error")
        }
    };
    error.with_body(body.into_owned()).into()
}

/// The provider's id of a request.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    let names = ["x-request-id", "apim-request-id", "x-ms-request-id", "request-id", "cf-ray"];
    names.iter().find_map(|name| text(headers, name)).filter(|id| !id.is_empty()).map(printable)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

fn advice(status: StatusCode, endpoint: &Endpoint) -> Option<String> {
    match status.as_u16() {
        401 | 403 => Some(format!("check {}", endpoint.key_source())),
        404 => Some("check `model` and `base_url`".to_owned()),
        _ => None,
    }
}

/// Where a redirect leads, without what may hold anything.
fn target(headers: &HeaderMap, endpoint: &Endpoint) -> String {
    let location = text(headers, "location").and_then(|location| endpoint.base().join(location).ok());
    match location {
        Some(mut url) => {
            url.set_query(None);
            url.set_fragment(None);
            // Neither can fail where there is a host; without one there is neither.
            let _ = (url.set_username(""), url.set_password(None));
            format!("`{}`", endpoint.redactor().clean(&printable(url.as_str())))
        }
        None => "nowhere".to_owned(),
    }
}

/// What the server says is wrong, out of the shapes that are in use.
fn provider_message(body: &str) -> Option<String> {
    let start = body.trim_start();
    let said = if start.starts_with('<') {
        between(start, "<title>", "</title>").or_else(|| between(start, "<h1>", "</h1>"))?.to_owned()
    } else {
        match serde_json::from_str::<Value>(start) {
            Ok(value) => message_of(&value)?,
            Err(_) => start.to_owned(),
        }
    };
    Some(printable(&said)).filter(|said| !said.is_empty())
}

/// `{"error": {"message"}}`, `{"error": "…"}`, `{"detail": …}`, `{"message"}`, and lists of these.
fn message_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let all: Vec<String> = items.iter().take(4).filter_map(message_of).collect();
            (!all.is_empty()).then(|| all.join("; "))
        }
        Value::Object(object) => {
            let keys = ["error", "message", "detail", "msg", "error_message", "errors", "title"];
            keys.iter().find_map(|key| object.get(*key).and_then(message_of))
        }
        _ => None,
    }
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let rest = &text[text.find(start)? + start.len()..];
    Some(&rest[..rest.find(end)?])
}

/// One line without control characters (they could steer a terminal), and not endless.
pub(crate) fn printable(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The pause that the server asks for: milliseconds, seconds or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let seconds = |text: &str, unit: f64| {
        let number = text.parse::<f64>().ok().filter(|number| *number >= 0.0)?;
        Some(Duration::try_from_secs_f64(number * unit).unwrap_or(Duration::MAX))
    };
    if let Some(pause) = text(headers, "retry-after-ms").and_then(|text| seconds(text, 1e-3)) {
        return Some(pause);
    }
    let text = text(headers, "retry-after")?;
    seconds(text, 1.0).or_else(|| {
        let date = httpdate::parse_http_date(text).ok()?;
        // A date that has passed asks for no pause.
        Some(date.duration_since(now).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use lk_plugin::PluginConfig as _;

    use super::*;

    #[test]
    fn messages_are_found_in_every_shape() {
        for (body, wanted) in [
            (r#"{"error": {"message": "wrong\nkey", "type": "t"}}"#, Some("wrong key")),
            (r#"{"error": "no such model"}"#, Some("no such model")),
            (r#"{"detail": "not here"}"#, Some("not here")),
            (r#"{"detail": [{"loc": ["body"], "msg": "field required"}, {"msg": "too long"}]}"#, Some("field required; too long")),
            (r#"[{"error": {"code": 400, "message": "bad"}}]"#, Some("bad")),
            (r#"{"object": "error", "message": "bad", "code": 40001}"#, Some("bad")),
            (r#"{"error": {"code": 1}}"#, None),
            ("<html><head><title>502 Bad Gateway</title></head>", Some("502 Bad Gateway")),
            ("<html></html>", None),
            ("upstream \u{1b}[31mfailed\n", Some("upstream [31mfailed")),
            ("", None),
        ] {
            assert_eq!(provider_message(body).as_deref(), wanted, "{body}");
        }
        assert_eq!(provider_message(&"é".repeat(600)).map(|said| said.chars().count()), Some(501));
    }

    #[test]
    fn a_key_that_stands_where_the_message_is_cut_is_not_shown() -> lk_plugin::Result<()> {
        let mut config = lk_plugin::Config::new();
        config.insert("api_key", "sk-5ecre7-5ecre7");
        let config = crate::openai::OpenAiLlmConfig::from_config(&config)?;
        let endpoint = Endpoint::new(&config.connection(), |_| None)?;
        let said = format!("{}sk-5ecre7-5ecre7 is wrong", "x".repeat(MAX_MESSAGE - 9));
        let failure = from_event(&serde_json::json!({ "error": { "message": said } }), &endpoint);
        assert!(!format!("{:?}", failure.error).contains("sk-"), "{}", failure.error);
        Ok(())
    }

    #[test]
    fn retry_after_is_read_in_every_form() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for (name, value, wanted) in [
            ("retry-after", "3", Some(Duration::from_secs(3))),
            ("retry-after", "0.5", Some(Duration::from_millis(500))),
            ("retry-after-ms", "250", Some(Duration::from_millis(250))),
            ("retry-after", "Mon, 12 Jan 1970 13:46:50 GMT", Some(Duration::from_secs(10))),
            ("retry-after", "Mon, 12 Jan 1970 13:46:30 GMT", Some(Duration::ZERO)),
            ("retry-after", "1e300", Some(Duration::MAX)),
            ("retry-after", "-1", None),
            ("retry-after", "NaN", None),
            ("retry-after", "soon", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, reqwest::header::HeaderValue::from_static(value));
            assert_eq!(retry_after(&headers, now), wanted, "{name}: {value}");
        }
    }
}
