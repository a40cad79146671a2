//! Transcripts and messages of servers: the fuzz target `transcript`.

use std::sync::Arc;
use std::time::Duration;

use lk_plugin::{Config, PluginConfig as _, RecognizeOptions};

use super::transcript::Transcription;
use super::{Call, Listening, OpenAiSttConfig, realtime};

/// The first byte tells what follows: `t` the answer of a transcription, `m` the messages of a session, one a line.
///
/// What a server tells of itself never leads out of the contract: confidences are probabilities, no word is empty, and of a
/// session's events those about speech come by turns.
pub fn transcript(data: &[u8]) {
    let Some((which, data)) = data.split_first() else { return };
    let mut config = Config::new();
    config.insert("api_key", "none");
    let listening = OpenAiSttConfig::from_config(&config).and_then(Listening::new);
    let listening = listening.unwrap_or_else(|error| unreachable!("{error}"));
    let call = Call::new(&Arc::new(listening), &RecognizeOptions::default());
    match which {
        b't' => answer(data, &call),
        b'm' => realtime::messages(data, call),
        _ => {}
    }
}

fn answer(json: &[u8], call: &Call) {
    let Ok(transcription) = serde_json::from_slice::<Transcription>(json) else { return };
    let (offset, audio) = (Duration::from_secs(3), Duration::from_secs(5));
    let usage = transcription.usage(audio);
    assert!(usage.audio_duration >= Duration::ZERO);
    let has_text = transcription.has_text();
    let data = transcription.into_data(call, offset);
    assert!(has_text || data.text.is_empty());
    assert!((0.0..=1.0).contains(&data.confidence));
    assert_eq!(data.text, data.text.trim());
    for word in &data.words {
        assert!(!word.text.is_empty() && word.text == word.text.trim());
        assert!(word.start_time.is_none_or(|time| time >= offset) && word.end_time.is_none_or(|time| time >= offset));
        assert!(word.confidence.is_none_or(|confidence| (0.0..=1.0).contains(&confidence)));
    }
}
