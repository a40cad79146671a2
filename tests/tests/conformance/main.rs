//! The conformance kit: what keeps the contract passes, and each planted defect is found by the check that is there for it.

use std::sync::Arc;
use std::time::Duration;

use lk_plugin::conformance::{Report, Verdict, check, check_linked};
use lk_plugin::{
    AudioFrame, AudioFrameRef, BoxFuture, ChatChunk, ChatContext, ChatOptions, ChunkedStream, Config, Error,
    EventStream, FunctionToolCall, Llm, LlmCapabilities, LlmStream, Plugin, RecognizeInput, RecognizeOptions,
    RecognizeStream, Result, SampleRange, SpeechData, SpeechEvent, Stt, SttCapabilities, SynthesizeOptions,
    SynthesizedAudio, Tts, TtsCapabilities, Vad, VadCapabilities, VadEvent, VadEventType, VadStream, boxed,
};

use lk_plugins as _;

mod secrets;

fn ensure_clean(report: &Report) {
    assert!(report.is_clean(), "{report}");
    let skipped: Vec<_> =
        report.outcomes.iter().filter(|outcome| matches!(outcome.verdict, Verdict::Skipped(_))).collect();
    assert!(skipped.len() < report.outcomes.len() / 2, "{}: nearly everything was skipped: {skipped:?}", report.plugin);
}

#[test]
fn the_fakes_keep_the_contract() -> Result<()> {
    for plugin in ["llm/fake", "stt/fake", "tts/fake", "vad/fake"] {
        ensure_clean(&check_linked(plugin, &Config::new())?);
    }
    Ok(())
}

#[test]
fn silero_keeps_the_contract() -> Result<()> {
    ensure_clean(&check_linked("vad/silero", &Config::new())?);
    Ok(())
}

#[test]
fn an_unknown_plugin_is_told() {
    let error = check_linked("vad/sliero", &Config::new()).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("did you mean `silero`?"), "{error}");
    assert!(check_linked("silero", &Config::new()).is_err());
}

/// That just this check finds something, and perhaps some that a defect cannot help but break with it.
fn assert_caught<const N: usize>(report: &Report, checks: [&str; N]) {
    let found: Vec<&str> = report.findings().map(|outcome| outcome.check).collect();
    assert!(found.contains(&checks[0]), "{} was not found: {report}", checks[0]);
    // Those made by hand here have neither config keys nor packages.
    let common = ["is-described", "unknown-key-is-refused"];
    let others: Vec<_> = found.iter().filter(|check| !checks.contains(check) && !common.contains(check)).collect();
    assert!(others.is_empty(), "{others:?} were found too: {report}");
}

/// What is wrong with a plugin.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Defect {
    VadStartsTwice,
    VadHearsSilence,
    VadProbabilityIsNan,
    VadForgetsToClose,
    VadTakesInputAfterEnd,
    VadPanicsOnEmptyFrame,
    VadSharesState,
    SttHasNoAlternative,
    SttLanguageSticks,
    SttConfidenceBeyondOne,
    SttUndeclaredInterim,
    SttHoldsBackUntilEnd,
    SttStreamsNever,
    TtsNoFinalFrame,
    TtsOtherRate,
    TtsIdsChange,
    LlmCallWithoutId,
    LlmArgumentsCut,
    LlmUsageTwice,
    LlmIgnoresChoice,
    LlmDiesWithInstance,
}

use Defect::*;

// --- Speech to text ---

struct BadStt(Defect, std::sync::Mutex<String>);

impl Stt for BadStt {
    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities::default().with_streaming(true)
    }

    fn recognize(&self, _: AudioFrameRef<'_>, options: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
        let mut language = "en".to_owned();
        if self.0 == SttLanguageSticks {
            let mut kept = self.1.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some(given) = &options.language {
                *kept = given.as_str().to_owned();
            }
            language = kept.clone();
        }
        let mut event = SpeechEvent::final_transcript(self.data(&language));
        if self.0 == SttHasNoAlternative {
            event.alternatives.clear();
        }
        boxed(async move { Ok(event) })
    }

    fn stream(&self, _: &RecognizeOptions) -> Result<RecognizeStream> {
        if self.0 == SttStreamsNever {
            return Err(Error::unsupported("it does not"));
        }
        let (defect, data) = (self.0, self.data("en"));
        Ok(RecognizeStream::from_fn(move |mut input, mut events| async move {
            let mut heard = false;
            while let Some(item) = input.next().await {
                match item {
                    RecognizeInput::Flush if defect == SttHoldsBackUntilEnd => {}
                    RecognizeInput::Flush => {
                        events.send(SpeechEvent::final_transcript(data.clone())).await?;
                        heard = false;
                    }
                    _ => {
                        if !heard && defect == SttUndeclaredInterim {
                            events.send(SpeechEvent::interim_transcript(data.clone())).await?;
                        }
                        heard = true;
                    }
                }
            }
            if heard { events.send(SpeechEvent::final_transcript(data)).await } else { Ok(()) }
        }))
    }
}

impl BadStt {
    fn data(&self, language: &str) -> SpeechData {
        SpeechData::new(language, "hello").with_confidence(if self.0 == SttConfidenceBeyondOne { 93.0 } else { 0.93 })
    }
}

// --- Text to speech ---

struct BadTts(Defect);

impl Tts for BadTts {
    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities::default()
    }

    fn sample_rate(&self) -> u32 {
        24_000
    }

    fn channels(&self) -> u16 {
        1
    }

    fn synthesize(&self, text: &str, _: &SynthesizeOptions) -> Result<ChunkedStream> {
        let (defect, blank) = (self.0, text.trim().is_empty());
        Ok(EventStream::from_fn(move |mut audio| async move {
            if blank {
                return Ok(());
            }
            for index in 0..3 {
                let rate = if defect == TtsOtherRate { 22_050 } else { 24_000 };
                let id = if defect == TtsIdsChange { format!("r{index}") } else { "r".to_owned() };
                let piece = SynthesizedAudio::new(AudioFrame::new(vec![0; 480], rate, 1)?, id);
                audio.send(piece.with_final(index == 2 && defect != TtsNoFinalFrame)).await?;
            }
            Ok(())
        }))
    }
}

// --- Language models ---

struct BadLlm(Defect, Arc<()>);

impl Llm for BadLlm {
    fn capabilities(&self) -> LlmCapabilities {
        LlmCapabilities::default()
    }

    fn chat(&self, _: &ChatContext, options: &ChatOptions) -> Result<LlmStream> {
        if options.response_schema.is_some() {
            return Err(Error::unsupported("it follows no schema"));
        }
        let (defect, alive) = (self.0, Arc::downgrade(&self.1));
        let forbidden = options.tool_choice == Some(lk_plugin::ToolChoice::None) && defect != LlmIgnoresChoice;
        let calls = !options.tools.is_empty() && !forbidden;
        Ok(EventStream::from_fn(move |mut chunks| async move {
            if defect == LlmDiesWithInstance && alive.upgrade().is_none() {
                return Ok(());
            }
            if calls {
                let id = if defect == LlmCallWithoutId { "" } else { "call_1" };
                let arguments = if defect == LlmArgumentsCut { r#"{"city": "Par"# } else { r#"{"city": "Paris"}"# };
                return chunks
                    .send(ChatChunk::tool_calls("1", vec![FunctionToolCall::new(id, "get_weather", arguments)]))
                    .await;
            }
            chunks.send(ChatChunk::text("1", "hello")).await?;
            for _ in 0..if defect == LlmUsageTwice { 2 } else { 1 } {
                chunks.send(ChatChunk::usage("1", lk_plugin::CompletionUsage::new(3, 1))).await?;
            }
            Ok(())
        }))
    }
}

// --- Voice activity detection ---

struct BadVad(Defect, Arc<std::sync::atomic::AtomicU64>);

impl Vad for BadVad {
    fn capabilities(&self) -> VadCapabilities {
        VadCapabilities::new(Duration::from_millis(10))
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        Ok(Box::new(BadStream { defect: self.0, shared: Arc::clone(&self.1), ..BadStream::new() }))
    }
}

/// Speech is where the loudness of 10 ms is above a threshold, with a second of patience.
struct BadStream {
    defect: Defect,
    shared: Arc<std::sync::atomic::AtomicU64>,
    format: Option<(u32, u16)>,
    window: Vec<i16>,
    judged: u64,
    quiet: u64,
    speaking: bool,
    ended: bool,
    view: Vec<i16>,
    edges: Vec<u64>,
}

impl BadStream {
    fn new() -> Self {
        Self {
            defect: VadStartsTwice,
            shared: Arc::default(),
            format: None,
            window: Vec::new(),
            judged: 0,
            quiet: 0,
            speaking: false,
            ended: false,
            view: Vec::new(),
            edges: Vec::new(),
        }
    }

    fn event(&mut self, event_type: VadEventType, rate: u32) -> VadEvent {
        let window = self.view.len() as u64;
        let range = SampleRange { start: self.judged.saturating_sub(window), end: self.judged, sample_rate: rate };
        let mut event = VadEvent::new(event_type, range);
        event.samples_index = self.judged;
        event.timestamp = lk_plugin::samples_to_duration(self.judged, rate);
        event.speaking = self.speaking;
        if event_type == VadEventType::InferenceDone {
            event.probability = if self.defect == VadProbabilityIsNan { f32::NAN } else { 0.5 };
        } else {
            self.edges.push(self.judged);
        }
        event
    }

    fn judge(&mut self, rate: u32, events: &mut Vec<VadEvent>) {
        let window = (rate / 100) as usize;
        while self.window.len() >= window {
            self.view = self.window.drain(..window).collect();
            self.judged += window as u64;
            if self.defect == VadSharesState {
                self.judged =
                    self.shared.fetch_add(window as u64, std::sync::atomic::Ordering::Relaxed) + window as u64;
            }
            let energy: i64 = self.view.iter().map(|sample| i64::from(*sample).pow(2)).sum();
            let loud = energy / window as i64 > 100_000 || self.defect == VadHearsSilence;
            self.quiet = if loud { 0 } else { self.quiet + 1 };
            let done = self.event(VadEventType::InferenceDone, rate);
            events.push(done);
            if loud && !self.speaking {
                self.speaking = true;
                let start = self.event(VadEventType::StartOfSpeech, rate);
                events.push(start);
                if self.defect == VadStartsTwice {
                    events.push(start);
                }
            } else if self.speaking && self.quiet > 100 {
                self.speaking = false;
                let end = self.event(VadEventType::EndOfSpeech, rate);
                events.push(end);
            }
        }
    }
}

impl VadStream for BadStream {
    #[expect(clippy::panic, reason = "the planted defect")]
    fn push(&mut self, frame: AudioFrameRef<'_>, events: &mut Vec<VadEvent>) -> Result<()> {
        if self.ended && self.defect != VadTakesInputAfterEnd {
            return Err(Error::input_ended());
        }
        let format = (frame.sample_rate(), frame.channels());
        let first = *self.format.get_or_insert(format);
        if first != format {
            return Err(lk_plugin::format_changed(first, format));
        }
        if frame.samples().is_empty() && self.defect == VadPanicsOnEmptyFrame {
            panic!("nothing to hear");
        }
        self.edges.clear();
        self.window.extend(frame.mono());
        self.judge(format.0, events);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if self.ended {
            return Err(Error::input_ended());
        }
        *self = Self { defect: self.defect, shared: Arc::clone(&self.shared), format: self.format, ..Self::new() };
        Ok(())
    }

    fn end_input(&mut self, events: &mut Vec<VadEvent>) -> Result<()> {
        if std::mem::replace(&mut self.ended, true) {
            return Err(Error::input_ended());
        }
        self.edges.clear();
        if self.speaking && self.defect != VadForgetsToClose {
            self.speaking = false;
            let end = self.event(VadEventType::EndOfSpeech, self.format.map_or(16_000, |format| format.0));
            events.push(end);
        }
        Ok(())
    }

    fn audio(&self, event: &VadEvent) -> Option<AudioFrameRef<'_>> {
        let is_edge = event.event_type != VadEventType::InferenceDone && self.edges.contains(&event.samples_index);
        AudioFrameRef::new(&self.view, self.format?.0, 1).ok().filter(|_| is_edge)
    }
}

fn vad(defect: Defect) -> Report {
    let shared = Arc::default();
    let plugin = Plugin::new::<dyn Vad>("bad", move |_| Ok(Box::new(BadVad(defect, Arc::clone(&shared)))));
    check(&Arc::new(plugin), &Config::new())
}

fn stt(defect: Defect) -> Report {
    let plugin = Plugin::new::<dyn Stt>("bad", move |_| Ok(Box::new(BadStt(defect, "en".to_owned().into()))));
    check(&Arc::new(plugin), &Config::new())
}

fn tts(defect: Defect) -> Report {
    let plugin = Plugin::new::<dyn Tts>("bad", move |_| Ok(Box::new(BadTts(defect))));
    check(&Arc::new(plugin), &Config::new())
}

fn llm(defect: Defect) -> Report {
    let plugin = Plugin::new::<dyn Llm>("bad", move |_| Ok(Box::new(BadLlm(defect, Arc::default()))));
    check(&Arc::new(plugin), &Config::new())
}

#[test]
fn planted_defects_of_detectors_are_caught() {
    assert_caught(&vad(VadStartsTwice), ["edges-alternate", "speech-is-found"]);
    assert_caught(&vad(VadHearsSilence), ["silence-is-silent"]);
    assert_caught(
        &vad(VadProbabilityIsNan),
        [
            "numbers-are-sound",
            "frame-size-is-free",
            "empty-frame-is-harmless",
            "format-stays-fixed",
            "flush-forgets",
            "streams-are-apart",
            "threads-may-change",
        ],
    );
    assert_caught(&vad(VadForgetsToClose), ["end-closes-speech", "edges-alternate"]);
    assert_caught(&vad(VadTakesInputAfterEnd), ["ended-is-ended"]);
    assert_caught(&vad(VadPanicsOnEmptyFrame), ["empty-frame-is-harmless"]);
    assert_caught(
        &vad(VadSharesState),
        [
            "streams-are-apart",
            "frame-size-is-free",
            "empty-frame-is-harmless",
            "format-stays-fixed",
            "flush-forgets",
            "threads-may-change",
        ],
    );
}

#[test]
fn planted_defects_of_transcribers_are_caught() {
    assert_caught(&stt(SttHasNoAlternative), ["recognize-gives-a-transcript"]);
    assert_caught(&stt(SttLanguageSticks), ["language-holds-for-one-call"]);
    assert_caught(&stt(SttConfidenceBeyondOne), ["numbers-are-sound"]);
    assert_caught(&stt(SttUndeclaredInterim), ["events-come-in-order"]);
    assert_caught(
        &stt(SttStreamsNever),
        [
            "stream-as-declared",
            "events-come-in-order",
            "flush-brings-the-transcript",
            "no-input-ends-cleanly",
            "format-stays-fixed",
            "streams-are-apart",
            "streams-may-be-given-up",
            "nobody-listens",
            "numbers-are-sound",
        ],
    );
}

#[test]
fn a_transcriber_that_holds_back_is_caught() {
    assert_caught(&stt(SttHoldsBackUntilEnd), ["flush-brings-the-transcript"]);
}

#[test]
fn planted_defects_of_speakers_are_caught() {
    assert_caught(&tts(TtsNoFinalFrame), ["last-frame-alone-is-final", "calls-are-apart", "calls-may-be-given-up"]);
    assert_caught(&tts(TtsOtherRate), ["frames-have-the-format"]);
    assert_caught(&tts(TtsIdsChange), ["one-request-has-one-id"]);
}

#[test]
fn planted_defects_of_models_are_caught() {
    assert_caught(&llm(LlmCallWithoutId), ["tool-calls-are-whole"]);
    assert_caught(&llm(LlmArgumentsCut), ["tool-calls-are-whole"]);
    assert_caught(&llm(LlmUsageTwice), ["usage-is-sound"]);
    assert_caught(&llm(LlmIgnoresChoice), ["tools-may-be-forbidden"]);
    assert_caught(&llm(LlmDiesWithInstance), ["instance-may-go-first"]);
}
