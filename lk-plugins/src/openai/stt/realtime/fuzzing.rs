//! Messages of a session, in any order: a part of the fuzz target `transcript`.

use lk_plugin::SpeechEventType;
use tokio::time::Instant;

use super::super::Call;
use super::conversation::{Conversation, Told};
use super::protocol::Message;

/// Half a second of audio goes out before each line; a line `commit` ends a segment, `end` the audio, `again` the session.
pub(in crate::openai) fn messages(data: &[u8], call: Call) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut told = Told::new(call);
    let (mut sent, mut speaking, mut ended) = (0, false, false);
    let now = Instant::now();
    for (index, session) in text.split("\nagain\n").enumerate() {
        let mut conversation = Conversation::new(&mut told, sent, index % 2 == 0);
        let mut events = Vec::new();
        for line in session.lines() {
            sent += 12_000;
            match line {
                "commit" if conversation.is_worth_a_commit(sent) => conversation.committed(sent, now),
                "end" => {
                    ended = true;
                    conversation.all_sent(now);
                }
                _ => {
                    let Ok(message) = serde_json::from_str::<Message>(line) else { continue };
                    match conversation.apply(message, now, (ended, sent, sent)) {
                        Ok(new) => events.extend(new),
                        Err(_) => break,
                    }
                }
            }
            events.extend(conversation.interim(now));
            assert!(conversation.releasable(sent) <= sent);
            assert!(!conversation.is_quiet() || conversation.is_settled());
        }
        events.extend(conversation.silence_at_last(sent));
        for event in events {
            match event.event_type {
                SpeechEventType::StartOfSpeech => assert!(!std::mem::replace(&mut speaking, true)),
                SpeechEventType::EndOfSpeech => assert!(std::mem::replace(&mut speaking, false)),
                SpeechEventType::FinalTranscript => {
                    assert!(event.alternatives.iter().all(|said| said.start_time <= said.end_time), "{event:?}");
                }
                _ => {}
            }
        }
        assert!(!speaking);
    }
}
