//! Puts the pieces of tool calls together: per index, per id, or without either.

use lk_plugin::FunctionToolCall;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::wire::{CallPiece, FunctionPiece};

/// The calls of one answer that are not whole yet, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<PendingCall>,
}

#[derive(Debug, Default)]
struct PendingCall {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
    extra: Option<String>,
}

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Takes a piece to the call that it belongs to.
    pub(super) fn push(&mut self, piece: &CallPiece<'_>) {
        let nothing = FunctionPiece::default();
        let function = piece.function.as_ref().unwrap_or(&nothing);
        let place = self.place(piece.index, &piece.id.0, &function.name.0);
        let Some(call) = self.calls.get_mut(place) else { return };
        if call.id.is_empty() {
            call.id.push_str(&piece.id.0);
        }
        if call.name.is_empty() {
            call.name.push_str(&function.name.0);
        }
        if let Some(arguments) = function.arguments {
            call.add_arguments(arguments);
        }
        if let Some(extra) = piece.extra_content.filter(|extra| extra.get() != "null") {
            call.extra = Some(format!(r#"{{"extra_content":{}}}"#, extra.get()));
        }
    }

    /// Takes a piece of the older form, of which there is only ever one.
    pub(super) fn push_function(&mut self, function: FunctionPiece<'_>) {
        self.push(&CallPiece { index: Some(0), function: Some(function), ..CallPiece::default() });
    }

    /// The call that a piece belongs to; a new one when it begins one.
    fn place(&mut self, index: Option<u64>, id: &str, name: &str) -> usize {
        let known = if id.is_empty() { None } else { self.calls.iter().position(|call| call.id == id) };
        if let Some(known) = known {
            return known;
        }
        let same_index = match index {
            Some(_) => self.calls.iter().rposition(|call| call.index == index),
            // Without an index a piece that begins nothing continues the last call.
            None => self.calls.len().checked_sub(1),
        };
        if let Some(place) = same_index {
            let call = &self.calls[place];
            let continues = if id.is_empty() {
                // Some servers repeat the name; another name, or any after whole arguments, is another call.
                name.is_empty() || call.name.is_empty() || (call.name == name && !call.is_whole())
            } else {
                // A new id is a new call. Some servers make up a new id for each piece, though, which then has no name.
                call.id.is_empty() && call.arguments.is_empty() || name.is_empty()
            };
            if continues {
                return place;
            }
        }
        self.calls.push(PendingCall { index, ..PendingCall::default() });
        self.calls.len() - 1
    }

    /// All calls.
    ///
    /// # Errors
    ///
    /// The name of the first whose arguments are no JSON object.
    pub(super) fn take(&mut self) -> Result<Vec<FunctionToolCall>, String> {
        if let Some(broken) = self.calls.iter().find(|call| !call.is_whole() && !call.is_empty()) {
            return Err(broken.name.clone());
        }
        Ok(std::mem::take(&mut self.calls).into_iter().map(PendingCall::finish).collect())
    }
}

impl PendingCall {
    fn add_arguments(&mut self, arguments: &RawValue) {
        let raw = arguments.get();
        match serde_json::from_str::<Option<std::borrow::Cow<'_, str>>>(raw) {
            Ok(text) => self.arguments.push_str(&text.unwrap_or_default()),
            // Not text, so it is the object itself.
            Err(_) => self.arguments.push_str(raw),
        }
    }

    /// Whether the arguments are a JSON object with nothing missing.
    fn is_whole(&self) -> bool {
        let arguments = self.arguments.trim();
        // The end is looked at first: asked with each piece, the reading of all that came would add up.
        arguments.ends_with('}') && arguments.starts_with('{') && serde_json::from_str::<IgnoredAny>(arguments).is_ok()
    }

    /// No arguments, as many servers say it for a tool that takes none.
    fn is_empty(&self) -> bool {
        matches!(self.arguments.trim(), "" | "null")
    }

    fn finish(self) -> FunctionToolCall {
        let arguments = if self.is_empty() { "{}".to_owned() } else { self.arguments };
        let id = if self.id.is_empty() { made_up_id() } else { self.id };
        let mut call = FunctionToolCall::new(id, self.name, arguments);
        call.extra = self.extra;
        call
    }
}

/// For a call that came without one: the output must name something.
fn made_up_id() -> String {
    let letters = std::iter::repeat_with(fastrand::alphanumeric).take(24);
    std::iter::once("call_".to_owned()).chain(letters.map(String::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces as JSON; the calls as `id name arguments`.
    fn assembled(pieces: &[&str]) -> Result<Vec<String>, String> {
        let mut calls = Calls::default();
        for piece in pieces {
            calls.push(&serde_json::from_str(piece).map_err(|error| error.to_string())?);
        }
        let text = |call: FunctionToolCall| {
            let id = if call.call_id.len() == 29 { "made-up" } else { &call.call_id };
            format!("{id} {} {}", call.name, call.arguments)
        };
        Ok(calls.take()?.into_iter().map(text).collect())
    }

    #[test]
    fn pieces_find_their_call() {
        let cases: &[(&[&str], &[&str])] = &[
            // Interleaved by index.
            (
                &[
                    r#"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
                    r#"{"index":1,"id":"b","function":{"name":"g","arguments":""}}"#,
                    r#"{"index":0,"function":{"arguments":"{\"x\":"}}"#,
                    r#"{"index":1,"function":{"arguments":"{\"y\":2"}}"#,
                    r#"{"index":0,"function":{"arguments":"1}"}}"#,
                    r#"{"index":1,"function":{"arguments":"}"}}"#,
                ],
                &[r#"a f {"x":1}"#, r#"b g {"y":2}"#],
            ),
            // One index, two ids.
            (
                &[
                    r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#,
                    r#"{"index":0,"id":"b","function":{"name":"f","arguments":"{\"y\""}}"#,
                    r#"{"index":0,"function":{"arguments":":1}"}}"#,
                ],
                &["a f {}", r#"b f {"y":1}"#],
            ),
            // A new id for each piece, and the same id in each piece.
            (
                &[
                    r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}"#,
                    r#"{"index":0,"id":"b","function":{"name":null,"arguments":"}"}}"#,
                ],
                &["a f {}"],
            ),
            (
                &[
                    r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}"#,
                    r#"{"id":"a","function":{"name":"f","arguments":"}"}}"#,
                ],
                &["a f {}"],
            ),
            // No ids; no ids and no indexes; a name that is repeated.
            (
                &[
                    r#"{"index":0,"function":{"name":"f","arguments":"{}"}}"#,
                    r#"{"index":1,"id":null,"function":{"name":"f"}}"#,
                    r#"{"index":1,"id":"","function":{"name":"f","arguments":"{}"}}"#,
                ],
                &["made-up f {}", "made-up f {}"],
            ),
            (
                &[
                    r#"{"function":{"name":"f","arguments":{"x":1}}}"#,
                    r#"{"function":{"name":"g","arguments":null}}"#,
                ],
                &[r#"made-up f {"x":1}"#, "made-up g {}"],
            ),
        ];
        for (pieces, wanted) in cases {
            let wanted: Vec<String> = wanted.iter().map(|&call| call.to_owned()).collect();
            assert_eq!(assembled(pieces), Ok(wanted), "{pieces:?}");
        }
    }

    #[test]
    fn a_call_that_is_cut_off_is_named() {
        assert_eq!(assembled(&[r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}"#]), Err("f".into()));
        assert_eq!(assembled(&[r#"{"index":0,"id":"a","function":{"name":"f","arguments":"[]"}}"#]), Err("f".into()));
    }
}
