//! Several plugins as one: when one fails, the next goes on.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use super::timer::Patience;
use crate::connect::ConnectOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::kinds::Kind;
use crate::monitor::Monitor;
use crate::stream::{BoxFuture, EventStream};

mod llm;
mod member;
mod stt;
mod stt_live;
mod tts;
mod tts_live;
mod turns;

pub use self::llm::LlmFallback;
use self::member::Member;
pub use self::stt::SttFallback;
pub use self::tts::TtsFallback;
use self::turns::{Failure, Turns};

/// When a fallback goes on to the next member.
///
/// # How members are tried
///
/// In their order, those that are available first; a member that fails is tried again `max_retry` times if its error says that
/// this may help, then the next one has its turn. The fallback alone tries again: members are told to try once. When all have
/// failed, the error names each with its reason.
///
/// # Probes
///
/// A member that failed is unavailable: it is tried only when all others have failed too. Each call that passes it over asks
/// it the same in the background, not more often than once in `probe_interval`; when it answers, it is available again.
/// Availability changes are events of the [`Monitor`].
///
/// A probe of a call runs on a thread of its own that ends with it, at the latest after `attempt_timeout`; nobody else could
/// poll it when the call is over. Of a live transcription it is polled along with the stream, and hears what the stream
/// hears. When the fallback and all streams of it are dropped, probes are given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FallbackOptions {
    /// How long an attempt may take until the first output: the transcript, the first audio, the first text or tool call. A
    /// member that is connected and silent has failed. Later it is how long nothing may come. 10 s unless told, of a language
    /// model 5 s.
    ///
    /// In live streams it counts while a member owes something: a transcription while it takes no audio, and after the end of
    /// the input; speech after a flush. (A transcription that hears nothing may be right.)
    pub attempt_timeout: Duration,
    /// Attempts of a member after its first. 1 unless told, for speech 2, for a language model 0.
    pub max_retry: u32,
    /// The pause before such an attempt. 5 s unless told, of speech and a language model 0.5 s.
    pub retry_interval: Duration,
    /// Whether to go on with the next member although part of the speech or of the answer is out, which then starts over:
    /// listeners must go by the request's id. False unless told. (A transcription goes on where the last transcript ended.)
    pub switch_after_output: bool,
    /// The least time from one probe of a member to the next. 1 s unless told.
    pub probe_interval: Duration,
    /// The rate of the speech in Hz, to which members are resampled; their highest when `None`.
    pub sample_rate: Option<u32>,
    /// How much audio since the last transcript a live transcription keeps for the next member. When nothing is transcribed
    /// for longer, the oldest is forgotten. 60 s unless told.
    pub replay: Duration,
}

impl FallbackOptions {
    /// What is usual for a kind.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        let (attempt_timeout, max_retry, retry_interval) = match kind {
            Kind::Llm => (5_000, 0, 500),
            Kind::Tts => (10_000, 2, 500),
            _ => (10_000, 1, 5_000),
        };
        Self {
            attempt_timeout: Duration::from_millis(attempt_timeout),
            max_retry,
            retry_interval: Duration::from_millis(retry_interval),
            switch_after_output: false,
            probe_interval: Duration::from_secs(1),
            sample_rate: None,
            replay: Duration::from_secs(60),
        }
    }

    /// Sets how long an attempt may take until the first output.
    #[must_use]
    pub fn with_attempt_timeout(mut self, attempt_timeout: Duration) -> Self {
        self.attempt_timeout = attempt_timeout;
        self
    }

    /// Sets the attempts of a member after its first, and the pause before each.
    #[must_use]
    pub fn with_retries(mut self, max_retry: u32, retry_interval: Duration) -> Self {
        (self.max_retry, self.retry_interval) = (max_retry, retry_interval);
        self
    }

    /// Sets whether to go on with the next member although part of the output is out.
    #[must_use]
    pub fn with_switch_after_output(mut self, switch: bool) -> Self {
        self.switch_after_output = switch;
        self
    }

    /// Sets the least time from one probe of a member to the next.
    #[must_use]
    pub fn with_probe_interval(mut self, probe_interval: Duration) -> Self {
        self.probe_interval = probe_interval;
        self
    }

    /// Sets the rate of the speech in Hz.
    #[must_use]
    pub fn with_sample_rate(mut self, sample_rate: u32) -> Self {
        self.sample_rate = Some(sample_rate);
        self
    }

    /// Sets how much audio a live transcription keeps for the next member.
    #[must_use]
    pub fn with_replay(mut self, replay: Duration) -> Self {
        self.replay = replay;
        self
    }

    /// What a member is told: the fallback tries again, it does not.
    fn connect(&self, asked: ConnectOptions) -> ConnectOptions {
        asked.with_max_retry(0).with_timeout(asked.timeout.min(self.attempt_timeout))
    }

    fn timed_out(&self) -> Error {
        Error::new(ErrorKind::ApiTimeout, format!("nothing came within {:?}", self.attempt_timeout))
    }
}

/// The members of a fallback.
struct Members<K: ?Sized> {
    kind: Kind,
    options: FallbackOptions,
    monitor: Monitor,
    list: Vec<Arc<Member<K>>>,
}

impl<K: ?Sized + Send + Sync + 'static> Members<K> {
    fn new(kind: Kind, members: Vec<(String, Arc<K>)>, options: FallbackOptions, monitor: &Monitor) -> Result<Self> {
        if members.is_empty() {
            return Err(Error::config("a fallback needs at least one member; give the first choice first"));
        }
        let list = members.into_iter().map(|(name, plugin)| Arc::new(Member::new(kind, name, plugin))).collect();
        Ok(Self { kind, options, monitor: monitor.clone(), list })
    }

    /// Those that are available, then the others; each in their order.
    fn in_turn(&self) -> VecDeque<Arc<Member<K>>> {
        let (mut first, then): (VecDeque<_>, VecDeque<_>) =
            self.list.iter().map(Arc::clone).partition(|member| member.is_available());
        first.extend(then);
        first
    }

    /// Those that are not available.
    fn passed_over(&self) -> impl Iterator<Item = &Arc<Member<K>>> {
        self.list.iter().filter(|member| !member.is_available())
    }

    /// Asks a member that failed in the background.
    fn probe(&self, member: &Arc<Member<K>>, ask: impl FnOnce(Arc<K>) -> BoxFuture<'static, bool>) {
        member.probe(self.options.probe_interval, self.options.attempt_timeout, &self.monitor, ask);
    }
}

/// What a fallback is called where a model and who runs it are named: which member answers differs from call to call.
const MODEL: &str = "fallback";
const PROVIDER: &str = "lk-plugin";

/// The stream's next event; an error when none comes in time.
async fn next_in_time<T>(
    stream: &mut EventStream<T>,
    patience: &mut Patience,
    options: &FallbackOptions,
) -> Option<Result<T>> {
    poll_fn(|context: &mut Context<'_>| match Pin::new(&mut *stream).poll_next(context) {
        Poll::Pending if patience.is_over(context) => Poll::Ready(Some(Err(options.timed_out()))),
        polled => polled,
    })
    .await
}
