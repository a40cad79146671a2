//! `tts/fallback` and `tts/stream`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lk_plugin::adapters::{FallbackOptions, TtsFallback, TtsStreamAdapter, TtsStreamOptions};
use lk_plugin::monitor::Monitor;
use lk_plugin::{Config, Kind, PluginConfig, Result, Tts, lk_plugin};

use super::part::{members, part};

/// Which voices [`fallback`] has, and when the next one speaks.
#[derive(Debug, Clone, PluginConfig)]
pub struct FallbackTtsConfig {
    /// The voices, the first choice first: each the name of a plugin, or name and model as `openai/tts-1`.
    #[config(length = 1..)]
    members: Vec<String>,
    /// The config of each member that needs one, by what it is called in `members`, or by its plugin's name.
    #[config(default = {})]
    configs: BTreeMap<String, Config>,
    /// How long an attempt may take until the first audio, and between two frames.
    #[config(default = 10.0, range = 0.001..=3_600.0)]
    attempt_timeout: Duration,
    /// Attempts of a member after its first.
    #[config(default = 2, range = 0..=100)]
    max_retry: u32,
    /// The pause before such an attempt.
    #[config(default = 0.5, range = 0.0..=3_600.0)]
    retry_interval: Duration,
    /// Whether the next member starts over when one fails in the middle of a segment.
    #[config(default = false)]
    switch_after_output: bool,
    /// The least time from one probe of a failed member to the next.
    #[config(default = 1.0, range = 0.0..=3_600.0)]
    probe_interval: Duration,
    /// The rate of the speech, to which members are resampled; their highest when it is not given.
    #[config(range = 1_000..=768_000, unit = "Hz")]
    sample_rate: Option<u32>,
}

/// Speaks with one voice after the other until one is heard.
///
/// # Errors
///
/// What is wrong with a member, and where it is named.
#[lk_plugin(kind = "tts", name = "fallback")]
pub fn fallback(config: FallbackTtsConfig) -> Result<TtsFallback> {
    let monitor = Monitor::global();
    let meter = |(name, tts): (String, Arc<dyn Tts>)| {
        let metered: Arc<dyn Tts> = Arc::new(monitor.meter_tts(&format!("tts/{name}"), tts));
        (name, metered)
    };
    let members = members(&config.members, &config.configs)?.into_iter().map(meter);
    let mut options = FallbackOptions::of(Kind::Tts)
        .with_attempt_timeout(config.attempt_timeout)
        .with_retries(config.max_retry, config.retry_interval)
        .with_switch_after_output(config.switch_after_output)
        .with_probe_interval(config.probe_interval);
    options.sample_rate = config.sample_rate;
    TtsFallback::with_options(members, options, monitor)
}

/// Which voice [`stream`] has, and what it speaks at once.
#[derive(Debug, Clone, PluginConfig)]
pub struct StreamTtsConfig {
    /// The voice: the name of a plugin, or name and model as `openai/tts-1`.
    tts: String,
    /// Its config.
    #[config(default = {})]
    tts_config: Config,
    /// The fewest characters that are spoken at once, where there are so many.
    #[config(default = 20, range = 0..=1_000, unit = "characters")]
    min_sentence_len: usize,
    /// How many characters must be there before the first end of a sentence is looked for.
    #[config(default = 10, range = 0..=1_000, unit = "characters")]
    stream_context_len: usize,
}

/// Speaks text while it is written, a sentence at a time, with a voice that speaks whole texts.
///
/// # Errors
///
/// What is wrong with the voice.
#[lk_plugin(kind = "tts", name = "stream", description = "Speaks text while it is written, a sentence at a time, with another tts plugin")]
pub fn stream(config: StreamTtsConfig) -> Result<TtsStreamAdapter> {
    let tts: Arc<dyn Tts> = part("tts", &config.tts, &config.tts_config.within("tts_config"))?;
    let metered = Monitor::global().meter_tts(&format!("tts/{}", config.tts), tts);
    let options = TtsStreamOptions::default()
        .with_min_sentence_len(config.min_sentence_len)
        .with_stream_context_len(config.stream_context_len);
    Ok(TtsStreamAdapter::new(Arc::new(metered)).with_options(options))
}
