//! HTTP for downloads: TLS that stays TLS.

use std::sync::Arc;
use std::time::Duration;

use lk_plugin::{Error, ErrorKind};
use reqwest::redirect::{Action, Attempt, Policy};
use rustls::ClientConfig;
use rustls_platform_verifier::Verifier;

/// How long a server may take to be connected to.
const CONNECT: Duration = Duration::from_secs(15);

/// How long nothing may come.
const STALL: Duration = Duration::from_secs(60);

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 10;

/// The connections of this process.
pub(super) struct Client(reqwest::Client);

impl Client {
    /// Trusts whom the system trusts.
    ///
    /// # Errors
    ///
    /// When there are no certificates to trust.
    pub(super) fn new() -> Result<Self, Error> {
        let tls = tls().map_err(|error| {
            let message = "TLS cannot be set up; are the system's certificates installed (`ca-certificates`)?";
            Error::new(ErrorKind::Io, message).with_source(error)
        })?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::custom(follow))
            .referer(false)
            .connect_timeout(CONNECT)
            .read_timeout(STALL)
            .user_agent(concat!("lk-go/", env!("CARGO_PKG_VERSION")))
            .build();
        let unusable =
            |error: reqwest::Error| Error::new(ErrorKind::Io, "no HTTP client could be made").with_source(error);
        client.map(Self).map_err(unusable)
    }

    /// A request for what is at this URL.
    pub(super) fn get(&self, url: &str) -> reqwest::RequestBuilder {
        // Ranges count the bytes of the file, not those of a packed form of it.
        self.0.get(url).header(reqwest::header::ACCEPT_ENCODING, "identity")
    }
}

/// A redirect may lead to any host, but never from `https` to anything else.
fn follow(attempt: Attempt<'_>) -> Action {
    let begins_secure = attempt.previous().first().is_some_and(|first| first.scheme() == "https");
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error(format!("the server redirects more than {MAX_REDIRECTS} times"));
    }
    match attempt.url().scheme() {
        "https" => attempt.follow(),
        "http" if !begins_secure => attempt.follow(),
        scheme => {
            let refused = format!("the server redirects from `https` to `{scheme}`, where anybody could answer");
            attempt.error(refused)
        }
    }
}

fn tls() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new(Arc::clone(&provider))?;
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        // Dangerous only with a verifier that does not verify.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}
