//! HTTP: one pooled client an instance, its attempts within deadlines, its answers within bounds.

use std::fmt;
use std::future::Future as _;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use lk_plugin::{ConnectOptions, Error, ErrorKind, Result, runtime};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{ClientBuilder, Method, RequestBuilder, Response, StatusCode};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;
use tokio::task::AbortHandle;

use super::connection::ConnectionConfig;
use super::endpoint::{self, Endpoint};
use super::failure::{self, Failure};
use super::patience::Patience;

/// How much of the body of an error is read: more than an [`Error`] keeps, so that the message is found in it.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// How many redirects within the host are followed.
const MAX_REDIRECTS: usize = 3;

/// A provider's server and the connections to it; cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    endpoint: Arc<Endpoint>,
    config: Arc<ConnectionConfig>,
    warm: Arc<OnceLock<Option<Warming>>>,
}

/// The request that opens a connection early; it goes with the last client that is told of it.
struct Warming(AbortHandle);

impl Drop for Warming {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Client {
    /// Reads the config and the environment; connects to nothing yet.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config): no key, or an address or certificate file that cannot be used.
    pub(crate) fn new(config: ConnectionConfig) -> Result<Self> {
        let endpoint = Endpoint::new(&config, endpoint::environment)?;
        let tls = tls(&endpoint, &config)?;
        let http = build(builder(tls, &config), &endpoint)?;
        Ok(Self { http, endpoint: Arc::new(endpoint), config: Arc::new(config), warm: Arc::default() })
    }

    /// The server.
    pub(crate) fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// The patience of a call that begins now.
    pub(crate) fn patience(&self, call: &ConnectOptions) -> Patience {
        Patience::new(&self.config, call)
    }

    /// A request to a path such as `chat/completions`, with the key and all else that every request carries.
    pub(crate) fn request(&self, method: Method, path: &str, model: &str) -> RequestBuilder {
        self.http.request(method, self.endpoint.url(path, model)).headers(self.endpoint.headers().clone())
    }

    /// The same server by HTTP/1.1 alone, whose connections can become websockets.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub(crate) fn http1(&self) -> Result<Self> {
        let mut tls = tls(&self.endpoint, &self.config)?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let builder = builder(tls, &self.config).http1_only();
        Ok(Self { http: build(builder, &self.endpoint)?, warm: Arc::default(), ..self.clone() })
    }

    /// Opens a connection ahead of need, once: a task that asks for nothing in particular.
    pub(crate) fn prewarm(&self) {
        self.warm.get_or_init(|| {
            // Without the key: any answer will do. Whatever goes wrong, the first call tells.
            let request = self.http.get(self.endpoint.base().clone()).timeout(self.config.connect_timeout);
            let asking = async move {
                let Ok(mut response) = request.send().await else { return };
                let mut read = 0;
                // A connection is used again only once its answer is read.
                while let Ok(Some(chunk)) = response.chunk().await {
                    read += chunk.len();
                    if read > MAX_ERROR_BODY {
                        return;
                    }
                }
            };
            Some(Warming(runtime::handle().ok()?.spawn(asking).abort_handle()))
        });
    }

    /// A request for a session that transcribes as it hears.
    pub(crate) fn realtime_request(&self, model: &str) -> RequestBuilder {
        self.http.get(self.endpoint.realtime_url(model)).headers(self.endpoint.headers().clone())
    }

    /// One attempt to turn a request into a connection of another protocol.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and an answer that does not switch.
    pub(crate) async fn upgrade(&self, request: RequestBuilder, patience: &Patience) -> Result<Switched, Failure> {
        let answer = self.head(request, patience).await?;
        let status = answer.response.status();
        if status == StatusCode::SWITCHING_PROTOCOLS {
            let headers = answer.headers().clone();
            let upgraded = answer.response.upgrade().await;
            let upgraded = upgraded.map_err(|error| failure::from_transport(&error, &self.endpoint, "at its start"))?;
            return Ok(Switched { headers, upgraded });
        }
        if status.is_success() {
            let message = format!("`{}` answered, but opened no websocket; does it know realtime sessions?", self.endpoint.host());
            return Err(answer.told(Error::new(ErrorKind::Api, message).with_retryable(false)));
        }
        Err(self.refused(answer).await)
    }

    /// One attempt: the answer, once its head is here.
    ///
    /// # Errors
    ///
    /// No answer in time, none at all, or one with an error status; its body is read for what it says.
    pub(crate) async fn send(&self, request: RequestBuilder, patience: &Patience) -> Result<Answer, Failure> {
        let answer = self.head(request, patience).await?;
        if answer.response.status().is_success() { Ok(answer) } else { Err(self.refused(answer).await) }
    }

    /// The answer once its head is here, whatever its status.
    async fn head(&self, request: RequestBuilder, patience: &Patience) -> Result<Answer, Failure> {
        let host = self.endpoint.host();
        let sent = patience.within(patience.first_byte, "answer", "first_byte_timeout", request.send()).await;
        let response = sent
            .map_err(|late| Failure::from(late.error.at(format_args!("`{host}`"))))?
            .map_err(|error| failure::from_transport(&error, &self.endpoint, "before the answer began"))?;
        Ok(Answer { response, endpoint: Arc::clone(&self.endpoint), patience: patience.clone() })
    }

    async fn refused(&self, mut answer: Answer) -> Failure {
        let status = answer.response.status();
        let body = answer.start(MAX_ERROR_BODY).await;
        failure::from_status(status, answer.headers(), &body, &self.endpoint)
    }
}

/// A connection that speaks another protocol from here on.
pub(crate) struct Switched {
    pub(crate) headers: HeaderMap,
    pub(crate) upgraded: reqwest::Upgraded,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// An answer of status 2xx whose body is still to come. Dropping it closes its stream (HTTP/2) or connection (HTTP/1).
pub(crate) struct Answer {
    response: Response,
    endpoint: Arc<Endpoint>,
    patience: Patience,
}

#[cfg(any(test, fuzzing))]
impl Answer {
    /// An answer of which nothing will come.
    pub(crate) fn empty(endpoint: Arc<Endpoint>, patience: Patience) -> Self {
        Self { response: http::Response::new("").into(), endpoint, patience }
    }
}

impl Answer {
    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    pub(crate) fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    pub(crate) fn patience(&self) -> &Patience {
        &self.patience
    }

    /// The provider's id of the request.
    pub(crate) fn request_id(&self) -> Option<String> {
        failure::request_id(self.headers())
    }

    /// The media type, in lower case and without parameters; empty when the server does not say.
    pub(crate) fn content_type(&self) -> String {
        let full = self.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // It stands in errors. Cleaned as it came: in lower case a key would not be known any more.
        let full = self.endpoint.redactor().clean(full);
        full.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    ///
    /// A body that stands still or breaks off.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        self.chunk_after(Duration::ZERO).await
    }

    /// The next piece of the body, when part of the time for it has passed already.
    pub(crate) async fn chunk_after(&mut self, passed: Duration) -> Result<Option<Bytes>, Failure> {
        let stall = self.patience.stall;
        let waiting =
            self.patience.rest_of(stall, passed, "more of the answer", "stall_timeout", self.response.chunk());
        match waiting.await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => Err(self.broken(&error)),
            Err(late) => Err(self.told(late.error)),
        }
    }

    /// The next piece of the body if it is here already.
    pub(crate) fn chunk_at_hand(&mut self) -> Option<Result<Option<Bytes>, Failure>> {
        // No waker: whoever gets nothing here waits with `chunk`, which leaves one.
        let polled = pin!(self.response.chunk()).poll(&mut Context::from_waker(Waker::noop()));
        match polled {
            Poll::Ready(Ok(chunk)) => Some(Ok(chunk)),
            Poll::Ready(Err(error)) => Some(Err(self.broken(&error))),
            Poll::Pending => None,
        }
    }

    /// The whole body, for answers that are not streamed: all of it must be here within the stall timeout.
    ///
    /// # Errors
    ///
    /// A body longer than `limit` bytes, too slow, or broken off.
    pub(crate) async fn body(&mut self, limit: usize) -> Result<Bytes, Failure> {
        let patience = self.patience.clone();
        let whole = patience.within(patience.stall, "whole answer", "stall_timeout", async {
            let mut body = BytesMut::new();
            while let Some(chunk) = self.response.chunk().await.map_err(|error| self.broken(&error))? {
                if body.len() + chunk.len() > limit {
                    let message = format!("the answer is longer than the {limit} bytes that it may have");
                    return Err(self.told(Error::new(ErrorKind::Api, message).with_retryable(false)));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(body.freeze())
        });
        match whole.await {
            Ok(body) => body,
            Err(late) => Err(self.told(late.error)),
        }
    }

    /// As much of the body as comes within the stall timeout, at most `limit` bytes.
    async fn start(&mut self, limit: usize) -> BytesMut {
        let patience = self.patience.clone();
        let mut body = BytesMut::new();
        let reading = async {
            while let Ok(Some(chunk)) = self.response.chunk().await {
                body.extend_from_slice(&chunk[..chunk.len().min(limit - body.len())]);
                if body.len() == limit {
                    return;
                }
            }
        };
        // What has come until then says enough.
        let _: Result<(), Failure> = patience.within(patience.stall, "", "", reading).await;
        body
    }

    fn broken(&self, error: &reqwest::Error) -> Failure {
        self.told(failure::from_transport(error, &self.endpoint, "in the middle of the answer").error)
    }

    /// An error about this answer: with its request id.
    pub(crate) fn told(&self, error: Error) -> Failure {
        match self.request_id() {
            Some(id) => error.with_request_id(self.endpoint.redactor().clean(&id).into_owned()).into(),
            None => error.into(),
        }
    }
}

fn builder(tls: ClientConfig, config: &ConnectionConfig) -> ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::custom(follow_within_host))
        .referer(false)
        .connect_timeout(config.connect_timeout)
        .user_agent(concat!("lk-plugin/", env!("CARGO_PKG_VERSION")))
        // A connection that died without a word is noticed, instead of letting every attempt on it time out.
        .http2_keep_alive_interval(Duration::from_secs(20))
        .http2_keep_alive_timeout(Duration::from_secs(10))
        .http2_keep_alive_while_idle(true)
}

fn build(builder: ClientBuilder, endpoint: &Endpoint) -> Result<reqwest::Client> {
    builder.build().map_err(|error| {
        let cause = endpoint.redactor().cause(&error);
        Error::new(ErrorKind::Io, "no HTTP client could be made").with_source(cause)
    })
}

/// The key goes to the host of the config and nowhere else, and a request stays what it is: only redirects that keep
/// method and body, and only within one origin. All others come back as the answer that they are.
fn follow_within_host(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let keeps_method = matches!(attempt.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let same_origin = attempt.previous().first().is_some_and(|first| first.origin() == attempt.url().origin());
    if keeps_method && same_origin && attempt.previous().len() <= MAX_REDIRECTS { attempt.follow() } else { attempt.stop() }
}

/// TLS by ring, trusting whom the system trusts and the certificates of `ca_file`.
fn tls(endpoint: &Endpoint, config: &ConnectionConfig) -> Result<ClientConfig> {
    /// The system's certificates, read once.
    static SYSTEM: OnceLock<std::result::Result<ClientConfig, rustls::Error>> = OnceLock::new();
    let failed = |error: &dyn std::error::Error| {
        Error::new(ErrorKind::Io, "TLS cannot be set up; are the system's certificates installed (`ca-certificates`)?")
            .with_source(error.to_string())
    };
    if endpoint.base().scheme() == "http" {
        // No certificate is ever looked at, so a machine without any will do.
        return with_roots(rustls::RootCertStore::empty()).map_err(|error| failed(&error));
    }
    let Some(path) = &config.ca_file else {
        return SYSTEM.get_or_init(|| with_verifier(&[])).clone().map_err(|error| failed(&error));
    };
    let unusable = |reason: String| {
        Error::config(format!("`ca_file` (`{}`) has no certificates to read; give a PEM file", path.display()))
            .with_source(reason)
    };
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?;
    let certificates: Vec<_> = certificates
        .collect::<std::result::Result<_, _>>()
        .map_err(|error: rustls::pki_types::pem::Error| unusable(error.to_string()))?;
    if certificates.is_empty() {
        return Err(unusable("there is none in it".to_owned()));
    }
    with_verifier(&certificates).map_err(|error| failed(&error))
}

fn with_verifier(extra: &[CertificateDer<'static>]) -> std::result::Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra.to_vec(), Arc::clone(&provider))?;
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        // Dangerous only with a verifier that does not verify.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(with_http2(tls))
}

fn with_roots(roots: rustls::RootCertStore) -> std::result::Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(with_http2(tls.with_root_certificates(roots).with_no_client_auth()))
}

fn with_http2(mut tls: ClientConfig) -> ClientConfig {
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    tls
}
