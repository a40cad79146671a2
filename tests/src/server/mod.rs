//! A server that does what a script says, byte by byte: real sockets, HTTP/1.1 or (by ALPN, over TLS) HTTP/2.
//!
//! ```
//! use integration_tests::server::{Reply, Server};
//!
//! let server = Server::start([
//!     Reply::json(429, r#"{"error": {"message": "slow down"}}"#).header("retry-after", "0"),
//!     Reply::sse([r#"{"choices": []}"#, "[DONE]"]),
//! ]);
//! assert!(server.url().starts_with("http://127.0.0.1:"));
//! assert!(server.requests().is_empty());
//! ```
//!
//! Each request, on whatever connection, gets the next reply of the script; when there is none left, the status 501. A
//! reply may pause, hold on until the client goes away (which [`Server::wait_for_closed`] sees), or break off anywhere.

#![expect(clippy::unwrap_used, reason = "support of tests, which stop at their first surprise")]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

mod http1;
mod http2;
mod tls;

/// One answer of the server.
#[derive(Debug, Clone)]
pub struct Reply {
    head: Option<Head>,
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
enum Step {
    Bytes(Vec<u8>),
    Pause(Duration),
    Hold,
    Cut,
}

impl Reply {
    /// An answer with this status, no headers of its own, and a body of whatever steps follow.
    pub fn new(status: u16) -> Self {
        Self { head: Some(Head { status, headers: Vec::new() }), steps: Vec::new() }
    }

    /// No head: the bytes of the steps are all that is sent, head included if there is to be one. (HTTP/1.1 alone.)
    pub fn raw() -> Self {
        Self { head: None, steps: Vec::new() }
    }

    /// A body of JSON.
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self::new(status).header("content-type", "application/json").bytes(body.into())
    }

    /// Server-sent events, each `data:` line a piece of its own.
    pub fn sse<D: AsRef<str>>(events: impl IntoIterator<Item = D>) -> Self {
        let reply = Self::new(200).header("content-type", "text/event-stream");
        events.into_iter().fold(reply, |reply, data| reply.event(data.as_ref()))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head.as_mut().unwrap().headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends these bytes as one piece.
    #[must_use]
    pub fn bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.steps.push(Step::Bytes(bytes.into()));
        self
    }

    /// Sends one server-sent event.
    #[must_use]
    pub fn event(self, data: &str) -> Self {
        self.bytes(format!("data: {data}\n\n"))
    }

    /// Waits.
    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.steps.push(Step::Pause(pause));
        self
    }

    /// Sends nothing more until the client goes away.
    #[must_use]
    pub fn hold(mut self) -> Self {
        self.steps.push(Step::Hold);
        self
    }

    /// Breaks the connection off (by HTTP/2: resets the stream), without the end that an answer should have.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.steps.push(Step::Cut);
        self
    }
}

/// What a client sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// `POST`.
    pub method: String,
    /// With its query: `/v1/models?a=b`.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decoded if it came in chunks.
    pub body: Vec<u8>,
    /// 1 or 2.
    pub http_version: u8,
    /// Counts the connections, from 0.
    pub connection: usize,
}

impl Request {
    /// The value of the first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The server; it stops when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    ca: Option<(TempDir, PathBuf)>,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    answer: Option<Answer>,
}

/// Makes a reply to each request, on the server's own thread.
struct Answer(Box<dyn Fn(&Request) -> Reply + Send + Sync>);

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer")
    }
}

#[derive(Debug, Default)]
struct State {
    replies: VecDeque<Reply>,
    always: Option<Reply>,
    requests: Vec<Request>,
    connections: usize,
    open: usize,
    closed: usize,
}

impl Shared {
    fn opened(&self) -> usize {
        let mut state = self.state.lock().unwrap();
        state.open += 1;
        state.connections += 1;
        state.connections - 1
    }

    fn ended(&self) {
        self.state.lock().unwrap().open -= 1;
        self.changed.notify_all();
    }

    fn reply_to(&self, request: Request) -> Reply {
        if let Some(Answer(answer)) = &self.answer {
            // Not kept: there may be many.
            return answer(&request);
        }
        let mut state = self.state.lock().unwrap();
        state.requests.push(request);
        let reply = state.replies.pop_front().or_else(|| state.always.clone());
        self.changed.notify_all();
        reply.unwrap_or_else(|| Reply::json(501, r#"{"error": {"message": "the script has no reply left"}}"#))
    }

    fn client_went_away(&self) {
        self.state.lock().unwrap().closed += 1;
        self.changed.notify_all();
    }

    /// Waits for what must come; the limit is there only so that a test that fails also ends.
    fn wait_until(&self, met: impl Fn(&State) -> bool) -> bool {
        let state = self.state.lock().unwrap();
        !self.changed.wait_timeout_while(state, Duration::from_secs(20), |state| !met(state)).unwrap().1.timed_out()
    }
}

impl Server {
    /// Speaks HTTP/1.1.
    pub fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::run(replies, None, None)
    }

    /// Speaks HTTP/1.1 and says to each request what the function does, which is called on the server's thread. Requests
    /// are not kept.
    pub fn answering(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::serving(State::default(), Some(Answer(Box::new(answer))), None)
    }

    /// Speaks HTTP/1.1 and says the same thing again and again.
    pub fn always(reply: Reply) -> Self {
        Self::run([], Some(reply), None)
    }

    /// Speaks HTTP/2 over TLS; [`ca_file`](Self::ca_file) is whom to trust.
    pub fn http2(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::run(replies, None, Some(&[b"h2", b"http/1.1"]))
    }

    /// Speaks HTTP/1.1 over TLS.
    pub fn https(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::run(replies, None, Some(&[b"http/1.1"]))
    }

    fn run(replies: impl IntoIterator<Item = Reply>, always: Option<Reply>, alpn: Option<&[&[u8]]>) -> Self {
        Self::serving(State { replies: replies.into_iter().collect(), always, ..State::default() }, None, alpn)
    }

    fn serving(state: State, answer: Option<Answer>, alpn: Option<&[&[u8]]>) -> Self {
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), answer });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (acceptor, ca) = alpn.map(tls::acceptor).unzip();
        let (stop, stopped) = oneshot::channel();
        let worker = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    () = accept(listener, acceptor, worker) => {}
                    _ = stopped => {}
                }
            });
            // Dropping the runtime drops the tasks, and with them the sockets.
        });
        Self { address, ca, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// The base URL, `http://127.0.0.1:…/v1`.
    pub fn url(&self) -> String {
        let scheme = if self.ca.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/v1", self.address)
    }

    /// `127.0.0.1:…`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The certificate to trust (PEM), of a server with TLS.
    pub fn ca_file(&self) -> &Path {
        &self.ca.as_ref().unwrap().1
    }

    /// What clients have sent so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state.lock().unwrap().requests.clone()
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.shared.state.lock().unwrap().connections
    }

    /// Waits until no connection is open any more; `false` when one stays.
    #[must_use]
    pub fn wait_for_no_connections(&self) -> bool {
        self.shared.wait_until(|state| state.open == 0)
    }

    /// Waits for so many requests; `false` when they do not come.
    #[must_use]
    pub fn wait_for_requests(&self, count: usize) -> bool {
        self.shared.wait_until(|state| state.requests.len() >= count)
    }

    /// Waits until clients have gone away in the middle of so many replies; `false` when they do not.
    #[must_use]
    pub fn wait_for_closed(&self, count: usize) -> bool {
        self.shared.wait_until(|state| state.closed >= count)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed; a second one here would hide the test's own.
            let _: std::thread::Result<()> = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, acceptor: Option<tokio_rustls::TlsAcceptor>, shared: Arc<Shared>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        socket.set_nodelay(true).unwrap();
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let connection = shared.opened();
            serve(socket, acceptor, connection, &shared).await;
            shared.ended();
        });
    }
}

async fn serve(
    socket: TcpStream,
    acceptor: Option<tokio_rustls::TlsAcceptor>,
    connection: usize,
    shared: &Arc<Shared>,
) {
    let Some(acceptor) = acceptor else { return http1::serve(socket, connection, shared).await };
    // A client that does not trust us hangs up here.
    let Ok(socket) = acceptor.accept(socket).await else { return };
    if socket.get_ref().1.alpn_protocol() == Some(b"h2") {
        http2::serve(socket, connection, Arc::clone(shared)).await;
    } else {
        http1::serve(socket, connection, shared).await;
    }
}
