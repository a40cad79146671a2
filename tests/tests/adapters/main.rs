//! The adapters and the monitor: live streams of whole-utterance plugins, fallbacks, metrics, and all of it from configs.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod config;
mod llm_fallback;
mod monitor;
mod scripted;
mod spans;
mod stt_fallback;
mod stt_stream;
mod timers;
mod tts_fallback;
mod tts_stream;

use std::time::Duration;

use lk_plugin::Kind;
use lk_plugin::adapters::FallbackOptions;
use lk_plugin::monitor::{MonitorEvent, MonitorEvents};

use lk_plugins as _;

/// Impatient, and eager to probe.
fn options(kind: Kind) -> FallbackOptions {
    FallbackOptions::of(kind)
        .with_attempt_timeout(Duration::from_millis(50))
        .with_retries(0, Duration::ZERO)
        .with_probe_interval(Duration::ZERO)
}

/// All that was told so far of who is to be had, as `name+` and `name-`.
fn availability(events: &mut MonitorEvents) -> Vec<String> {
    let told = std::iter::from_fn(|| events.try_next());
    told.filter_map(|event| match event {
        MonitorEvent::Availability(news) => Some(format!("{}{}", news.member, if news.available { '+' } else { '-' })),
        _ => None,
    })
    .collect()
}

/// Waits for the news that this member is to be had again.
fn recovery(events: &mut MonitorEvents, member: &str) {
    pollster::block_on(async {
        while let Some(event) = events.next().await {
            if let MonitorEvent::Availability(news) = event
                && news.available
                && &*news.member == member
            {
                return;
            }
        }
        panic!("the monitor is gone");
    });
}
