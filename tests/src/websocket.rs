//! A server of realtime sessions that does what a script says: a function for each connection, which reads and writes as
//! it likes, and breaks the connection off by returning.
//!
//! ```
//! use integration_tests::websocket::Sessions;
//!
//! let server = Sessions::start(|_, mut session| {
//!     session.wait_for("session.update");
//!     session.say(&serde_json::json!({"type": "session.updated"}));
//! });
//! assert!(server.url().starts_with("http://127.0.0.1:"));
//! ```

#![expect(clippy::unwrap_used, reason = "support of tests, which stop at their first surprise")]

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use serde_json::Value;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

/// The server; it stops when this is dropped.
#[derive(Debug)]
pub struct Sessions {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<Head>>>,
    left: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What a client opened a session with.
#[derive(Debug, Clone)]
pub struct Head {
    /// With its query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Sessions {
    /// Gives each connection, counted from 0, to `script`. A script that panics fails nothing: let it tell what it saw.
    pub fn start(script: impl Fn(usize, Session) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (heads, left) = (Arc::<Mutex<Vec<Head>>>::default(), Arc::<AtomicUsize>::default());
        let stop = Arc::<AtomicBool>::default();
        let thread = std::thread::spawn({
            let (heads, left, stop, script) =
                (Arc::clone(&heads), Arc::clone(&left), Arc::clone(&stop), Arc::new(script));
            move || {
                for (index, socket) in listener.incoming().enumerate() {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let (heads, left, script) = (Arc::clone(&heads), Arc::clone(&left), Arc::clone(&script));
                    std::thread::spawn(move || {
                        if let Some(session) = Session::accept(socket.unwrap(), &heads, left) {
                            script(index, session);
                        }
                    });
                }
            }
        });
        Self { address, heads, left, stop, thread: Some(thread) }
    }

    /// The base URL of the API.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What each session was opened with.
    pub fn heads(&self) -> Vec<Head> {
        self.heads.lock().unwrap().clone()
    }

    /// Waits until clients have left so many sessions; `false` when they do not.
    #[must_use]
    pub fn wait_for_left(&self, count: usize) -> bool {
        // As long as a test that fails may take.
        for _ in 0..4_000 {
            if self.left.load(Ordering::SeqCst) >= count {
                return true;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        false
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the listener.
        let _: std::io::Result<TcpStream> = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _: std::thread::Result<()> = thread.join();
        }
    }
}

/// One session, from the server's side.
#[derive(Debug)]
pub struct Session {
    socket: WebSocket<TcpStream>,
    left: Arc<AtomicUsize>,
    samples: Vec<i16>,
}

impl Session {
    // The type is that of tungstenite's callbacks.
    #[expect(clippy::result_large_err, reason = "the callback's own type")]
    fn accept(socket: TcpStream, heads: &Mutex<Vec<Head>>, left: Arc<AtomicUsize>) -> Option<Self> {
        socket.set_nodelay(true).unwrap();
        let socket = tungstenite::accept_hdr(socket, |request: &Request, response: Response| {
            let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            };
            let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
            heads.lock().unwrap().push(Head { path, headers: request.headers().iter().map(header).collect() });
            Ok(response)
        });
        Some(Self { socket: socket.ok()?, left, samples: Vec::new() })
    }

    /// Says something.
    pub fn say(&mut self, message: &Value) {
        self.say_text(&message.to_string());
    }

    /// Says something that need be no JSON.
    pub fn say_text(&mut self, message: &str) {
        // The client may have left.
        let _: tungstenite::Result<()> = self.socket.send(Message::text(message));
    }

    /// The next message that is no audio; `None` when the client has left.
    pub fn next_message(&mut self) -> Option<Value> {
        loop {
            let message = self.receive()?;
            if message["type"] != "input_audio_buffer.append" {
                return Some(message);
            }
        }
    }

    /// Reads until a message of this kind.
    pub fn wait_for(&mut self, kind: &str) -> Option<Value> {
        loop {
            let message = self.next_message()?;
            if message["type"] == kind {
                return Some(message);
            }
        }
    }

    /// Reads until there are so many samples of audio; `false` when the client leaves before that.
    pub fn wait_for_samples(&mut self, count: usize) -> bool {
        while self.samples.len() < count {
            if self.receive().is_none() {
                return false;
            }
        }
        true
    }

    /// Reads until the client leaves.
    pub fn wait_for_end(&mut self) {
        while self.receive().is_some() {}
    }

    /// The audio so far.
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// Closes the session by the rules.
    pub fn close(&mut self) {
        let _: tungstenite::Result<()> = self.socket.close(None);
    }

    fn receive(&mut self) -> Option<Value> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let message: Value = serde_json::from_str(text.as_str()).unwrap();
                    if let Some(audio) = message["audio"].as_str() {
                        let bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, audio).unwrap();
                        self.samples.extend(bytes.chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
                    }
                    return Some(message);
                }
                Ok(_) => {}
                Err(_) => {
                    self.left.fetch_add(1, Ordering::SeqCst);
                    return None;
                }
            }
        }
    }
}
