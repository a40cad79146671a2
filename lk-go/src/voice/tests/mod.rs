//! Conversations with plugins by script.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lk_plugin::{
    AudioFrameRef, BoxFuture, ChatChunk, ChatContext, ChatItem, ChatOptions, ChatRole, Error, EventStream, Llm,
    LlmStream, RecognizeOptions, Result, SpeechEvent, Stt, SttCapabilities, boxed,
};
use pollster::block_on;

use self::scripted::{Counts, FRAME, RATE, ScriptedLlm, ScriptedStt, ScriptedTts, ScriptedVad};
use super::*;

mod scripted;

/// What a conversation came to.
struct Held {
    // In thousandths of a second: event, turn, clock.
    told: Vec<(String, u64, u128)>,
    // Frames of 10 ms with speech, and all.
    speech: Vec<bool>,
    messages: Vec<(ChatRole, String, bool)>,
    counts: Arc<Counts>,
}

struct Script {
    vad: Vec<(u64, u64)>,
    stt: ScriptedStt,
    words: &'static str,
    endless: bool,
    live_tts: bool,
    fails_after: Option<usize>,
    options: SessionOptions,
    frames: u64,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            vad: vec![(10, 50)],
            stt: ScriptedStt { live: false, fails: false },
            words: "One two three. ",
            endless: false,
            live_tts: true,
            fails_after: None,
            options: SessionOptions::default().with_system(Some("be brief".to_owned())),
            frames: 100,
        }
    }
}

impl Script {
    fn session(&self) -> Result<(Session, Arc<Counts>)> {
        let counts = Arc::new(Counts::default());
        let plugins = VoicePlugins::new(
            Arc::new(ScriptedVad(self.vad.clone())),
            Arc::new(ScriptedStt { ..self.stt }),
            Arc::new(ScriptedLlm { words: self.words, endless: self.endless, counts: Arc::clone(&counts) }),
            Arc::new(ScriptedTts { live: self.live_tts, fails_after: self.fails_after, counts: Arc::clone(&counts) }),
        );
        Ok((Session::new(plugins, self.options.clone())?, counts))
    }

    fn hold(&self) -> Result<Held> {
        let (mut session, counts) = self.session()?;
        let mut held = Held { told: Vec::new(), speech: Vec::new(), messages: Vec::new(), counts };
        block_on(async {
            for frame in 0..self.frames {
                let frame = vec![frame as i16; FRAME];
                session.hear(AudioFrameRef::new(&frame, RATE, 1)?).await?;
                held.step(&mut session)?;
            }
            session.end_input().await?;
            held.step(&mut session)?;
            while session.run_out().await {
                held.step(&mut session)?;
            }
            held.step(&mut session)
        })?;
        held.messages = session.context().items.iter().filter_map(message).collect();
        Ok(held)
    }
}

impl Held {
    fn step(&mut self, session: &mut Session) -> Result<()> {
        let speech = session.speech()?;
        if !speech.samples().is_empty() {
            assert_eq!(speech.samples().len(), 80, "a step is 10 ms");
            self.speech.push(speech.samples().iter().any(|sample| *sample != 0));
        }
        for event in session.take_events() {
            if matches!(event.event_type, VoiceEventType::InterimTranscript { .. }) {
                continue;
            }
            let what = match &event.event_type {
                VoiceEventType::ReplyEnded(ended) if ended.interrupted => format!("cut off: {}", ended.heard),
                VoiceEventType::ReplyEnded(ended) => format!("said: {}", ended.heard),
                VoiceEventType::Transcript { text, .. } => format!("heard: {text}"),
                VoiceEventType::Failed(failure) => format!("{} failed: {}", failure.stage, failure.error),
                VoiceEventType::FirstAudio { .. } => "audio".to_owned(),
                _ => continue,
            };
            self.told.push((what, event.turn, event.at.as_millis()));
        }
        Ok(())
    }

    fn told(&self) -> Vec<(&str, u64, u128)> {
        self.told.iter().map(|(what, turn, at)| (what.as_str(), *turn, *at)).collect()
    }

    /// Where speech is, in frames: from, to.
    fn spans(&self) -> Vec<(usize, usize)> {
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for (index, _) in self.speech.iter().enumerate().filter(|(_, speech)| **speech) {
            match spans.last_mut() {
                Some((_, end)) if *end == index => *end += 1,
                _ => spans.push((index, index + 1)),
            }
        }
        spans
    }

    fn messages(&self) -> Vec<(ChatRole, &str, bool)> {
        self.messages.iter().map(|(role, text, interrupted)| (*role, text.as_str(), *interrupted)).collect()
    }
}

fn message(item: &ChatItem) -> Option<(ChatRole, String, bool)> {
    match item {
        ChatItem::Message(message) => Some((message.role, message.text(), message.interrupted)),
        _ => None,
    }
}

const SYSTEM: (ChatRole, &str, bool) = (ChatRole::System, "be brief", false);

#[test]
fn a_turn_is_answered_from_the_frame_on_with_which_it_ends() -> Result<()> {
    let held = Script::default().hold()?;
    assert_eq!(
        held.told(),
        [("heard: 400 ms", 1, 500), ("audio", 1, 500), ("said: One two three.", 1, 650)],
        "fifteen characters of 10 ms"
    );
    assert_eq!((held.spans(), held.speech.len()), (vec![(50, 65)], 100));
    let reply = (ChatRole::Assistant, "One two three.", false);
    assert_eq!(held.messages(), [SYSTEM, (ChatRole::User, "400 ms", false), reply]);
    assert_eq!(held.counts.alive.load(Ordering::SeqCst), 0);
    Ok(())
}

#[test]
fn speech_during_a_reply_ends_it_within_the_frame_and_what_was_heard_is_kept() -> Result<()> {
    for live_tts in [true, false] {
        // The second START is after 9 characters: "One two t".
        let words = "One two three four five six. Seven ";
        let script = Script { vad: vec![(10, 50), (59, 80)], words, live_tts, endless: true, ..Script::default() };
        let (mut session, counts) = script.session()?;
        let mut alive = Vec::new();
        block_on(async {
            for _ in 0..70 {
                session.hear(AudioFrameRef::new(&[0; FRAME], RATE, 1)?).await?;
                alive.push(counts.alive.load(Ordering::SeqCst));
            }
            Ok::<_, Error>(())
        })?;
        // The model's answer, and with live speech that.
        assert_eq!(&alive[49..58], [1 + usize::from(live_tts); 9]);
        assert_eq!(&alive[58..], [0; 12], "all is dropped with the frame of the START");
        let held = Script { endless: false, ..script }.hold()?;
        // A sentence at a time, the spaces around it are not spoken.
        let end = if live_tts { 80 + 35 } else { 80 + 33 };
        assert_eq!(held.spans(), [(50, 59), (80, end)], "not one frame more");
        let messages = [
            SYSTEM,
            (ChatRole::User, "400 ms", false),
            (ChatRole::Assistant, "One two", true),
            (ChatRole::User, "210 ms", false),
            (ChatRole::Assistant, words.trim(), false),
        ];
        assert_eq!(held.messages(), messages);
        // The model was told so with the second question.
        let contexts = held.counts.contexts.lock().map(|contexts| contexts.clone()).unwrap_or_default();
        let asked: Vec<_> = contexts[1].items.iter().filter_map(message).collect();
        let asked: Vec<_> = asked.iter().map(|(role, text, cut)| (*role, text.as_str(), *cut)).collect();
        assert_eq!(asked, messages[..4]);
    }
    Ok(())
}

#[test]
fn without_interruptions_each_reply_is_spoken_to_its_end_and_the_next_one_after_it() -> Result<()> {
    let options = SessionOptions::default().with_interruptions(false, Duration::ZERO);
    let held = Script { vad: vec![(10, 50), (52, 58), (60, 62)], options, ..Script::default() }.hold()?;
    assert_eq!(held.spans(), [(50, 95)], "15 characters three times, without a gap");
    let texts: Vec<_> = held.messages().into_iter().map(|(_, text, cut)| (text, cut)).collect();
    let reply = ("One two three.", false);
    assert_eq!(texts, [("400 ms", false), reply, ("60 ms", false), reply, ("20 ms", false), reply]);
    Ok(())
}

#[test]
fn speech_that_is_shorter_than_the_minimum_does_not_interrupt() -> Result<()> {
    let options = SessionOptions::default().with_interruptions(true, Duration::from_millis(50));
    let script = Script { vad: vec![(10, 50), (52, 55), (57, 70)], options, ..Script::default() };
    let held = script.hold()?;
    // The blip of 30 ms passes; the speech from 570 ms on ends the reply at 620 ms, 12 characters in.
    assert_eq!(held.spans()[0], (50, 62));
    assert_eq!(held.messages()[1], (ChatRole::Assistant, "One two", true));
    Ok(())
}

#[test]
fn a_live_transcription_hears_every_sample_of_the_utterance_once() -> Result<()> {
    let held = Script { stt: ScriptedStt { live: true, fails: false }, ..Script::default() }.hold()?;
    // The frames 11 to 50, whose samples are 10 to 49.
    assert_eq!(held.told()[0], ("heard: 6400 samples from 10 to 49", 1, 500));
    Ok(())
}

#[test]
fn speech_that_the_input_cuts_off_is_a_turn() -> Result<()> {
    let held = Script { vad: vec![(10, 500)], frames: 30, ..Script::default() }.hold()?;
    assert_eq!(held.told(), [("heard: 200 ms", 1, 300), ("audio", 1, 300), ("said: One two three.", 1, 450)]);
    assert_eq!((held.spans(), held.speech.len()), (vec![(30, 45)], 45), "time goes on until it is heard");
    Ok(())
}

#[test]
fn a_turn_that_fails_is_told_and_the_next_one_is_tried() -> Result<()> {
    let vad = vec![(10, 20), (40, 50)];
    let held =
        Script { vad: vad.clone(), stt: ScriptedStt { live: false, fails: true }, ..Script::default() }.hold()?;
    assert_eq!(held.told(), [("stt failed: no answer", 1, 200), ("stt failed: no answer", 2, 500)]);
    assert_eq!(held.messages(), [SYSTEM]);

    let held = Script { vad: vad.clone(), words: " ", ..Script::default() }.hold()?;
    assert_eq!(held.told()[1], ("llm failed: the model answered without a word", 1, 200));

    // What was spoken before is heard, and kept: "One two t".
    let held = Script { vad, fails_after: Some(9), ..Script::default() }.hold()?;
    assert_eq!(held.told()[2], ("tts failed: overloaded (status 503)", 1, 290));
    assert_eq!(held.spans(), [(20, 29), (50, 59)]);
    assert_eq!(held.messages()[2], (ChatRole::Assistant, "One two", true));
    assert_eq!(held.counts.alive.load(Ordering::SeqCst), 0);
    Ok(())
}

#[test]
fn a_plugin_that_never_answers_fails_the_turn() -> Result<()> {
    struct Silent;
    impl Llm for Silent {
        fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
            Ok(EventStream::from_fn(|_| std::future::pending()))
        }
    }
    impl Stt for Silent {
        fn capabilities(&self) -> SttCapabilities {
            SttCapabilities::default()
        }

        fn recognize(&self, _: AudioFrameRef<'_>, _: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
            boxed(std::future::pending())
        }
    }
    for stage in [Stage::Stt, Stage::Llm] {
        let (counts, heard) = (Arc::new(Counts::default()), ScriptedStt { live: false, fails: false });
        let plugins = VoicePlugins::new(
            Arc::new(ScriptedVad(vec![(1, 2)])),
            if stage == Stage::Stt { Arc::new(Silent) } else { Arc::new(heard) },
            Arc::new(Silent),
            Arc::new(ScriptedTts { live: true, fails_after: None, counts }),
        );
        let mut session = Session::new(plugins, SessionOptions::default().with_max_silence(Duration::from_millis(50)))?;
        let mut failed = Vec::new();
        block_on(async {
            for _ in 0..2 {
                session.hear(AudioFrameRef::new(&[0; FRAME], RATE, 1)?).await?;
            }
            session.end_input().await?;
            while session.run_out().await {}
            Ok::<_, Error>(())
        })?;
        for event in session.take_events() {
            if let VoiceEventType::Failed(failure) = event.event_type {
                failed.push((failure.stage, failure.error.to_string()));
            }
        }
        assert_eq!(failed, [(stage, "nothing came within 50ms".to_owned())]);
    }
    Ok(())
}

#[test]
fn speech_is_made_only_as_far_ahead_as_a_second() -> Result<()> {
    // A long word, so that the adapter's sentences do not matter.
    let words: &'static str = "aaaaaaaaaa".repeat(200).leak();
    let script = Script { words, frames: 60, ..Script::default() };
    let (mut session, counts) = script.session()?;
    block_on(async {
        for _ in 0..60 {
            session.hear(AudioFrameRef::new(&[0; FRAME], RATE, 1)?).await?;
        }
        Ok::<_, Error>(())
    })?;
    // 10 were heard; 100 wait; and some more wait in the stream's own queue.
    let made = counts.frames.load(Ordering::SeqCst);
    assert!((110..=110 + 2 * lk_plugin::stream::QUEUE_CAPACITY).contains(&made), "{made}");
    Ok(())
}

#[test]
fn a_plugin_that_takes_its_time_is_waited_for_by_the_wall_clock() -> Result<()> {
    struct Slow(Duration);
    impl Llm for Slow {
        fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
            let delay = self.0;
            Ok(EventStream::from_fn(move |mut chunks| async move {
                futures_timer::Delay::new(delay).await;
                chunks.send(ChatChunk::text("1", "Yes.")).await
            }))
        }
    }
    let counts = Arc::new(Counts::default());
    let plugins = VoicePlugins::new(
        Arc::new(ScriptedVad(vec![(1, 2)])),
        Arc::new(ScriptedStt { live: false, fails: false }),
        Arc::new(Slow(Duration::from_millis(100))),
        Arc::new(ScriptedTts { live: true, fails_after: None, counts }),
    );
    let mut session = Session::new(plugins, SessionOptions::default())?;
    let total = block_on(async {
        for _ in 0..1_000 {
            session.hear(AudioFrameRef::new(&[0; FRAME], RATE, 1)?).await?;
            for event in session.take_events() {
                if let VoiceEventType::FirstAudio { total, .. } = event.event_type {
                    return Ok(Some(total));
                }
            }
        }
        Ok::<_, Error>(None)
    })?;
    // Ten frames or more: on a machine that is busy the answer comes later, never sooner.
    assert!(total.is_some_and(|total| total >= Duration::from_millis(90)), "{total:?}");
    Ok(())
}
