//! One file: asked for until all of it has come, then compared with what is declared.

use std::error::Error as _;
use std::time::Duration;

use indicatif::ProgressBar;
use lk_plugin::{Error, ErrorKind};
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, HeaderName, IF_RANGE, RANGE};
use reqwest::{Response, StatusCode};

use super::client::Client;
use super::part::Part;
use super::wanted::Wanted;

/// How often in a row an attempt may bring nothing.
const MAX_FUTILE: u32 = 5;

/// The pause before the second attempt; each later one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);

/// Downloads it, going on from what is there already.
///
/// # Errors
///
/// When it cannot be had, is not what is declared, or the disk refuses. What came so far stays, unless it is wrong.
pub(super) async fn fetch(client: &Client, wanted: &Wanted, bar: &ProgressBar) -> Result<(), Error> {
    let mut part = Part::open(wanted)?;
    let mut is_joined = part.length() > 0;
    loop {
        is_joined |= complete(client, wanted, &mut part, bar).await?;
        let sha256 = part.sha256();
        if sha256 == wanted.sha256 {
            return part.finish();
        }
        part.restart()?;
        // Parts of two files may have met.
        if !std::mem::take(&mut is_joined) {
            return Err(Error::new(
                ErrorKind::Api,
                format!(
                    "`{}` has the SHA-256 {sha256}, and {} is declared; the server has another file, or somebody changed it",
                    shown(&wanted.url),
                    wanted.sha256
                ),
            ));
        }
    }
}

/// Asks until all has come. Says whether it came in more than one piece.
async fn complete(client: &Client, wanted: &Wanted, part: &mut Part<'_>, bar: &ProgressBar) -> Result<bool, Error> {
    let (mut etag, mut futile, mut is_joined) = (None, 0, false);
    while !part.is_complete() {
        let before = part.length();
        bar.set_position(before);
        match attempt(client, wanted, part, &mut etag, bar).await {
            Ok(()) => {}
            Err(Failed::ForGood(error)) => return Err(error),
            Err(Failed::ForNow(error)) => {
                futile = if part.length() > before { 0 } else { futile + 1 };
                if futile == MAX_FUTILE {
                    return Err(error);
                }
                is_joined |= part.length() > 0;
                tokio::time::sleep(PAUSE * 2_u32.saturating_pow(futile.saturating_sub(1))).await;
            }
        }
    }
    Ok(is_joined)
}

/// Why an attempt came to nothing.
enum Failed {
    /// Another one may not.
    ForNow(Error),
    ForGood(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::ForGood(error)
    }
}

async fn attempt(
    client: &Client,
    wanted: &Wanted,
    part: &mut Part<'_>,
    etag: &mut Option<String>,
    bar: &ProgressBar,
) -> Result<(), Failed> {
    let mut request = client.get(&wanted.url);
    if part.length() > 0 {
        request = request.header(RANGE, format!("bytes={}-", part.length()));
        if let Some(etag) = etag.as_deref() {
            // The whole, should it have changed since.
            request = request.header(IF_RANGE, etag);
        }
    }
    let mut response = request.send().await.map_err(|error| transport(error, wanted, "cannot be asked for"))?;
    accept(&response, wanted, part)?;
    bar.set_position(part.length());
    // A weak one does not vouch for bytes.
    *etag = text(response.headers(), ETAG).filter(|etag| !etag.starts_with("W/")).map(str::to_owned);
    while let Some(bytes) = response.chunk().await.map_err(|error| transport(error, wanted, "broke off"))? {
        part.append(&bytes)?;
        bar.set_position(part.length());
    }
    if part.is_complete() {
        return Ok(());
    }
    let message = format!("`{}` ended after {} of {} bytes", shown(&wanted.url), part.length(), wanted.size);
    Err(Failed::ForNow(Error::new(ErrorKind::ApiConnection, message)))
}

/// Whether what follows is the file from where the part ends; else the part begins anew.
fn accept(response: &Response, wanted: &Wanted, part: &mut Part<'_>) -> Result<(), Failed> {
    let status = response.status();
    let url = shown(&wanted.url);
    if status == StatusCode::PARTIAL_CONTENT {
        let range = text(response.headers(), CONTENT_RANGE).and_then(range);
        if range.is_some_and(|(start, total)| start == part.length() && total.is_none_or(|total| total == wanted.size))
        {
            return Ok(());
        }
        part.restart()?;
        let message = format!("`{url}` sent another part than was asked for");
        return Err(Failed::ForNow(Error::new(ErrorKind::Api, message)));
    }
    if status == StatusCode::RANGE_NOT_SATISFIABLE && part.length() > 0 {
        part.restart()?;
        let message = format!("`{url}` has no more bytes, and {} are declared", wanted.size);
        return Err(Failed::ForNow(Error::new(ErrorKind::Api, message)));
    }
    if !status.is_success() {
        let reason = status.canonical_reason().unwrap_or("an error").to_lowercase();
        let message = format!("`{url}` answered {} {reason}", status.as_u16());
        let error = Error::from_status(status.as_u16(), message);
        return Err(if error.is_retryable() { Failed::ForNow(error) } else { Failed::ForGood(error) });
    }
    // All of it, asked for or not.
    if part.length() > 0 {
        part.restart()?;
    }
    match response.content_length() {
        Some(length) if length != wanted.size => Err(Failed::ForGood(Error::new(
            ErrorKind::Api,
            format!("`{url}` has {length} bytes, and {} are declared; the server has another file", wanted.size),
        ))),
        _ => Ok(()),
    }
}

/// Where a part begins, and how long the whole is if that is told: `bytes 5-9/10`.
fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, total.parse().ok()))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// A URL without what may be secret in it.
fn shown(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

fn transport(error: reqwest::Error, wanted: &Wanted, what: &str) -> Failed {
    // A redirect's URL may be signed.
    let error = error.without_url();
    let (is_final, is_timeout) = (error.is_redirect() || error.is_builder(), error.is_timeout());
    let kind = if is_timeout { ErrorKind::ApiTimeout } else { ErrorKind::ApiConnection };
    // The outermost text says no more than ours.
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next.filter(|_| causes.len() < 8) {
        causes.push(cause.to_string());
        next = cause.source();
    }
    let cause = if causes.is_empty() { error.to_string() } else { causes.join(": ") };
    let message = format!("`{}` {what}; check the network, and run this again: what came is kept", shown(&wanted.url));
    let error = Error::new(kind, message).with_source(cause);
    if is_final { Failed::ForGood(error) } else { Failed::ForNow(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        assert_eq!(range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(range("bytes 0-9/*"), Some((0, None)));
        for text in ["", "bytes", "bytes */10", "bytes x-9/10", "items 1-2/3", "bytes 5/10"] {
            assert_eq!(range(text), None, "{text}");
        }
    }

    #[test]
    fn a_signature_is_not_shown() {
        assert_eq!(shown("https://host/a?key=secret#b"), "https://host/a");
    }
}
