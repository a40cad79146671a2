//! The server: answers every request at once, with as many tokens as it names.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use crate::{Anything, REPLIES, pin_to};

/// Letters of a token.
pub(crate) const LETTERS: usize = 6;

/// What the user says to get a reply of so many tokens.
pub(crate) fn message(tokens: usize) -> String {
    format!("tokens-{tokens}.")
}

pub(crate) fn serve() -> Anything<()> {
    pin_to(1);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let mut replies = vec![(message(1), reply(1))];
    replies.extend(REPLIES.map(|tokens| (message(tokens), reply(tokens))));
    for socket in listener.incoming() {
        let mut socket = socket?;
        let replies = replies.clone();
        std::thread::spawn(move || {
            socket.set_nodelay(true).ok();
            while let Some(request) = request(&mut socket) {
                let Some((_, reply)) = replies.iter().find(|(message, _)| request.contains(message)) else { return };
                if socket.write_all(reply).is_err() {
                    return;
                }
            }
        });
    }
    Ok(())
}

/// As OpenAI sends it, each token a piece of its own.
fn reply(tokens: usize) -> Vec<u8> {
    let mut reply =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let mut piece = |text: String| {
        reply.extend_from_slice(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes());
    };
    let chunk = |delta: &str, finish: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-BFw4cXGqcMw0lGQbXnJxmHHSKvVgB\",\"object\":\"chat.completion.chunk\",\"created\":1743594174,\
             \"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_b376dfbbd5\",\
             \"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish}}}]}}\n\n"
        )
    };
    for number in 0..tokens {
        piece(chunk(&format!("{{\"content\":\" {number:05}\"}}"), "null"));
    }
    piece(chunk("{}", "\"stop\""));
    piece("data: [DONE]\n\n".to_owned());
    reply.extend_from_slice(b"0\r\n\r\n");
    reply
}

fn request(socket: &mut TcpStream) -> Option<String> {
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&received);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            if body.len() >= length.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0) {
                return Some(text.into_owned());
            }
        }
        match socket.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => received.extend_from_slice(&buffer[..read]),
        }
    }
}
