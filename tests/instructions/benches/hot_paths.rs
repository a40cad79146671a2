//! The hot paths, each small and the same in each run. What stands in a setup is not counted, nor is what a path returns
//! dropped while it is. How to run them: `tests/instructions/run.sh`.

use std::fs;
use std::future::poll_fn;
use std::hint::black_box;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use futures_core::Stream;
use gungraun::{library_benchmark, library_benchmark_group, main};
use instructions::limits;
use lk_plugin::{
    AudioFrameRef, ChatChunk, ChatContext, ChatOptions, Config, Error, EventStream, Kind, Llm, LlmStream, Plugin,
    PluginConfig, Registry, Resampler, Result, Vad, VadEvent, VadStream, lk_plugin,
};
use lk_plugins as _;

/// How many look-ups, and how many tokens, are counted together, so that one instruction more is not yet 5 %.
const LOOK_UPS: usize = 1_000;
const TOKENS: usize = 100;

/// Who left a note: the name of ours, with its zero.
const NOTE_NAME: &[u8] = b"lk-plugin\0";

struct Detector {
    stream: Box<dyn VadStream>,
    rate: u32,
    samples: Vec<i16>,
    events: Vec<VadEvent>,
}

impl Detector {
    fn push(&mut self) -> Result<()> {
        self.events.clear();
        self.stream.push(AudioFrameRef::new(&self.samples, self.rate, 1)?, &mut self.events)
    }
}

/// A detector that has heard a second, and what it is to hear next.
fn detector(rate: u32, samples: usize) -> Detector {
    let vad = Registry::global().create::<dyn Vad>("silero", &Config::new()).unwrap();
    let (stream, events) = (vad.stream().unwrap(), Vec::with_capacity(64));
    let mut detector = Detector { stream, rate, samples: noise(rate as usize), events };
    detector.push().unwrap();
    detector.samples.truncate(samples);
    detector
}

/// Loud noise: faint audio, or none, would do for the way through the network too, which has no branches.
fn noise(count: usize) -> Vec<i16> {
    let mut state = 1_u32;
    let mut sample = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 18) as i16 - 8_192
    };
    (0..count).map(|_| sample()).collect()
}

#[library_benchmark(setup = detector)]
#[bench::at_16_khz(args = (16_000, 512), config = limits("silero.at_16_khz"))]
#[bench::at_48_khz(args = (48_000, 4_800), config = limits("silero.at_48_khz"))]
fn silero(mut detector: Detector) -> (Detector, Result<()>) {
    let pushed = detector.push();
    (detector, pushed)
}

/// A converter that has converted 100 ms, and as much again.
fn converter() -> (Resampler, Vec<f32>, Vec<f32>) {
    let input: Vec<f32> = noise(4_800).into_iter().map(f32::from).collect();
    let (mut resampler, mut output) = (Resampler::new(48_000, 16_000).unwrap(), Vec::with_capacity(4_800));
    resampler.push(&input, &mut output).unwrap();
    output.clear();
    (resampler, input, output)
}

#[library_benchmark]
#[bench::from_48_khz(args = (), setup = converter, config = limits("resample.from_48_khz"))]
fn resample(
    (mut resampler, input, mut output): (Resampler, Vec<f32>, Vec<f32>),
) -> (Resampler, Vec<f32>, Vec<f32>, Result<()>) {
    let pushed = resampler.push(&input, &mut output);
    (resampler, input, output, pushed)
}

struct Parrot;

impl Llm for Parrot {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Err(Error::unsupported("it only listens"))
    }
}

/// Names as long as real ones, and of different lengths.
fn name(number: usize) -> String {
    ["openai", "deepgram-nova", "local-whisper-large", "x"][number % 4].to_owned() + "-" + &number.to_string()
}

/// A registry of so many plugins, and as many names, which are there or not.
fn registry(count: usize, there: bool) -> (Registry, Vec<String>) {
    let plugins = (0..count).map(|number| Plugin::new::<dyn Llm>(name(number), |_| Ok(Box::new(Parrot))));
    let first = if there { 0 } else { count };
    (Registry::of(plugins).unwrap(), (first..first + count).map(name).collect())
}

#[library_benchmark(setup = registry)]
#[bench::hit_13(args = (13, true), config = limits("look_up.hit_13"))]
#[bench::miss_13(args = (13, false), config = limits("look_up.miss_13"))]
#[bench::hit_1000(args = (1_000, true), config = limits("look_up.hit_1000"))]
#[bench::miss_1000(args = (1_000, false), config = limits("look_up.miss_1000"))]
fn look_up((registry, names): (Registry, Vec<String>)) -> (Registry, Vec<String>, usize) {
    let found = names.iter().cycle().take(LOOK_UPS).filter(|name| registry.get(Kind::Llm, black_box(name)).is_some());
    let count = found.count();
    (registry, names, count)
}

/// The keys that a plugin for a provider has.
#[derive(Debug, PluginConfig)]
#[expect(dead_code, reason = "what is counted is how it is read")]
struct ParrotConfig {
    /// Which model.
    #[config(default = "parrot-large")]
    model: String,
    /// In which language.
    #[config(default = "en")]
    language: String,
    /// How freely it speaks.
    #[config(default = 0.7, range = 0.0..=2.0)]
    temperature: f64,
    /// How often it tries.
    #[config(default = 3, range = 0..=10)]
    retries: u32,
    /// How long it tries.
    #[config(default = 30.0, range = 0.1..=600.0)]
    timeout: Duration,
}

struct Configured {
    _config: ParrotConfig,
}

impl Llm for Configured {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Err(Error::unsupported("it only listens"))
    }
}

#[lk_plugin(kind = "llm", name = "configured")]
fn configured(config: ParrotConfig) -> Configured {
    Configured { _config: config }
}

/// The program's registry, which was asked before, and what each key is set to.
fn given() -> (&'static Registry, Config) {
    let json = r#"{"model": "grey", "language": "fr", "temperature": 0.2, "retries": 5, "timeout": 12.5}"#;
    let (registry, config) = (Registry::global(), Config::from_json(json).unwrap());
    registry.create::<dyn Llm>("configured", &config).unwrap();
    (registry, config)
}

#[library_benchmark]
#[bench::five_keys(args = (), setup = given, config = limits("create.five_keys"))]
fn create((registry, config): (&'static Registry, Config)) -> (Config, Result<Box<dyn Llm>>) {
    let made = registry.create::<dyn Llm>(black_box("configured"), &config);
    (config, made)
}

/// Says the same token again and again, from an async function, as plugins that speak to a server do.
struct Talker;

impl Llm for Talker {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Ok(EventStream::from_fn(|mut chunks| async move {
            loop {
                chunks.send(ChatChunk::text("chatcmpl-123", " token")).await?;
            }
        }))
    }
}

#[lk_plugin(kind = "llm", name = "talker")]
fn talker() -> Talker {
    Talker
}

fn listen(chat: &mut LlmStream, tokens: usize) -> usize {
    let heard = async {
        let mut heard = 0;
        while heard < tokens {
            match poll_fn(|context| Pin::new(&mut *chat).poll_next(context)).await {
                Some(Ok(chunk)) => heard += usize::from(black_box(chunk).has_response()),
                _ => break,
            }
        }
        heard
    };
    pollster::block_on(heard)
}

/// A chat that has begun.
fn begun() -> LlmStream {
    let llm = Registry::global().create::<dyn Llm>("talker", &Config::new()).unwrap();
    let mut chat = llm.chat(&ChatContext::new(), &ChatOptions::default()).unwrap();
    assert_eq!(listen(&mut chat, TOKENS), TOKENS);
    chat
}

#[library_benchmark]
#[bench::tokens(args = (), setup = begun, config = limits("chat.tokens"))]
fn chat(mut chat: LlmStream) -> (LlmStream, usize) {
    let heard = listen(&mut chat, TOKENS);
    (chat, heard)
}

/// A file with notes in it and nothing else. (In our own executable they would be longer where the checkout's path is.)
fn file() -> PathBuf {
    const HEADERS: usize = 64 + 56;
    // Behind a letter each: what the fuzz target reads.
    let texts = include_str!("../../fuzz/corpus/note/both").trim_start_matches('n');
    let mut notes = Vec::new();
    for text in texts.split("\n===\n") {
        let (number, json) = if let Some(json) = text.strip_prefix('m') { (2, json) } else { (1, &text[1..]) };
        for word in [NOTE_NAME.len() as u32, json.len() as u32, number] {
            notes.extend(word.to_le_bytes());
        }
        for part in [NOTE_NAME, json.as_bytes()] {
            notes.extend(part);
            notes.resize(notes.len().next_multiple_of(4), 0);
        }
    }
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    // A shared object for x86-64 with one program header, of type PT_NOTE.
    bytes.extend([3, 0, 62, 0, 1, 0, 0, 0]);
    bytes.extend([0, 64, 0_u64].map(u64::to_le_bytes).concat());
    bytes.extend([0, 0, 64, 56, 1, 0, 0, 0_u16].map(u16::to_le_bytes).concat());
    bytes.extend([4, 4_u32].map(u32::to_le_bytes).concat());
    let (start, length) = (HEADERS as u64, notes.len() as u64);
    bytes.extend([start, start, start, length, length, 4].map(u64::to_le_bytes).concat());
    bytes.extend(notes);
    let path = PathBuf::from("two-notes.so");
    fs::write(&path, bytes).unwrap();
    assert_eq!(lk_plugin::dynamic::inspect(&path).unwrap().plugins.len(), 1);
    path
}

#[library_benchmark]
#[bench::two_notes(args = (), setup = file, config = limits("inspect.two_notes"))]
fn inspect(path: PathBuf) -> Result<lk_plugin::dynamic::Contents, lk_plugin::dynamic::Refusal> {
    lk_plugin::dynamic::inspect(&path)
}

library_benchmark_group!(name = paths, benchmarks = [silero, resample, look_up, create, chat, inspect]);

main!(library_benchmark_groups = paths);
