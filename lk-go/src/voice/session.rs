//! A conversation on the clock of its input.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_timer::Delay;
use lk_plugin::adapters::TtsStreamAdapter;
use lk_plugin::{
    AudioFrame, AudioFrameRef, ChatContext, ChatItem, ChatMessage, ChatRole, Error, ErrorKind, RecognizeOptions,
    Result, VadEvent, VadEventType, VadStream, duration_to_samples, samples_to_duration,
};

use super::event::{Ended, Stage, TurnFailure, VoiceEvent, VoiceEventType};
use super::input::Input;
use super::options::{SessionOptions, VoicePlugins};
use super::pacer::Pacer;
use super::reply::{Progress, Reply};
use super::utterance::{End, Heard, Utterance};

/// A step of the clock after the input has ended.
const STEP: Duration = Duration::from_millis(10);

/// How often a step looks after the plugins' work before it lets time go on: one that is never done must not stop the clock.
const MAX_ROUNDS: usize = 100_000;

/// A conversation.
///
/// Call [`hear`](Session::hear) for each frame of the input, then [`end_input`](Session::end_input), then
/// [`run_out`](Session::run_out) until it says that nothing is left. After each of these calls [`speech`](Session::speech)
/// is what the listener heard meanwhile, and [`take_events`](Session::take_events) what happened.
///
/// The reply of a turn is asked for when the turn before is answered or cut off. When the speaker goes on before a reply
/// is heard, it is dropped, and the model is told both with the next turn. The words that were heard of a reply that was
/// cut off stay in the conversation, as a message that is `interrupted`.
///
/// Dropping the session cancels everything.
///
/// ```
/// use lk_go::voice::{Session, SessionOptions, VoiceEventType, VoicePlugins};
/// use lk_plugin::{AudioFrame, Result};
///
/// /// What is heard while these frames are said, and until all is answered: samples at the rate of the tts.
/// async fn converse(plugins: VoicePlugins, frames: &[AudioFrame]) -> Result<Vec<i16>> {
///     let mut session = Session::new(plugins, SessionOptions::default())?;
///     let mut speech = Vec::new();
///     for frame in frames {
///         session.hear(frame.as_ref()).await?;
///         speech.extend_from_slice(session.speech()?.samples());
///         for event in session.take_events() {
///             if let VoiceEventType::Transcript { text, .. } = event.event_type {
///                 println!("at {:?} in turn {}: {text}", event.at, event.turn);
///             }
///         }
///     }
///     session.end_input().await?;
///     while session.run_out().await {
///         speech.extend_from_slice(session.speech()?.samples());
///     }
///     Ok(speech)
/// }
/// ```
pub struct Session {
    plugins: VoicePlugins,
    options: SessionOptions,
    vad: Box<dyn VadStream>,
    vad_events: Vec<VadEvent>,
    input: Input,
    turns: u64,
    speaking: Option<Speaking>,
    // Turns whose speaker fell silent and that wait for transcript or reply, oldest first.
    waiting: VecDeque<Utterance>,
    reply: Option<Reply>,
    context: ChatContext,
    speech: Vec<i16>,
    spoken: u64,
    events: VecDeque<VoiceEvent>,
    pacer: Pacer,
    // When a plugin last did something or was not waited for, by the clock, which is the wall's while one is waited for.
    last_work: Duration,
}

/// A turn whose speaker speaks.
struct Speaking {
    utterance: Utterance,
    started: Duration,
    // Whether it may still cut off a reply.
    may_interrupt: bool,
}

impl Session {
    /// A conversation that begins now. Loads what the vad needs.
    ///
    /// # Errors
    ///
    /// When the vad cannot be opened.
    pub fn new(mut plugins: VoicePlugins, options: SessionOptions) -> Result<Self> {
        if !(options.live_tts && plugins.tts.capabilities().streaming) {
            plugins.tts = Arc::new(TtsStreamAdapter::new(plugins.tts));
        }
        plugins.stt.prewarm();
        plugins.llm.prewarm();
        plugins.tts.prewarm();
        let mut context = ChatContext::new();
        if let Some(system) = &options.system {
            context.add_message(ChatRole::System, system);
        }
        Ok(Self {
            vad: plugins.vad.stream()?,
            vad_events: Vec::new(),
            input: Input::default(),
            turns: 0,
            speaking: None,
            waiting: VecDeque::new(),
            reply: None,
            context,
            speech: Vec::new(),
            spoken: 0,
            events: VecDeque::new(),
            pacer: Pacer::new(options.pace),
            last_work: Duration::ZERO,
            plugins,
            options,
        })
    }

    /// Takes a frame of the input; its length is how far the clock moves on. 10 to 20 ms are usual; what happens takes effect at
    /// the frame's end.
    ///
    /// # Errors
    ///
    /// Those of the vad, with which the conversation ends. Whatever else fails is told as an event, and the conversation goes on.
    pub async fn hear(&mut self, frame: AudioFrameRef<'_>) -> Result<()> {
        let begun = Instant::now();
        self.input.hear(frame)?;
        self.play();
        let mut events = std::mem::take(&mut self.vad_events);
        events.clear();
        let pushed = self.vad.push(frame, &mut events);
        if let Some(speaking) = self.speaking.as_mut().filter(|speaking| speaking.utterance.is_live()) {
            let mono = AudioFrame::new(frame.mono().collect(), frame.sample_rate(), 1)?;
            speaking.utterance.push(mono);
        }
        let edges = pushed.and_then(|()| self.take_edges(&events));
        self.vad_events = events;
        edges?;
        self.interrupt_when_due();
        self.pass(begun, frame.duration()).await;
        Ok(())
    }

    /// Ends the input: speech that is open ends here.
    ///
    /// # Errors
    ///
    /// As [`hear`](Session::hear); [`Closed`](ErrorKind::Closed) the second time.
    pub async fn end_input(&mut self) -> Result<()> {
        self.speech.clear();
        let mut events = Vec::new();
        self.vad.end_input(&mut events)?;
        self.take_edges(&events)?;
        self.pass(Instant::now(), Duration::ZERO).await;
        Ok(())
    }

    /// Lets time go on after the input: 10 ms, or nothing and `false` when all turns are answered and heard.
    pub async fn run_out(&mut self) -> bool {
        if self.reply.is_none() && self.waiting.is_empty() {
            self.speech.clear();
            return false;
        }
        let begun = Instant::now();
        self.input.pass(STEP);
        self.play();
        self.pass(begun, STEP).await;
        true
    }

    /// The clock: how much was heard, and what passed since the input ended.
    #[must_use]
    pub fn clock(&self) -> Duration {
        self.input.clock()
    }

    /// What the listener heard in the last step, silence included: as long as the step, at the rate and channels of the tts.
    ///
    /// # Errors
    ///
    /// When the tts names a rate or channels that audio cannot have.
    pub fn speech(&self) -> Result<AudioFrameRef<'_>> {
        AudioFrameRef::new(&self.speech, self.plugins.tts.sample_rate(), self.plugins.tts.channels())
    }

    /// What happened since this was last asked.
    pub fn take_events(&mut self) -> impl Iterator<Item = VoiceEvent> + '_ {
        self.events.drain(..)
    }

    /// The conversation so far.
    #[must_use]
    pub fn context(&self) -> &ChatContext {
        &self.context
    }

    fn tell(&mut self, turn: u64, event_type: VoiceEventType) {
        let at = self.clock();
        self.events.push_back(VoiceEvent { at, turn, event_type });
    }

    /// What is heard until the clock's new time.
    fn play(&mut self) {
        let (rate, channels) = (self.plugins.tts.sample_rate(), usize::from(self.plugins.tts.channels()));
        let until = duration_to_samples(self.clock(), rate);
        let samples = until.saturating_sub(self.spoken);
        self.spoken = until.max(self.spoken);
        self.speech.clear();
        if let Some(reply) = &mut self.reply {
            let played = reply.playout.play(samples, &mut self.speech);
            if reply.is_heard && !reply.is_over() {
                reply.gaps += samples_to_duration(samples - played, rate);
            }
        }
        self.speech.resize(usize::try_from(samples).unwrap_or(usize::MAX).saturating_mul(channels), 0);
    }

    fn take_edges(&mut self, events: &[VadEvent]) -> Result<()> {
        for event in events {
            match event.event_type {
                VadEventType::StartOfSpeech => self.begin_turn(event)?,
                VadEventType::EndOfSpeech => self.end_turn(event),
                _ => {}
            }
        }
        Ok(())
    }

    fn begin_turn(&mut self, event: &VadEvent) -> Result<()> {
        self.turns += 1;
        let started = event.timestamp.saturating_sub(event.speech_duration);
        let stt = &*self.plugins.stt;
        let is_live = stt.capabilities().streaming && (self.options.live_stt || !stt.capabilities().offline_recognize);
        let options = self.recognize_options(event);
        let mut utterance = Utterance::begin(self.turns, is_live.then_some((stt, &options)));
        if utterance.is_live() {
            for frame in self.beginning(event)? {
                utterance.push(frame);
            }
        }
        self.speaking = Some(Speaking { utterance, started, may_interrupt: self.options.interruptions });
        self.tell(self.turns, VoiceEventType::SpeechStarted { started });
        self.interrupt_when_due();
        Ok(())
    }

    /// The audio of an utterance until now: what the vad gives, and what it has not judged yet.
    fn beginning(&self, event: &VadEvent) -> Result<Vec<AudioFrame>> {
        let mut frames = Vec::new();
        let Some(judged) = self.vad.audio(event) else { return Ok(frames) };
        frames.push(AudioFrame::from(judged));
        let rest = self.input.after(event.audio.end);
        if !rest.is_empty() {
            frames.push(AudioFrame::new(rest, judged.sample_rate(), 1)?);
        }
        Ok(frames)
    }

    fn end_turn(&mut self, event: &VadEvent) {
        let Some(mut speaking) = self.speaking.take() else { return };
        let ended = event.timestamp.saturating_sub(event.silence_duration);
        let no_audio = || Error::new(ErrorKind::Plugin, "the vad ended an utterance and gave no audio with it");
        let audio = || self.vad.audio(event).map(AudioFrame::from).ok_or_else(no_audio);
        let end = End { silent_since: ended, certain: Instant::now() };
        speaking.utterance.end(end, audio, &self.plugins.stt, self.recognize_options(event));
        let turn = speaking.utterance.turn;
        self.waiting.push_back(speaking.utterance);
        self.tell(turn, VoiceEventType::SpeechEnded { ended });
    }

    fn recognize_options(&self, event: &VadEvent) -> RecognizeOptions {
        let start = event.audio.start_time();
        RecognizeOptions::default().with_connect(self.options.connect).with_start_time_offset(start)
    }

    /// Speech that has lasted long enough cuts off what is said or about to be.
    fn interrupt_when_due(&mut self) {
        let clock = self.clock();
        let Some(speaking) = &mut self.speaking else { return };
        let lasted = clock.saturating_sub(speaking.started);
        if !speaking.may_interrupt || lasted < self.options.min_interruption_duration {
            return;
        }
        speaking.may_interrupt = false;
        for utterance in &mut self.waiting {
            utterance.superseded = true;
        }
        if let Some(reply) = self.reply.take() {
            self.end_reply(reply, true);
        }
    }

    /// Keeps what was heard of a reply, and tells how it ended. What was under way for it ends with it.
    fn end_reply(&mut self, mut reply: Reply, interrupted: bool) {
        let is_whole = !interrupted && reply.failure.is_none();
        let heard = if is_whole { reply.written.trim().to_owned() } else { reply.heard() };
        let failure = reply.failure.take();
        let (turn, audio, gaps) = (reply.turn, reply.playout.played(), reply.gaps);
        drop(reply);
        if !heard.is_empty() {
            let mut message = ChatMessage::new(ChatRole::Assistant, heard.as_str());
            message.interrupted = !is_whole;
            self.add(message);
        }
        self.tell(
            turn,
            match failure {
                Some((stage, error)) => VoiceEventType::Failed(TurnFailure { stage, error, heard }),
                None => VoiceEventType::ReplyEnded(Ended { heard, audio, gaps, interrupted }),
            },
        );
    }

    fn add(&mut self, message: ChatMessage) {
        self.context.items.push(ChatItem::Message(message));
        self.context.truncate(self.options.max_context_items.max(1));
    }

    /// Lets the plugins work, and time pass as it must: `duration` of the clock since `begun`.
    async fn pass(&mut self, begun: Instant, duration: Duration) {
        let deadline = self.pacer.deadline(begun, duration);
        let mut delay: Option<Delay> = None;
        poll_fn(|context| {
            self.work(context);
            if !self.pacer.waits(self.is_waiting()) {
                return Poll::Ready(());
            }
            let now = Instant::now();
            if now >= deadline {
                return Poll::Ready(());
            }
            Pin::new(delay.get_or_insert_with(|| Delay::new(deadline - now))).poll(context)
        })
        .await;
        let is_waiting = self.is_waiting();
        self.pacer.passed(is_waiting);
        if !is_waiting {
            self.last_work = self.clock();
        } else if self.clock().saturating_sub(self.last_work) > self.options.max_silence {
            self.last_work = self.clock();
            self.give_up();
        }
    }

    /// Fails what has been waited for in vain.
    fn give_up(&mut self) {
        let limit = self.options.max_silence;
        let late = || Error::new(ErrorKind::ApiTimeout, format!("nothing came within {limit:?}"));
        if let Some(reply) = self.reply.as_mut().filter(|reply| reply.is_waiting()) {
            reply.give_up(late());
        }
        for utterance in self.waiting.iter_mut().filter(|utterance| utterance.is_waiting()) {
            utterance.fail(late());
        }
    }

    fn is_waiting(&self) -> bool {
        let speaking = self.speaking.iter().map(|speaking| &speaking.utterance);
        self.waiting.iter().chain(speaking).any(Utterance::is_waiting)
            || self.reply.as_ref().is_some_and(Reply::is_waiting)
    }

    /// Polls all work until nothing more is there.
    fn work(&mut self, context: &mut Context<'_>) {
        for _ in 0..MAX_ROUNDS {
            let heard = self.poll_utterances(context);
            let replied = self.poll_reply(context);
            if !(heard || replied) {
                return;
            }
            self.last_work = self.clock();
        }
        context.waker().wake_by_ref();
    }

    fn poll_utterances(&mut self, context: &mut Context<'_>) -> bool {
        let mut interims = Vec::new();
        let mut changed = false;
        let speaking = self.speaking.iter_mut().map(|speaking| &mut speaking.utterance);
        for utterance in self.waiting.iter_mut().chain(speaking) {
            while let Poll::Ready(heard) = utterance.poll(context) {
                changed = true;
                if let Heard::Interim(text) = heard {
                    interims.push((utterance.turn, text));
                }
            }
        }
        for (turn, text) in interims {
            self.tell(turn, VoiceEventType::InterimTranscript { text });
        }
        changed
    }

    fn poll_reply(&mut self, context: &mut Context<'_>) -> bool {
        let Some(reply) = &mut self.reply else {
            let is_next = self.waiting.front().is_some_and(Utterance::is_done);
            return is_next && self.waiting.pop_front().map(|utterance| self.answer(utterance)).is_some();
        };
        let turn = reply.turn;
        if let Poll::Ready(progress) = reply.poll(context) {
            match progress {
                Progress::FirstToken(delay) => self.tell(turn, VoiceEventType::FirstToken { delay }),
                Progress::Written => {
                    let text = reply.written.trim().to_owned();
                    self.tell(turn, VoiceEventType::Reply { text });
                }
                Progress::Audio(Some(delay)) => {
                    reply.is_heard = true;
                    let total = self.clock().saturating_sub(self.silent_since());
                    self.tell(turn, VoiceEventType::FirstAudio { delay, total });
                }
                Progress::Audio(None) | Progress::Step => {}
            }
            return true;
        }
        if reply.is_over() {
            if let Some(reply) = self.reply.take() {
                self.end_reply(reply, false);
            }
            return true;
        }
        false
    }

    fn silent_since(&self) -> Duration {
        self.reply.as_ref().map_or(Duration::ZERO, |reply| reply.silent_since)
    }

    /// Takes a transcript into the conversation, and asks for the reply.
    fn answer(&mut self, utterance: Utterance) {
        let (turn, superseded, delay) = (utterance.turn, utterance.superseded, utterance.delay());
        let Some(end) = utterance.end else { return };
        let text = match utterance.into_transcript() {
            Ok(text) => text,
            Err(error) => {
                let failure = TurnFailure { stage: Stage::Stt, error, heard: String::new() };
                return self.tell(turn, VoiceEventType::Failed(failure));
            }
        };
        if text.is_empty() {
            return self.tell(turn, VoiceEventType::NothingUnderstood { delay });
        }
        self.add(ChatMessage::new(ChatRole::User, text.as_str()));
        self.tell(turn, VoiceEventType::Transcript { text, delay });
        if superseded {
            let ended = Ended { heard: String::new(), audio: Duration::ZERO, gaps: Duration::ZERO, interrupted: true };
            return self.tell(turn, VoiceEventType::ReplyEnded(ended));
        }
        match Reply::begin(turn, end.silent_since, &self.plugins, &self.context, &self.options) {
            Ok(reply) => self.reply = Some(reply),
            Err((stage, error)) => {
                let failure = TurnFailure { stage, error, heard: String::new() };
                self.tell(turn, VoiceEventType::Failed(failure));
            }
        }
    }
}
