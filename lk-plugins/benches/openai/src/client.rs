//! The clients, each as its users have it.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{ChatCompletionRequestUserMessageArgs, CreateChatCompletionRequestArgs};
use futures_util::StreamExt as _;
use lk_plugin::{ChatContext, ChatOptions, ChatRole, Config, Llm, Registry};
use lk_plugins as _;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde::Deserialize;
use tokio::runtime::Runtime;

use crate::python::PythonSdk;
use crate::server::message;
use crate::{Anything, Turn};

pub(crate) enum Client {
    Rust(RustClient, Runtime),
    Python(PythonSdk),
}

pub(crate) enum RustClient {
    Ours(Box<dyn Llm>),
    AsyncOpenAi(Box<async_openai::Client<OpenAIConfig>>),
    Bare(reqwest::Client, String),
}

impl Client {
    pub(crate) fn ours(host: &str) -> Anything<Self> {
        let mut config = Config::new();
        config.insert("api_key", "k");
        config.insert("base_url", format!("http://{host}/v1"));
        let llm = Registry::global().create::<dyn Llm>("openai/gpt-4o-mini", &config)?;
        Self::rust(RustClient::Ours(llm))
    }

    pub(crate) fn async_openai(host: &str) -> Anything<Self> {
        let config = OpenAIConfig::new().with_api_key("k").with_api_base(format!("http://{host}/v1"));
        take_a_provider();
        Self::rust(RustClient::AsyncOpenAi(Box::new(async_openai::Client::with_config(config))))
    }

    pub(crate) fn bare(host: &str) -> Anything<Self> {
        take_a_provider();
        Self::rust(RustClient::Bare(reqwest::Client::new(), format!("http://{host}/v1/chat/completions")))
    }

    pub(crate) fn python(python: &Path, host: &str) -> Anything<Self> {
        Ok(Self::Python(PythonSdk::start(python, host)?))
    }

    fn rust(client: RustClient) -> Anything<Self> {
        Ok(Self::Rust(client, tokio::runtime::Builder::new_current_thread().enable_all().build()?))
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Rust(RustClient::Ours(_), _) => "llm/openai",
            Self::Rust(RustClient::AsyncOpenAi(_), _) => "async-openai",
            Self::Rust(RustClient::Bare(..), _) => "bare reqwest",
            Self::Python(_) => "openai for Python",
        }
    }

    /// Of what is not in our lock file.
    pub(crate) fn version(&self) -> Option<&str> {
        match self {
            Self::Rust(..) => None,
            Self::Python(sdk) => Some(&sdk.version),
        }
    }

    /// Reads so many replies of so many tokens.
    pub(crate) fn turn(&mut self, tokens: usize, replies: usize) -> Anything<Turn> {
        let message = message(tokens);
        match self {
            Self::Python(sdk) => sdk.turn(&message, replies),
            Self::Rust(client, runtime) => {
                let (mut letters, mut first) = (0, None);
                let before = cpu()?;
                for _ in 0..replies {
                    let started = Instant::now();
                    first = None;
                    letters += runtime.block_on(client.ask(&message, || {
                        first.get_or_insert_with(|| started.elapsed());
                    }))?;
                }
                let cpu = cpu()? - before;
                Ok(Turn { letters, cpu, first: first.ok_or("no token")? })
            }
        }
    }
}

/// Two clients take whatever cryptography the process has; ours brings its own.
fn take_a_provider() {
    rustls::crypto::ring::default_provider().install_default().ok();
}

impl RustClient {
    /// The letters of a reply; `token` hears of each.
    async fn ask(&self, message: &str, mut token: impl FnMut()) -> Anything<usize> {
        let mut letters = 0;
        let mut heard = |text: &str| {
            letters += black_box(text).len();
            token();
        };
        match self {
            Self::Ours(llm) => {
                let mut context = ChatContext::new();
                context.add_message(ChatRole::User, message);
                let mut chunks = llm.chat(&context, &ChatOptions::default())?;
                while let Some(chunk) = chunks.next().await {
                    if let Some(text) = chunk?.delta.and_then(|delta| delta.content) {
                        heard(&text);
                    }
                }
            }
            Self::AsyncOpenAi(client) => {
                let message = ChatCompletionRequestUserMessageArgs::default().content(message).build()?;
                let request = CreateChatCompletionRequestArgs::default()
                    .model("gpt-4o-mini")
                    .messages([message.into()])
                    .build()?;
                let mut chunks = client.chat().create_stream(request).await?;
                while let Some(chunk) = chunks.next().await {
                    for text in chunk?.choices.into_iter().filter_map(|choice| choice.delta.content) {
                        heard(&text);
                    }
                }
            }
            Self::Bare(client, url) => {
                let body = format!(
                    r#"{{"model":"gpt-4o-mini","stream":true,"messages":[{{"role":"user","content":"{message}"}}]}}"#
                );
                let request = client.post(url).bearer_auth("k").header("content-type", "application/json").body(body);
                let mut answer = request.send().await?;
                let mut buffer: Vec<u8> = Vec::new();
                'answer: while let Some(piece) = answer.chunk().await? {
                    buffer.extend_from_slice(&piece);
                    let mut start = 0;
                    while let Some(end) = buffer[start..].iter().position(|byte| *byte == b'\n') {
                        let line = &buffer[start..start + end];
                        start += end + 1;
                        let Some(data) = line.strip_prefix(b"data: ") else { continue };
                        if data == b"[DONE]" {
                            break 'answer;
                        }
                        let chunk: Chunk<'_> = serde_json::from_slice(data)?;
                        if let Some(text) = chunk.choices.first().and_then(|choice| choice.delta.content.as_deref()) {
                            heard(text);
                        }
                    }
                    buffer.drain(..start);
                }
                // To the end, so that the connection can be used again.
                while answer.chunk().await?.is_some() {}
            }
        }
        Ok(letters)
    }
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Delta<'a>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Option<std::borrow::Cow<'a, str>>,
}

/// The CPU time of all threads of this process.
fn cpu() -> Anything<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let time = |time: TimeVal| Duration::new(time.tv_sec() as u64, time.tv_usec() as u32 * 1_000);
    Ok(time(usage.user_time()) + time(usage.system_time()))
}
