//! What a streamed token costs: `llm/openai`, async-openai and bare reqwest against one local server, in one run.
//!
//! `cargo run --release --manifest-path lk-plugins/benches/openai/Cargo.toml`
//!
//! The server is a process of its own on the second core. The clients take turns on the first, all their threads pinned
//! to it; their CPU time is what the system counts for the process. Each is a client as its users have it: a tokio runtime
//! of one thread that reads the stream. (The plugin has a runtime of its own besides.)

use std::env;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{ChatCompletionRequestUserMessageArgs, CreateChatCompletionRequestArgs};
use futures_util::StreamExt as _;
use lk_plugin::{ChatContext, ChatOptions, ChatRole, Config, Llm, Registry};
use lk_plugins as _;
use serde::Deserialize;
use tokio::runtime::Runtime;

const TOKENS: usize = 5_000;
const ROUNDS: usize = 30;
const FIRST_TOKENS: usize = 400;

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Anything<()> {
    if env::args().nth(1).as_deref() == Some("serve") {
        return serve();
    }
    let mut server = Command::new(env::current_exe()?).arg("serve").stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(server.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    pin_to(0);
    let outcome = measure(line.trim());
    server.kill()?;
    outcome
}

fn measure(host: &str) -> Anything<()> {
    // The two others take whatever provider the process has; ours brings its own.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let clients = [Client::ours(host)?, Client::async_openai(host), Client::bare(host)];

    let mut costs = [const { Vec::new() }; 3];
    for round in 0..=ROUNDS {
        for (client, costs) in clients.iter().zip(&mut costs) {
            let before = cpu();
            let letters = client.burst(&runtime)?;
            let spent = cpu() - before;
            assert_eq!(letters, TOKENS * 6);
            // The first round warms connections and caches.
            if round > 0 {
                costs.push(spent.as_secs_f64() * 1e6 / TOKENS as f64);
            }
        }
    }
    let mut firsts = [const { Vec::new() }; 3];
    for _ in 0..FIRST_TOKENS {
        for (client, firsts) in clients.iter().zip(&mut firsts) {
            firsts.push(client.first(&runtime)?.as_secs_f64() * 1e6);
        }
    }
    let [ours, theirs, bare] = costs.map(median);
    println!("CPU per token, burst of {TOKENS}, median of {ROUNDS} rounds");
    println!("  llm/openai    {ours:6.3} µs");
    println!("  async-openai  {theirs:6.3} µs   ratio ours/theirs {:.2} (goal 0.70)", ours / theirs);
    println!("  bare reqwest  {bare:6.3} µs   ratio ours/bare   {:.2}", ours / bare);
    let [ours, theirs, bare] = firsts.map(median);
    println!("time to the first token on a warm connection, median of {FIRST_TOKENS}");
    println!("  llm/openai    {ours:6.1} µs");
    println!("  async-openai  {theirs:6.1} µs   ours - theirs {:+.1} µs", ours - theirs);
    println!("  bare reqwest  {bare:6.1} µs   ours - bare   {:+.1} µs (goal +50)", ours - bare);
    Ok(())
}

enum Client {
    Ours(Box<dyn Llm>),
    AsyncOpenAi(Box<async_openai::Client<OpenAIConfig>>),
    Bare(reqwest::Client, String),
}

impl Client {
    fn ours(host: &str) -> Anything<Self> {
        let mut config = Config::new();
        config.insert("api_key", "k");
        config.insert("base_url", format!("http://{host}/v1"));
        Ok(Self::Ours(Registry::global().create::<dyn Llm>("openai/gpt-4o-mini", &config)?))
    }

    fn async_openai(host: &str) -> Self {
        let config = OpenAIConfig::new().with_api_key("k").with_api_base(format!("http://{host}/v1"));
        Self::AsyncOpenAi(Box::new(async_openai::Client::with_config(config)))
    }

    fn bare(host: &str) -> Self {
        Self::Bare(reqwest::Client::new(), format!("http://{host}/v1/chat/completions"))
    }

    /// The letters of a burst.
    fn burst(&self, runtime: &Runtime) -> Anything<usize> {
        runtime.block_on(self.ask("burst", |_| ()))
    }

    /// How long the first token takes.
    fn first(&self, runtime: &Runtime) -> Anything<Duration> {
        let started = Instant::now();
        let mut first = None;
        runtime.block_on(self.ask("first", |_| {
            first.get_or_insert_with(|| started.elapsed());
        }))?;
        first.ok_or_else(|| "no token".into())
    }

    async fn ask(&self, what: &str, mut token: impl FnMut(&str)) -> Anything<usize> {
        let mut letters = 0;
        let mut heard = |text: &str| {
            letters += text.len();
            token(black_box(text));
        };
        match self {
            Self::Ours(llm) => {
                let mut context = ChatContext::new();
                context.add_message(ChatRole::User, what);
                let mut chunks = llm.chat(&context, &ChatOptions::default())?;
                while let Some(chunk) = chunks.next().await {
                    if let Some(text) = chunk?.delta.and_then(|delta| delta.content) {
                        heard(&text);
                    }
                }
            }
            Self::AsyncOpenAi(client) => {
                let message = ChatCompletionRequestUserMessageArgs::default().content(what).build()?;
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
                    r#"{{"model":"gpt-4o-mini","stream":true,"messages":[{{"role":"user","content":"{what}"}}]}}"#
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

/// Answers every request at once: with a burst, or with one token.
fn serve() -> Anything<()> {
    pin_to(1);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let (burst, first) = (reply(TOKENS), reply(1));
    for socket in listener.incoming() {
        let mut socket = socket?;
        let (burst, first) = (burst.clone(), first.clone());
        std::thread::spawn(move || {
            socket.set_nodelay(true).ok();
            while let Some(request) = request(&mut socket) {
                let reply = if request.contains(r#""content":"burst""#) { &burst } else { &first };
                if socket.write_all(reply).is_err() {
                    return;
                }
            }
        });
    }
    Ok(())
}

/// As OpenAI sends it, each token a piece of its own.
fn reply(tokens: usize) -> Vec<u8> {
    let mut reply =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let mut piece = |text: String| {
        reply.extend_from_slice(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes());
    };
    let chunk = |delta: &str, finish: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-BFw4cXGqcMw0lGQbXnJxmHHSKvVgB\",\"object\":\"chat.completion.chunk\",\"created\":1743594174,\
             \"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_b376dfbbd5\",\
             \"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish}}}]}}\n\n"
        )
    };
    for number in 0..tokens {
        piece(chunk(&format!("{{\"content\":\" {number:05}\"}}"), "null"));
    }
    piece(chunk("{}", "\"stop\""));
    piece("data: [DONE]\n\n".to_owned());
    reply.extend_from_slice(b"0\r\n\r\n");
    reply
}

fn request(socket: &mut TcpStream) -> Option<String> {
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&received);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            if body.len() >= length.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0) {
                return Some(text.into_owned());
            }
        }
        match socket.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => received.extend_from_slice(&buffer[..read]),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The CPU time of all threads of this process.
fn cpu() -> Duration {
    // SAFETY: an `rusage` is numbers, for which zeroes will do; the call writes one into it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let time = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1_000);
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// This thread, and all that it starts from here on.
fn pin_to(core: usize) {
    // SAFETY: a `cpu_set_t` is bits, for which zeroes will do; the calls set one and read it.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set);
    }
}
