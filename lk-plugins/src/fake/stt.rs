//! `stt/fake`: hears what it was told to hear.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use lk_plugin::{
    AlignedTranscript, AudioFrameRef, BoxFuture, EventSender, InputReceiver, LanguageCode, PluginConfig,
    RecognitionUsage, RecognizeInput, RecognizeOptions, RecognizeStream, Result, SampleRange, SpeechData, SpeechEvent,
    SpeechEventType, Stt, SttCapabilities, TimedString, boxed, lk_plugin, samples_to_duration,
};

/// What [`FakeStt`] hears, and how it tells.
#[derive(Debug, Clone, PluginConfig)]
pub struct FakeSttConfig {
    /// What is heard: one transcript an utterance, in turn, from the first again after the last.
    #[config(default = ["the quick brown fox jumps over the lazy dog", "how are you today"], length = 1..)]
    transcripts: Vec<String>,
    /// The language of the transcripts; a call's own language goes before it.
    #[config(default = "en")]
    language: LanguageCode,
    /// How many frames bring one more word of an interim transcript; 0 for no interim transcripts.
    #[config(default = 10, unit = "frames")]
    interim_every: u32,
}

/// Speech to text by script.
///
/// [`recognize`](Stt::recognize) takes the transcripts in turn over the instance's life, in the order of the calls.
/// Each [`stream`](Stt::stream) takes them in turn from the first, so that streams do not depend on each other. Audio
/// without a sample takes none.
///
/// A stream's segment lasts from its first frame to a flush or the end of the input. It gives `start_of_speech`,
/// interim transcripts that grow by a word, then `final_transcript`, `recognition_usage`, `end_of_speech`. Words share
/// the time of the segment equally.
#[derive(Debug)]
pub struct FakeStt {
    transcripts: Arc<[String]>,
    language: LanguageCode,
    interim_every: u32,
    recognized: AtomicUsize,
    requests: AtomicU64,
}

#[lk_plugin(kind = "stt", name = "fake", description = "Hears the transcripts of its config, whatever the audio")]
impl FakeStt {
    /// A speech-to-text that hears what `config` says.
    #[must_use]
    pub fn new(config: FakeSttConfig) -> Self {
        Self {
            transcripts: config.transcripts.into(),
            language: config.language,
            interim_every: config.interim_every,
            recognized: AtomicUsize::new(0),
            requests: AtomicU64::new(0),
        }
    }

    fn request(&self, options: &RecognizeOptions) -> Request {
        Request {
            id: format!("fake-{}", self.requests.fetch_add(1, Ordering::Relaxed) + 1),
            language: options.language.clone().unwrap_or_else(|| self.language.clone()),
            offset: options.start_time_offset,
        }
    }
}

impl Stt for FakeStt {
    fn capabilities(&self) -> SttCapabilities {
        let mut capabilities = SttCapabilities::default();
        capabilities.streaming = true;
        capabilities.interim_results = self.interim_every > 0;
        capabilities.aligned_transcript = AlignedTranscript::Word;
        capabilities.manual_flush = true;
        capabilities
    }

    fn model(&self) -> &str {
        "fake"
    }

    fn recognize(&self, audio: AudioFrameRef<'_>, options: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
        let heard = SampleRange { start: 0, end: audio.samples_per_channel() as u64, sample_rate: audio.sample_rate() };
        // Now and not when polled: the order of the calls decides.
        let text = match heard.samples() {
            0 => "",
            _ => in_turn(&self.transcripts, self.recognized.fetch_add(1, Ordering::Relaxed)),
        };
        let event = self.request(options).final_transcript(text, heard);
        boxed(async move { Ok(event) })
    }

    fn stream(&self, options: &RecognizeOptions) -> Result<RecognizeStream> {
        let request = self.request(options);
        let (transcripts, interim_every) = (Arc::clone(&self.transcripts), self.interim_every);
        Ok(RecognizeStream::from_fn(move |input, events| {
            transcribe(request, transcripts, interim_every, input, events)
        }))
    }
}

/// What all events of one call share.
struct Request {
    id: String,
    language: LanguageCode,
    offset: Duration,
}

impl Request {
    fn event(&self, mut event: SpeechEvent) -> SpeechEvent {
        event.request_id = self.id.clone();
        event
    }

    fn final_transcript(&self, text: &str, heard: SampleRange) -> SpeechEvent {
        self.event(SpeechEvent::final_transcript(self.data(text, heard).with_confidence(1.0)))
    }

    fn data(&self, text: &str, heard: SampleRange) -> SpeechData {
        let words: Vec<&str> = text.split_whitespace().collect();
        let time = |word: usize| {
            let share = heard.samples().saturating_mul(word as u64) / words.len().max(1) as u64;
            self.offset.saturating_add(samples_to_duration(heard.start + share, heard.sample_rate))
        };
        let mut data = SpeechData::new(self.language.as_str(), text)
            .with_times(self.offset.saturating_add(heard.start_time()), self.offset.saturating_add(heard.end_time()));
        let timed = |(index, word): (usize, &&str)| TimedString::new(*word).with_times(time(index), time(index + 1));
        data.words = words.iter().enumerate().map(timed).collect();
        data
    }
}

fn in_turn(transcripts: &[String], turn: usize) -> &str {
    // The config refuses an empty list.
    transcripts.get(turn % transcripts.len().max(1)).map_or("", String::as_str)
}

struct Segment {
    heard: SampleRange,
    frames: u64,
    words: usize,
}

async fn transcribe(
    request: Request,
    transcripts: Arc<[String]>,
    interim_every: u32,
    mut input: InputReceiver<RecognizeInput>,
    mut events: EventSender<SpeechEvent>,
) -> Result<()> {
    let (mut position, mut turn) = (0, 0);
    let mut open: Option<Segment> = None;
    loop {
        let text = in_turn(&transcripts, turn);
        match input.next().await {
            Some(RecognizeInput::Frame(frame)) if frame.samples().is_empty() => {}
            Some(RecognizeInput::Frame(frame)) => {
                let sample_rate = frame.sample_rate();
                if open.is_none() {
                    events.send(request.event(SpeechEvent::new(SpeechEventType::StartOfSpeech))).await?;
                }
                let heard = SampleRange { start: position, end: position, sample_rate };
                let segment = open.get_or_insert(Segment { heard, frames: 0, words: 0 });
                position += frame.samples_per_channel() as u64;
                segment.heard.end = position;
                segment.frames += 1;
                let due = interim_every > 0 && segment.frames.is_multiple_of(interim_every.into());
                if due && segment.words < text.split_whitespace().count() {
                    segment.words += 1;
                    let words: Vec<&str> = text.split_whitespace().take(segment.words).collect();
                    let data = request.data(&words.join(" "), segment.heard).with_confidence(0.5);
                    events.send(request.event(SpeechEvent::interim_transcript(data))).await?;
                }
            }
            flush_or_end => {
                if let Some(Segment { heard, .. }) = open.take() {
                    let usage = RecognitionUsage::of_audio(heard.duration());
                    events.send(request.final_transcript(text, heard)).await?;
                    events.send(request.event(SpeechEvent::usage(usage))).await?;
                    events.send(request.event(SpeechEvent::new(SpeechEventType::EndOfSpeech))).await?;
                    turn += 1;
                }
                if flush_or_end.is_none() {
                    return Ok(());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lk_plugin::{AudioFrame, Config, ErrorKind};
    use pollster::block_on;

    use super::*;

    fn fake(json: &str) -> Result<FakeStt> {
        Ok(FakeStt::new(FakeSttConfig::from_config(&Config::from_json(json)?)?))
    }

    /// 20 ms.
    fn frame() -> Result<AudioFrame> {
        AudioFrame::new(vec![0; 320], 16_000, 1)
    }

    fn told(events: &[SpeechEvent]) -> Vec<(&str, &str)> {
        events.iter().map(|event| (event.event_type.as_str(), event.text())).collect()
    }

    #[test]
    fn recognize_cycles_and_covers_the_audio() -> Result<()> {
        let stt = fake(r#"{"transcripts": ["one two", "three"]}"#)?;
        let options = RecognizeOptions::default();
        let second = AudioFrame::new(vec![0; 32_000], 16_000, 2)?;
        // The order of the calls counts, not that of the polls.
        let calls = ["fake-1", "fake-2", "fake-3"].map(|id| (id, stt.recognize(second.as_ref(), &options)));
        let mut texts = Vec::new();
        for (id, call) in calls.into_iter().rev() {
            let event = block_on(call)?;
            assert_eq!((event.event_type, event.request_id.as_str()), (SpeechEventType::FinalTranscript, id));
            let data = &event.alternatives[0];
            assert_eq!((data.start_time, data.end_time), (Duration::ZERO, Duration::from_secs(1)));
            assert_eq!((data.confidence, data.language.as_str()), (1.0, "en"));
            texts.push(event.text().to_owned());
        }
        assert_eq!(texts, ["one two", "three", "one two"]);
        let nothing = AudioFrame::new(Vec::new(), 16_000, 1)?;
        assert_eq!(block_on(stt.recognize(nothing.as_ref(), &options))?.text(), "");
        assert_eq!(block_on(stt.recognize(second.as_ref(), &options))?.text(), "three");
        Ok(())
    }

    #[test]
    fn options_hold_for_that_call_alone() -> Result<()> {
        let stt = fake(r#"{"language": "english", "transcripts": ["one two"]}"#)?;
        let offset = Duration::from_secs(60);
        let options = RecognizeOptions::default().with_language("de_at").with_start_time_offset(offset);
        let events = block_on(stt.stream(&options)?.feed(vec![frame()?; 10]).collect())?;
        let transcripts: Vec<&SpeechData> = events.iter().flat_map(|event| &event.alternatives).collect();
        assert_eq!(transcripts.len(), 2);
        for data in transcripts {
            assert_eq!((data.language.as_str(), data.start_time), ("de-AT", offset));
            assert_eq!(data.end_time, offset + Duration::from_millis(200));
        }
        let times: Vec<_> =
            events[2].alternatives[0].words.iter().map(|word| (word.start_time, word.end_time)).collect();
        let at = |millis| Some(offset + Duration::from_millis(millis));
        assert_eq!(times, [(at(0), at(100)), (at(100), at(200))]);
        let other = block_on(stt.recognize(frame()?.as_ref(), &RecognizeOptions::default()))?;
        assert_eq!((other.alternatives[0].language.as_str(), other.alternatives[0].start_time), ("en", Duration::ZERO));
        Ok(())
    }

    #[test]
    fn segments_tell_everything_in_order() -> Result<()> {
        let stt = fake(r#"{"transcripts": ["one  two", "three"], "interim_every": 2}"#)?;
        let RecognizeStream { mut input, events, .. } = stt.stream(&RecognizeOptions::default())?;
        let events = block_on(async {
            // A flush without audio, and audio without a sample, are no segment.
            input.flush().await?;
            input.push_frame(AudioFrame::new(Vec::new(), 16_000, 1)?).await?;
            for frames in [7, 1, 0] {
                for _ in 0..frames {
                    input.push_frame(frame()?).await?;
                }
                input.flush().await?;
            }
            input.push_frame(frame()?).await?;
            drop(input);
            events.collect().await
        })?;
        let after = |text| [("final_transcript", text), ("recognition_usage", ""), ("end_of_speech", "")];
        let mut wanted =
            vec![("start_of_speech", ""), ("interim_transcript", "one"), ("interim_transcript", "one two")];
        wanted.extend(after("one  two"));
        for text in ["three", "one  two"] {
            wanted.push(("start_of_speech", ""));
            wanted.extend(after(text));
        }
        assert_eq!(told(&events), wanted);
        let usages = events.iter().filter_map(|event| event.recognition_usage);
        assert_eq!(usages.map(|usage| usage.audio_duration.as_millis()).collect::<Vec<_>>(), [140, 20, 20]);
        let last = &events[events.len() - 3].alternatives[0];
        assert_eq!((last.start_time.as_millis(), last.end_time.as_millis()), (160, 180));
        assert!(events.iter().all(|event| event.request_id == "fake-1"));
        Ok(())
    }

    #[test]
    fn streams_are_the_same_each_time() -> Result<()> {
        let stt = fake(r#"{"interim_every": 1}"#)?;
        let run = || block_on(stt.stream(&RecognizeOptions::default())?.feed(vec![frame()?; 200]).collect());
        let (one, two) = (run()?, run()?);
        assert_eq!(told(&one), told(&two));
        assert_eq!(one.len(), 1 + 9 + 3);
        let silent = fake(r#"{"interim_every": 0}"#)?;
        assert!(!silent.capabilities().interim_results);
        let none = block_on(silent.stream(&RecognizeOptions::default())?.feed(Vec::new()).collect())?;
        assert!(none.is_empty());
        Ok(())
    }

    #[test]
    fn dropping_the_events_closes_the_input() -> Result<()> {
        let RecognizeStream { mut input, events, .. } = fake("{}")?.stream(&RecognizeOptions::default())?;
        drop(events);
        let error = block_on(input.push_frame(frame()?)).err();
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Closed));
        Ok(())
    }

    #[test]
    fn no_transcripts_are_refused() {
        let error = fake(r#"{"transcripts": []}"#).err().map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some("`transcripts` must have at least 1 item, but has 0")
        );
    }
}
