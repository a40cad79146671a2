//! What a transcription's answer says: text, language, times, confidence, usage.

use std::time::Duration;

use lk_plugin::{RecognitionUsage, SpeechData, TimedString};
use serde::Deserialize;

use super::Call;

/// The answer of a transcription, `json` or `verbose_json`. Anything but the text may be missing or null.
#[derive(Debug, Deserialize)]
pub(super) struct Transcription {
    text: Option<String>,
    language: Option<String>,
    duration: Option<f64>,
    words: Option<Vec<Word>>,
    segments: Option<Vec<Segment>>,
    usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
struct Word {
    word: Option<String>,
    start: Option<f64>,
    end: Option<f64>,
    probability: Option<f32>,
}

#[derive(Debug, Deserialize)]
struct Segment {
    text: Option<String>,
    start: Option<f64>,
    end: Option<f64>,
    avg_logprob: Option<f64>,
    // Some servers have the words in here.
    words: Option<Vec<Word>>,
}

/// What the provider charges for: tokens or seconds, whichever the model is sold by.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Usage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    seconds: Option<f64>,
}

impl Usage {
    /// With the audio's own duration where the provider does not tell one.
    pub(super) fn of(usage: Option<&Self>, audio: Duration) -> RecognitionUsage {
        let mut told = RecognitionUsage::of_audio(usage.and_then(|usage| seconds(usage.seconds)).unwrap_or(audio));
        told.input_tokens = usage.and_then(|usage| usage.input_tokens).unwrap_or(0);
        told.output_tokens = usage.and_then(|usage| usage.output_tokens).unwrap_or(0);
        told
    }
}

impl Transcription {
    /// Whether it is one: some servers send their errors with status 200.
    pub(super) fn has_text(&self) -> bool {
        self.text.is_some()
    }

    pub(super) fn usage(&self, audio: Duration) -> RecognitionUsage {
        Usage::of(self.usage.as_ref(), seconds(self.duration).unwrap_or(audio))
    }

    /// The transcript, with times from the start of the conversation, at which the audio began at `offset`.
    pub(super) fn into_data(self, call: &Call, offset: Duration) -> SpeechData {
        let mut segments = self.segments.unwrap_or_default();
        let mut words = self.words.unwrap_or_default();
        if words.is_empty() {
            words = segments.iter_mut().filter_map(|segment| segment.words.take()).flatten().collect();
        }
        let mut data = SpeechData::new(call.language(self.language.as_deref()).as_str(), self.text.unwrap_or_default().trim());
        data.confidence = confidence(&segments);
        let mut timed: Vec<TimedString> = if words.is_empty() {
            segments.iter().map(|segment| piece(segment.text.as_deref(), segment.start, segment.end, None, offset)).collect()
        } else {
            words.iter().map(|word| piece(word.word.as_deref(), word.start, word.end, word.probability, offset)).collect()
        };
        timed.retain(|piece| !piece.text.is_empty());
        let starts = timed.iter().filter_map(|piece| piece.start_time);
        let ends = timed.iter().filter_map(|piece| piece.end_time);
        data.start_time = starts.min().unwrap_or(offset);
        data.end_time = ends.max().unwrap_or_default();
        data.words = timed;
        data
    }
}

fn piece(text: Option<&str>, start: Option<f64>, end: Option<f64>, confidence: Option<f32>, offset: Duration) -> TimedString {
    let mut piece = TimedString::new(text.unwrap_or_default().trim());
    piece.start_time = seconds(start).map(|time| time.saturating_add(offset));
    piece.end_time = seconds(end).map(|time| time.saturating_add(offset));
    piece.confidence = confidence.filter(|confidence| (0.0..=1.0).contains(confidence));
    piece.start_time_offset = Some(offset);
    piece
}

/// The model's own probability of its words, averaged over the segments by their length; 0 when it tells none. (Some
/// servers fill in a 0, which would be certainty.)
fn confidence(segments: &[Segment]) -> f32 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for segment in segments {
        let length = segment.end.unwrap_or(0.0) - segment.start.unwrap_or(0.0);
        if let Some(logprob) = segment.avg_logprob.filter(|logprob| logprob.is_finite() && *logprob < 0.0) {
            let length = if length.is_finite() { length.max(0.001) } else { 0.001 };
            sum += logprob * length;
            weight += length;
        }
    }
    if weight > 0.0 { (sum / weight).exp().clamp(0.0, 1.0) as f32 } else { 0.0 }
}

/// A time that a server tells; nonsense is as none.
pub(super) fn seconds(seconds: Option<f64>) -> Option<Duration> {
    seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}
