//! Language models, one after the other.

use std::sync::Arc;

use super::{Failure, FallbackOptions, Member, Members, Turns, next_in_time};
use crate::adapters::timer::{Patience, sleep};
use crate::error::{Error, ErrorKind, Result};
use crate::kinds::{ChatChunk, ChatContext, ChatOptions, Kind, Llm, LlmCapabilities, LlmStream};
use crate::monitor::Monitor;
use crate::stream::{EventSender, EventStream, boxed};

/// How many chunks without text or a call are kept until the first one with.
const MOST_HELD: usize = 1024;

/// Language models of which the next one answers when one fails: see [`FallbackOptions`].
///
/// It can do what all of them can. Once text or a call is out, a failure is the answer's end, unless
/// [`switch_after_output`](FallbackOptions::switch_after_output).
///
/// ```
/// # use lk_plugin::{Error, ChatChunk, ChatContext, ChatOptions, EventStream, Llm, LlmStream, Result};
/// # struct Parrot;
/// # impl Llm for Parrot {
/// #     fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
/// #         Ok(EventStream::from_fn(|mut chunks| async move { chunks.send(ChatChunk::text("1", "hello")).await }))
/// #     }
/// # }
/// # struct Mute;
/// # impl Llm for Mute {
/// #     fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> { Err(Error::from_status(503, "busy")) }
/// # }
/// use std::sync::Arc;
/// use lk_plugin::adapters::LlmFallback;
///
/// let members: [(&str, Arc<dyn Llm>); 2] = [("busy", Arc::new(Mute)), ("parrot", Arc::new(Parrot))];
/// let llm = LlmFallback::new(members)?;
/// let answer = llm.chat(&ChatContext::new(), &ChatOptions::default())?.collect_response();
/// assert_eq!(pollster::block_on(answer)?.text, "hello");
/// # Ok::<(), lk_plugin::Error>(())
/// ```
pub struct LlmFallback {
    members: Arc<Members<dyn Llm>>,
}

impl LlmFallback {
    /// A fallback of these models, the first choice first, each with the name that errors and events call it by; with the
    /// [usual](FallbackOptions::of) options.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config) without a member.
    pub fn new(members: impl IntoIterator<Item = (impl Into<String>, Arc<dyn Llm>)>) -> Result<Self> {
        Self::with_options(members, FallbackOptions::of(Kind::Llm), Monitor::global())
    }

    /// A fallback with these options that reports to `monitor`.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config) without a member.
    pub fn with_options(
        members: impl IntoIterator<Item = (impl Into<String>, Arc<dyn Llm>)>,
        options: FallbackOptions,
        monitor: &Monitor,
    ) -> Result<Self> {
        let members = members.into_iter().map(|(name, llm)| (name.into(), llm)).collect();
        Ok(Self { members: Arc::new(Members::new(Kind::Llm, members, options, monitor)?) })
    }
}

impl Llm for LlmFallback {
    fn capabilities(&self) -> LlmCapabilities {
        let all = self.members.list.iter().map(|member| member.plugin.capabilities());
        let both = |a: LlmCapabilities, b: LlmCapabilities| {
            a.with_tools(a.tools && b.tools)
                .with_parallel_tool_calls(a.parallel_tool_calls && b.parallel_tool_calls)
                .with_images(a.images && b.images)
                .with_structured_output(a.structured_output && b.structured_output)
        };
        all.reduce(both).unwrap_or_default()
    }

    fn model(&self) -> &str {
        super::MODEL
    }

    fn provider(&self) -> &str {
        super::PROVIDER
    }

    fn chat(&self, context: &ChatContext, options: &ChatOptions) -> Result<LlmStream> {
        if options.response_schema.is_some() && !self.capabilities().structured_output {
            return Err(Error::unsupported(
                "not all members of this fallback follow a schema (its `structured_output` is false); leave `response_schema` out",
            ));
        }
        let members = Arc::clone(&self.members);
        let options = options.clone().with_connect(members.options.connect(options.connect));
        let question = Question { context: context.clone(), options };
        Ok(EventStream::from_fn(move |chunks| answer(members, Arc::new(question), chunks)))
    }

    fn prewarm(&self) {
        if let Some(first) = self.members.list.first() {
            first.plugin.prewarm();
        }
    }
}

struct Question {
    context: ChatContext,
    options: ChatOptions,
}

async fn answer(
    members: Arc<Members<dyn Llm>>,
    question: Arc<Question>,
    mut chunks: EventSender<ChatChunk>,
) -> Result<()> {
    members.passed_over().for_each(|member| probe(&members, member, &question));
    let mut turns = Turns::new(&members);
    while let Some(member) = turns.next() {
        let mut delivered = false;
        let attempt = attempt(&members.options, &member, &question, &mut chunks, &mut delivered);
        let Err(failure) = attempt.await else {
            turns.succeeded(&member);
            return Ok(());
        };
        let pause = turns.failed(&member, failure, delivered, || probe(&members, &member, &question))?;
        sleep(pause.unwrap_or_default()).await;
    }
    Err(turns.into_error())
}

async fn attempt(
    options: &FallbackOptions,
    member: &Member<dyn Llm>,
    question: &Question,
    chunks: &mut EventSender<ChatChunk>,
    delivered: &mut bool,
) -> Result<(), Failure> {
    let mut stream = member.plugin.chat(&question.context, &question.options)?;
    let mut patience = Patience::new(options.attempt_timeout);
    // Nothing of an attempt that comes to nothing is to be seen.
    let mut held = Vec::new();
    while let Some(chunk) = next_in_time(&mut stream, &mut patience, options).await {
        let chunk = chunk?;
        *delivered |= chunk.has_response();
        held.push(chunk);
        if *delivered {
            for chunk in held.drain(..) {
                chunks.send(chunk).await.map_err(Failure::Gone)?;
            }
            patience.restart();
        } else if held.len() > MOST_HELD {
            held.remove(0);
        }
    }
    if held.is_empty() && !*delivered {
        return Err(Error::new(ErrorKind::Api, "the answer has nothing in it").into());
    }
    // An answer of no words, with what it costs.
    for chunk in held {
        chunks.send(chunk).await.map_err(Failure::Gone)?;
    }
    Ok(())
}

/// Asks the same again, until the first text or call.
fn probe(members: &Members<dyn Llm>, member: &Arc<Member<dyn Llm>>, question: &Arc<Question>) {
    if member.is_available() {
        return;
    }
    let question = Arc::clone(question);
    members.probe(member, move |llm| {
        boxed(async move {
            let Ok(mut stream) = llm.chat(&question.context, &question.options) else { return false };
            while let Some(Ok(chunk)) = stream.next().await {
                if chunk.has_response() {
                    return true;
                }
            }
            false
        })
    });
}
