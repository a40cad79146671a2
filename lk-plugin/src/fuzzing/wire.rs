//! What crosses a boundary as JSON: errors and conversations.

use std::time::Duration;

use crate::{ChatContext, Error, WireError};

/// An error that came from elsewhere is the same after any number of further borders, and its chain is bounded. So is a
/// conversation, whose operations keep what they promise.
pub fn wire(data: &[u8]) {
    if let Ok(wire) = serde_json::from_slice::<WireError>(data) {
        let error = Error::from(wire);
        assert!(error.chain().len() <= 16);
        assert!(error.body().is_none_or(|body| body.len() <= crate::MAX_BODY_BYTES));
        // What is of a later version has been told in the chain: from here on nothing changes.
        let once = WireError::from(&error);
        assert_eq!(WireError::from(&Error::from(once.clone())), once);
        assert!(
            format!("{error} {error:?} {}", error.in_full()).contains(error.message()) || error.message().is_empty()
        );
    }
    let Ok(context) =
        std::str::from_utf8(data).map_err(drop).and_then(|json| ChatContext::from_json(json).map_err(drop))
    else {
        return;
    };
    let again = ChatContext::from_json(&context.to_json());
    // Beyond these a double has no more whole microseconds.
    let is_exact = context.items.iter().all(|item| item.created_at() < Duration::from_secs(1 << 32));
    assert!(!is_exact || again.as_ref().is_ok_and(|again| *again == context), "{again:?} is not {context:?}");
    assert!(again.is_ok_and(|again| again.is_equivalent(&context)));
    let mut merged = ChatContext::new();
    merged.merge(&context);
    assert!(context.items.iter().all(|item| merged.get(item.id()).is_some()));
    assert!(merged.items.len() <= context.items.len());
    let mut short = context.clone();
    short.truncate(data.len() % 4);
    assert!(short.items.len() <= context.items.len().min(data.len() % 4 + 1));
}
