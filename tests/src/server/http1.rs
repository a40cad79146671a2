//! HTTP/1.1, written out: so that a reply can break off at any byte.

use std::fmt::Write as _;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Reply, Request, Shared, Step};

pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut socket: S, connection: usize, shared: &Shared) {
    let mut received = Vec::new();
    while let Ok(Some(request)) = read(&mut socket, &mut received, connection).await {
        let head_alone = request.method == "HEAD";
        let mut reply = shared.reply_to(request);
        if head_alone {
            reply.steps.clear();
        }
        match write(&mut socket, &reply, head_alone).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(_) => {
                shared.client_went_away();
                break;
            }
        }
    }
    // Politely, so that the client gets all that was written.
    let _: io::Result<()> = socket.shutdown().await;
}

/// The next request; `None` when the client has hung up.
async fn read<S: AsyncRead + Unpin>(
    socket: &mut S,
    received: &mut Vec<u8>,
    connection: usize,
) -> io::Result<Option<Request>> {
    let end = loop {
        if let Some(end) = find(received, b"\r\n\r\n") {
            break end;
        }
        if socket.read_buf(received).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    received.drain(..end + 4);
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ').map(ToOwned::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut request = Request { method, path, headers, body: Vec::new(), http_version: 1, connection };
    if request.header("transfer-encoding").is_some_and(|encoding| encoding.contains("chunked")) {
        loop {
            let size = usize::from_str_radix(line(socket, received).await?.trim(), 16).map_err(io::Error::other)?;
            let piece = exactly(socket, received, size + 2).await?;
            if size == 0 {
                break;
            }
            request.body.extend_from_slice(&piece[..size]);
        }
    } else if let Some(length) = request.header("content-length") {
        let length = length.parse().map_err(io::Error::other)?;
        request.body = exactly(socket, received, length).await?;
    }
    Ok(Some(request))
}

/// Whether the connection may be used again. An error means that the client went away.
async fn write<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut S, reply: &Reply, head_alone: bool) -> io::Result<bool> {
    let chunked = if let Some(head) = &reply.head {
        let mut text = format!("HTTP/1.1 {} Scripted\r\ntransfer-encoding: chunked\r\n", head.status);
        for (name, value) in &head.headers {
            let _: std::fmt::Result = write!(text, "{name}: {value}\r\n");
        }
        socket.write_all(format!("{text}\r\n").as_bytes()).await?;
        true
    } else {
        false
    };
    for step in &reply.steps {
        match step {
            Step::Bytes(bytes) if chunked => {
                let mut piece = format!("{:x}\r\n", bytes.len()).into_bytes();
                piece.extend_from_slice(bytes);
                piece.extend_from_slice(b"\r\n");
                socket.write_all(&piece).await?;
            }
            Step::Bytes(bytes) => socket.write_all(bytes).await?,
            Step::Pause(pause) => {
                tokio::select! {
                    () = tokio::time::sleep(*pause) => {}
                    gone = gone(socket) => return Err(gone),
                }
            }
            Step::Hold => return Err(gone(socket).await),
            Step::Cut => return Ok(false),
        }
    }
    if chunked && !head_alone {
        socket.write_all(b"0\r\n\r\n").await?;
    }
    Ok(chunked)
}

/// Returns when the client has hung up.
async fn gone<S: AsyncRead + Unpin>(socket: &mut S) -> io::Error {
    let mut ignored = [0; 256];
    loop {
        match socket.read(&mut ignored).await {
            Ok(0) => return io::ErrorKind::ConnectionAborted.into(),
            Ok(_) => {}
            Err(error) => return error,
        }
    }
}

async fn line<S: AsyncRead + Unpin>(socket: &mut S, received: &mut Vec<u8>) -> io::Result<String> {
    loop {
        if let Some(end) = find(received, b"\r\n") {
            let line = String::from_utf8_lossy(&received[..end]).into_owned();
            received.drain(..end + 2);
            return Ok(line);
        }
        if socket.read_buf(received).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

async fn exactly<S: AsyncRead + Unpin>(socket: &mut S, received: &mut Vec<u8>, length: usize) -> io::Result<Vec<u8>> {
    while received.len() < length {
        if socket.read_buf(received).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(received.drain(..length).collect())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
