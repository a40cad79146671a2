//! `llm/fallback`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lk_plugin::adapters::{FallbackOptions, LlmFallback};
use lk_plugin::monitor::Monitor;
use lk_plugin::{Config, Kind, Llm, PluginConfig, Result, lk_plugin};

use super::part::members;

/// Which models [`fallback`] asks, and when the next one.
#[derive(Debug, Clone, PluginConfig)]
pub struct FallbackLlmConfig {
    /// The models, the first choice first: each the name of a plugin, or name and model as `openai/gpt-4o`.
    #[config(length = 1..)]
    members: Vec<String>,
    /// The config of each member that needs one, by what it is called in `members`, or by its plugin's name.
    #[config(default = {})]
    configs: BTreeMap<String, Config>,
    /// How long an attempt may take until the first text or call, and between two.
    #[config(default = 5.0, range = 0.001..=3_600.0)]
    attempt_timeout: Duration,
    /// Attempts of a member after its first.
    #[config(default = 0, range = 0..=100)]
    max_retry: u32,
    /// The pause before such an attempt.
    #[config(default = 0.5, range = 0.0..=3_600.0)]
    retry_interval: Duration,
    /// Whether the next member starts over when one fails in the middle of its answer.
    #[config(default = false)]
    switch_after_output: bool,
    /// The least time from one probe of a failed member to the next.
    #[config(default = 1.0, range = 0.0..=3_600.0)]
    probe_interval: Duration,
}

/// Asks one language model after the other until one answers.
///
/// # Errors
///
/// What is wrong with a member, and where it is named.
#[lk_plugin(kind = "llm", name = "fallback")]
pub fn fallback(config: FallbackLlmConfig) -> Result<LlmFallback> {
    let monitor = Monitor::global();
    let meter = |(name, llm): (String, Arc<dyn Llm>)| {
        let metered: Arc<dyn Llm> = Arc::new(monitor.meter_llm(&format!("llm/{name}"), llm));
        (name, metered)
    };
    let members = members(&config.members, &config.configs)?.into_iter().map(meter);
    let options = FallbackOptions::of(Kind::Llm)
        .with_attempt_timeout(config.attempt_timeout)
        .with_retries(config.max_retry, config.retry_interval)
        .with_switch_after_output(config.switch_after_output)
        .with_probe_interval(config.probe_interval);
    LlmFallback::with_options(members, options, monitor)
}
