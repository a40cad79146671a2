//! HTTP/2 by the `h2` crate: pieces are DATA frames, and a cut is a reset stream.

use std::future::poll_fn;
use std::sync::Arc;

use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::Response;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Reply, Request, Shared, Step};

type Bytes = std::io::Cursor<Vec<u8>>;

pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(socket: S, connection: usize, shared: Arc<Shared>) {
    let Ok(mut streams) = h2::server::Builder::new().handshake::<_, Bytes>(socket).await else { return };
    while let Some(Ok((request, respond))) = streams.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let (head, mut body) = request.into_parts();
            let headers = head.headers.iter().map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            });
            let mut request = Request {
                method: head.method.to_string(),
                path: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
                headers: headers.collect(),
                body: Vec::new(),
                http_version: 2,
                connection,
            };
            while let Some(Ok(piece)) = body.data().await {
                request.body.extend_from_slice(&piece);
                let _: Result<(), h2::Error> = body.flow_control().release_capacity(piece.len());
            }
            let reply = shared.reply_to(request);
            if answer(respond, &reply).await.is_none() {
                shared.client_went_away();
            }
        });
    }
}

/// `None` when the client went away before the end.
async fn answer(mut respond: SendResponse<Bytes>, reply: &Reply) -> Option<()> {
    let Some(head) = &reply.head else {
        respond.send_reset(Reason::INTERNAL_ERROR);
        return Some(());
    };
    let mut response = Response::builder().status(head.status);
    for (name, value) in &head.headers {
        response = response.header(name, value);
    }
    let mut stream = respond.send_response(response.body(()).unwrap(), false).ok()?;
    for step in &reply.steps {
        match step {
            Step::Bytes(bytes) => send(&mut stream, bytes).await?,
            Step::Pause(pause) => {
                tokio::select! {
                    () = tokio::time::sleep(*pause) => {}
                    _ = poll_fn(|context| stream.poll_reset(context)) => return None,
                }
            }
            Step::Hold => {
                let _: Result<Reason, h2::Error> = poll_fn(|context| stream.poll_reset(context)).await;
                return None;
            }
            Step::Cut => {
                stream.send_reset(Reason::INTERNAL_ERROR);
                return Some(());
            }
        }
    }
    stream.send_data(Bytes::new(Vec::new()), true).ok()
}

/// Within what the client is ready to take.
async fn send(stream: &mut SendStream<Bytes>, mut bytes: &[u8]) -> Option<()> {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        let capacity = poll_fn(|context| stream.poll_capacity(context)).await?.ok()?;
        let (piece, rest) = bytes.split_at(capacity.min(bytes.len()));
        stream.send_data(Bytes::new(piece.to_vec()), false).ok()?;
        bytes = rest;
    }
    Some(())
}
