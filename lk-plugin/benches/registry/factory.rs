//! An instance through registry and config beside the constructor called with a finished struct, and a frame through
//! `Box<dyn VadStream>` beside the same stream called directly.

use std::hint::black_box;
use std::time::Duration;

use lk_plugin::{
    AudioFrameRef, ChatContext, ChatOptions, Config, Error, Llm, LlmStream, PluginConfig, Registry, Result,
    SampleRange, Vad, VadCapabilities, VadEvent, VadEventType, VadStream,
};

use super::{Bench, OURS};

/// The keys that a plugin for a provider has.
#[derive(Debug, Clone, PluginConfig)]
#[expect(dead_code, reason = "what is measured is how it is read")]
struct ParrotConfig {
    /// Which model.
    #[config(default = "parrot-large")]
    model: String,
    /// Where it is.
    #[config(default = "https://example.com/v1")]
    base_url: String,
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

struct Configured(ParrotConfig);

impl Llm for Configured {
    fn model(&self) -> &str {
        &self.0.model
    }

    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Err(Error::unsupported("it only listens"))
    }
}

#[lk_plugin::lk_plugin(kind = "llm", name = "configured")]
fn configured(config: ParrotConfig) -> Configured {
    Configured(config)
}

struct Bare;

impl Llm for Bare {
    fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
        Err(Error::unsupported("it only listens"))
    }
}

#[lk_plugin::lk_plugin(kind = "llm", name = "bare")]
fn bare() -> Bare {
    Bare
}

/// Finds each tenth frame worth an event.
#[derive(Default)]
struct Counting {
    frames: u64,
}

impl Vad for Counting {
    fn capabilities(&self) -> VadCapabilities {
        VadCapabilities::new(Duration::from_millis(100))
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        Ok(Box::new(Self::default()))
    }
}

#[lk_plugin::lk_plugin(kind = "vad", name = "counting")]
fn counting() -> Counting {
    Counting::default()
}

impl VadStream for Counting {
    fn push(&mut self, _: AudioFrameRef<'_>, events: &mut Vec<VadEvent>) -> Result<()> {
        self.frames += 1;
        if self.frames.is_multiple_of(10) {
            let audio = SampleRange { start: (self.frames - 10) * 160, end: self.frames * 160, sample_rate: 16_000 };
            events.push(VadEvent::new(VadEventType::InferenceDone, audio));
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    fn end_input(&mut self, _: &mut Vec<VadEvent>) -> Result<()> {
        Ok(())
    }

    fn audio(&self, _: &VadEvent) -> Option<AudioFrameRef<'_>> {
        None
    }
}

pub(crate) fn create(bench: &mut Bench) -> Result<()> {
    let registry = Registry::linked()?;
    let none = Config::new();
    bench.compare(
        "create, no keys",
        1,
        vec![
            (OURS, Box::new(|| _ = black_box(registry.create::<dyn Llm>(black_box("bare"), &none)))),
            ("constructor", Box::new(|| _ = black_box(Box::new(black_box(bare())) as Box<dyn Llm>))),
        ],
    );
    let given = Config::from_json(
        r#"{"model": "grey", "base_url": "https://example.org/v2", "language": "fr", "temperature": 0.2, "retries": 5,
            "timeout": 12.5}"#,
    )?;
    let struct_of = |config: &Config| <ParrotConfig as PluginConfig>::from_config(config);
    for (what, config) in [("create, 6 keys by default", &none), ("create, 6 keys given", &given)] {
        let finished = struct_of(config)?;
        bench.compare(
            what,
            1,
            vec![
                (OURS, Box::new(|| _ = black_box(registry.create::<dyn Llm>(black_box("configured"), config)))),
                (
                    "constructor",
                    Box::new(|| _ = black_box(Box::new(configured(black_box(&finished).clone())) as Box<dyn Llm>)),
                ),
                ("config alone", Box::new(|| _ = black_box(struct_of(black_box(config))))),
            ],
        );
    }
    Ok(())
}

pub(crate) fn push(bench: &mut Bench) -> Result<()> {
    const FRAMES: usize = 1_000;
    let mut through = Registry::linked()?.create::<dyn Vad>("counting", &Config::new())?.stream()?;
    let mut directly = Counting::default();
    let frame = AudioFrameRef::new(&[0; 160], 16_000, 1)?;
    let (mut events, mut their_events) = (Vec::with_capacity(FRAMES), Vec::with_capacity(FRAMES));
    bench.compare(
        "push of a frame",
        FRAMES,
        vec![
            (
                OURS,
                Box::new(|| {
                    events.clear();
                    for _ in 0..FRAMES {
                        _ = black_box(through.push(black_box(frame), &mut events));
                    }
                }),
            ),
            (
                "direct call",
                Box::new(|| {
                    their_events.clear();
                    for _ in 0..FRAMES {
                        _ = black_box(directly.push(black_box(frame), &mut their_events));
                    }
                }),
            ),
        ],
    );
    Ok(())
}
