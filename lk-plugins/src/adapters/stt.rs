//! `stt/fallback` and `stt/stream`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lk_plugin::adapters::{FallbackOptions, SttFallback, SttStreamAdapter};
use lk_plugin::monitor::Monitor;
use lk_plugin::{Config, Kind, PluginConfig, Result, Stt, Vad, lk_plugin};

use super::part::{members, part};

/// Which plugins [`fallback`] asks, and when the next one.
#[derive(Debug, Clone, PluginConfig)]
pub struct FallbackSttConfig {
    /// The plugins, the first choice first: each the name of one, or name and model as `openai/whisper-1`.
    #[config(length = 1..)]
    members: Vec<String>,
    /// The config of each member that needs one, by what it is called in `members`, or by its plugin's name.
    #[config(default = {})]
    configs: BTreeMap<String, Config>,
    /// The vad that makes live streams of members that know none.
    vad: Option<String>,
    /// Its config.
    #[config(default = {})]
    vad_config: Config,
    /// How long an attempt may take; in a live stream how long a member may take no audio, or send nothing after the end.
    #[config(default = 10.0, range = 0.001..=3_600.0)]
    attempt_timeout: Duration,
    /// Attempts of a member after its first.
    #[config(default = 1, range = 0..=100)]
    max_retry: u32,
    /// The pause before such an attempt.
    #[config(default = 5.0, range = 0.0..=3_600.0)]
    retry_interval: Duration,
    /// The least time from one probe of a failed member to the next.
    #[config(default = 1.0, range = 0.0..=3_600.0)]
    probe_interval: Duration,
    /// How much audio since the last transcript a live stream keeps for the next member.
    #[config(default = 60.0, range = 0.0..=3_600.0)]
    replay: Duration,
}

/// Transcribes with one plugin after the other until one does.
///
/// # Errors
///
/// What is wrong with a member, and where it is named.
#[lk_plugin(kind = "stt", name = "fallback")]
pub fn fallback(config: FallbackSttConfig) -> Result<SttFallback> {
    let monitor = Monitor::global();
    let meter = |(name, stt): (String, Arc<dyn Stt>)| {
        let metered: Arc<dyn Stt> = Arc::new(monitor.meter_stt(&format!("stt/{name}"), stt));
        (name, metered)
    };
    let members = members(&config.members, &config.configs)?.into_iter().map(meter);
    let vad = config.vad.map(|vad| metered_vad(&vad, &config.vad_config)).transpose()?;
    let options = FallbackOptions::of(Kind::Stt)
        .with_attempt_timeout(config.attempt_timeout)
        .with_retries(config.max_retry, config.retry_interval)
        .with_probe_interval(config.probe_interval)
        .with_replay(config.replay);
    SttFallback::with_options(members, vad, options, monitor)
}

/// What [`stream`] consists of.
#[derive(Debug, Clone, PluginConfig)]
pub struct StreamSttConfig {
    /// What transcribes: the name of a plugin, or name and model as `openai/whisper-1`.
    stt: String,
    /// Its config.
    #[config(default = {})]
    stt_config: Config,
    /// What cuts the audio into utterances: the name of a plugin.
    #[config(default = "silero")]
    vad: String,
    /// Its config.
    #[config(default = {})]
    vad_config: Config,
}

/// Transcribes live with a plugin that transcribes whole utterances, which a vad cuts out.
///
/// # Errors
///
/// What is wrong with one of the two.
#[lk_plugin(kind = "stt", name = "stream", description = "Transcribes live with another stt plugin, for which a vad cuts the audio")]
pub fn stream(config: StreamSttConfig) -> Result<SttStreamAdapter> {
    let stt: Arc<dyn Stt> = part("stt", &config.stt, &config.stt_config.within("stt_config"))?;
    let metered = Monitor::global().meter_stt(&format!("stt/{}", config.stt), stt);
    Ok(SttStreamAdapter::new(Arc::new(metered), metered_vad(&config.vad, &config.vad_config)?))
}

fn metered_vad(spec: &str, config: &Config) -> Result<Arc<dyn Vad>> {
    let vad: Arc<dyn Vad> = part("vad", spec, &config.clone().within("vad_config"))?;
    Ok(Arc::new(Monitor::global().meter_vad(&format!("vad/{spec}"), vad)))
}
