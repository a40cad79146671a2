//! The websocket: opened through the client of all other requests, so that key, proxy and certificates are the same.

use futures_util::{SinkExt as _, StreamExt as _};
use lk_plugin::{Error, ErrorKind};
use reqwest::Upgraded;
use reqwest::header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use super::super::Call;
use super::protocol;
use crate::openai::client::Client;
use crate::openai::failure::Failure;
use crate::openai::patience::Patience;

/// The longest message that a server may send.
const MAX_MESSAGE: usize = 4 * 1024 * 1024;

/// A session's connection.
pub(super) struct Socket {
    stream: WebSocketStream<Upgraded>,
    host: String,
}

/// What comes out of it.
pub(super) enum Received {
    Text(String),
    /// A sign of life that says nothing.
    Nothing,
}

/// Opens a session and says what it is for.
pub(super) async fn open(client: &Client, call: &Call, patience: &Patience) -> Result<Socket, Failure> {
    let key = generate_key();
    let request = client
        .realtime_request(&call.listening.model)
        .header(CONNECTION, HeaderValue::from_static("Upgrade"))
        .header(UPGRADE, HeaderValue::from_static("websocket"))
        .header(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))
        .header(SEC_WEBSOCKET_KEY, key.as_str());
    let switched = client.upgrade(request, patience).await?;
    let host = client.endpoint().host().to_owned();
    let accepted = switched.headers.get(SEC_WEBSOCKET_ACCEPT).and_then(|accept| accept.to_str().ok());
    if accepted != Some(derive_accept_key(key.as_bytes()).as_str()) {
        let error = Error::new(ErrorKind::Api, format!("`{host}` opened something that is no websocket"));
        return Err(error.with_retryable(false).into());
    }
    let limits = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
    let stream = WebSocketStream::from_raw_socket(switched.upgraded, Role::Client, Some(limits)).await;
    let mut socket = Socket { stream, host };
    socket.send(protocol::session_update(call), patience).await?;
    Ok(socket)
}

impl Socket {
    /// Sends a message.
    pub(super) async fn send(&mut self, message: String, patience: &Patience) -> Result<(), Failure> {
        self.put(Message::text(message), patience).await
    }

    /// Asks for a sign of life.
    pub(super) async fn ping(&mut self, patience: &Patience) -> Result<(), Failure> {
        self.put(Message::Ping(Default::default()), patience).await
    }

    async fn put(&mut self, message: Message, patience: &Patience) -> Result<(), Failure> {
        let sent = patience.within(patience.stall, "room for more audio", "stall_timeout", self.stream.send(message));
        sent.await?.map_err(|error| self.broken(error))
    }

    /// The next message. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<Received, Failure> {
        match self.stream.next().await {
            Some(Ok(Message::Text(text))) => Ok(Received::Text(text.as_str().to_owned())),
            Some(Ok(Message::Close(reason))) => {
                let reason = reason.map(|frame| format!(" (code {})", u16::from(frame.code))).unwrap_or_default();
                let message = format!("`{}` closed the session{reason}", self.host);
                Err(Error::new(ErrorKind::ApiConnection, message).into())
            }
            Some(Ok(_)) => Ok(Received::Nothing),
            Some(Err(error)) => Err(self.broken(error)),
            None => Err(Error::new(ErrorKind::ApiConnection, format!("`{}` closed the session", self.host)).into()),
        }
    }

    /// Says goodbye, if the connection takes it at once: whoever waits for an answer has all that there was.
    pub(super) async fn close(mut self, patience: &Patience) {
        let _: Result<_, Failure> = patience.within(patience.stall, "", "", self.stream.close(None)).await;
    }

    fn broken(&self, error: tungstenite::Error) -> Failure {
        let message = format!("the session with `{}` broke", self.host);
        match error {
            tungstenite::Error::Capacity(_) => {
                let message = format!("`{}` sent a message longer than {MAX_MESSAGE} bytes", self.host);
                Error::new(ErrorKind::Api, message).with_retryable(false).into()
            }
            // Its text is about frames and sockets, with nothing in it that we sent.
            error => Error::new(ErrorKind::ApiConnection, message).with_source(error).into(),
        }
    }
}
