//! Answers of servers, cut anywhere: the fuzz target `chat`.

use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use lk_plugin::{ChatChunk, Config, ConnectOptions, PluginConfig as _};

use super::OpenAiLlmConfig;
use super::assembler::{Assembler, Progress};
use super::stream::at_hand;
use crate::fuzzing::pieces;
use crate::openai::client::Answer;
use crate::openai::connection::ConnectionConfig;
use crate::openai::endpoint::Endpoint;
use crate::openai::failure::Failure;
use crate::openai::patience::Patience;
use crate::openai::pump::Batches;
use crate::openai::sse::SseReader;

const KEY: &str = "sk-5ecre7-5ecre7";

/// A byte of options, one of a seed, and the body of an answer.
///
/// However the body is cut, the chunks are the same, and so is the error. No error has the key in it, nor in its message
/// what steers a terminal. A call of a tool has arguments that are a JSON object.
pub fn chat(data: &[u8]) {
    let Some(([options, seed], body)) = data.split_first_chunk::<2>() else { return };
    let strip_thinking = options & 1 == 1;
    let limit = if options & 2 == 2 { 64 } else { 1 << 20 };
    let whole = read([body].into_iter(), strip_thinking, limit);
    let longest = if options & 4 == 4 { 3 } else { 40 };
    let cut = read(pieces((*seed).into(), body, longest), strip_thinking, limit);
    assert_eq!(whole, cut);
    assert!(!whole.1.unwrap_or_default().contains(KEY));
    for call in whole.0.iter().filter_map(|chunk| chunk.delta.as_ref()).flat_map(|delta| &delta.tool_calls) {
        let arguments = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&call.arguments);
        assert!(arguments.is_ok() && !call.call_id.is_empty(), "{call:?}");
    }
}

/// The chunks of these pieces, and the error at their end.
fn read<'p>(pieces: impl Iterator<Item = &'p [u8]>, strip: bool, limit: usize) -> (Vec<ChatChunk>, Option<String>) {
    // Ids that are made up are made up the same.
    fastrand::seed(0);
    let (connection, endpoint) = endpoint();
    let patience = Patience::new(connection, &ConnectOptions::default());
    let limit = NonZeroUsize::MIN.saturating_add(limit - 1);
    let mut events = SseReader::new(Answer::empty(Arc::clone(endpoint), patience), limit);
    let (mut assembler, mut chunks) = (Assembler::new(Arc::clone(endpoint), strip), Batches::kept());
    let mut outcome = None;
    for piece in pieces.map(Some).chain([None]) {
        events.take(piece.map(Bytes::copy_from_slice));
        outcome = loop {
            match at_hand(&mut events, &mut assembler, &mut chunks) {
                Ok(Some(Progress::More)) => {}
                Ok(Some(Progress::Done)) => break Some(assembler.finish(true, &mut chunks)),
                Ok(None) => break None,
                Err(failure) => break Some(Err(failure)),
            }
        };
        if outcome.is_some() {
            break;
        }
    }
    let outcome = outcome.unwrap_or_else(|| assembler.finish(false, &mut chunks));
    let told = |Failure { error, .. }: Failure| {
        let message = error.message();
        assert!(!message.contains(char::is_control) && message.len() < 4_000, "{message:?}");
        format!("{} {error:?}", error.in_full())
    };
    (chunks.into_items(), outcome.err().map(told))
}

fn endpoint() -> &'static (ConnectionConfig, Arc<Endpoint>) {
    static ENDPOINT: OnceLock<(ConnectionConfig, Arc<Endpoint>)> = OnceLock::new();
    ENDPOINT.get_or_init(|| {
        let mut config = Config::new();
        config.insert("api_key", KEY);
        let made = OpenAiLlmConfig::from_config(&config).and_then(|config| {
            let connection = config.connection();
            let endpoint = Endpoint::new(&connection, |_| None)?;
            Ok((connection, Arc::new(endpoint)))
        });
        made.unwrap_or_else(|error| unreachable!("{error}"))
    })
}
