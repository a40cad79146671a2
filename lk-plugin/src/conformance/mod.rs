//! Does a plugin keep the contract? (Feature `conformance`.)
//!
//! One line in an author's own tests:
//!
//! ```
//! # mod plugin {
//! #     use lk_plugin::{ChatChunk, ChatContext, ChatOptions, EventStream, Llm, LlmStream, Result, lk_plugin};
//! #     pub struct Parrot;
//! #     impl Llm for Parrot {
//! #         fn chat(&self, _: &ChatContext, options: &ChatOptions) -> Result<LlmStream> {
//! #             if options.response_schema.is_some() { return Err(lk_plugin::Error::unsupported("it follows no schema")); }
//! #             Ok(EventStream::from_fn(|mut chunks| async move { chunks.send(ChatChunk::text("1", "hello")).await }))
//! #         }
//! #         fn capabilities(&self) -> lk_plugin::LlmCapabilities { lk_plugin::LlmCapabilities::default().with_tools(false) }
//! #     }
//! #     /// Says hello.
//! #     #[lk_plugin(kind = "llm", name = "conforming-parrot")]
//! #     fn new() -> Parrot { Parrot }
//! # }
//! # let config = lk_plugin::Config::new();
//! lk_plugin::conformance::assert_conforms("llm/conforming-parrot", &config);
//! ```
//!
//! A check makes instances of its own with the given config and uses them as an agent would, and as an agent should not:
//! with empty input, a huge frame, frames of one sample, odd rates, input after the end, two calls at once, calls given up
//! at every point where they wait. Each runs on a thread of its own; what panics or hangs is a finding like any other.
//!
//! A detector whose model is called `fake` plays a script; what it hears is not compared with the audio.
//!
//! A plugin that speaks to a provider is checked against that provider: point its config at a server that may be used so.

use std::fmt;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::kinds::{Kind, Llm, Stt, Tts, Vad};
use crate::plugin::Plugin;
use crate::registry::Registry;

mod audio;
mod every_kind;
mod llm;
mod run;
mod secrets;
mod stt;
mod tts;
mod vad;

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// The check, such as `edges-alternate`; names never change.
    pub check: &'static str,
    /// What must hold.
    pub rule: &'static str,
    /// Whether it does.
    pub verdict: Verdict,
}

/// Whether a rule holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It holds.
    Passed,
    /// It does not apply to this plugin, for this reason.
    Skipped(String),
    /// It does not hold: what was seen.
    Finding(String),
}

/// What all checks of a plugin found, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Kind and name: `stt/openai`.
    pub plugin: String,
    /// One outcome a check.
    pub outcomes: Vec<Outcome>,
}

impl Report {
    /// The outcomes that are findings.
    pub fn findings(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| matches!(outcome.verdict, Verdict::Finding(_)))
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings().next().is_none()
    }
}

impl fmt::Display for Report {
    /// The findings, one a line, after a line that counts them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = match self.findings().count() {
            1 => "1 finding".to_owned(),
            findings => format!("{findings} findings"),
        };
        write!(f, "{}: {counted} in {} checks", self.plugin, self.outcomes.len())?;
        for outcome in self.findings() {
            if let Verdict::Finding(seen) = &outcome.verdict {
                write!(f, "\n{}: {seen} (the rule: {})", outcome.check, outcome.rule)?;
            }
        }
        Ok(())
    }
}

/// Runs all checks of the plugin's kind with instances of this config.
///
/// ```
/// # use lk_plugin::{ChatChunk, ChatContext, ChatOptions, EventStream, Llm, LlmStream, Result};
/// # struct Parrot;
/// # impl Llm for Parrot {
/// #     fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
/// #         Ok(EventStream::from_fn(|mut chunks| async move { chunks.send(ChatChunk::text("1", "hello")).await }))
/// #     }
/// # }
/// use lk_plugin::conformance::{Verdict, check};
/// use lk_plugin::{Config, Plugin};
///
/// let plugin = Plugin::new::<dyn Llm>("parrot", |_config| Ok(Box::new(Parrot)));
/// let report = check(&plugin, &Config::new());
/// // It says of itself neither what it is nor where it comes from.
/// let finding = report.findings().find(|outcome| outcome.check == "is-described");
/// assert!(finding.is_some_and(|outcome| matches!(&outcome.verdict, Verdict::Finding(_))));
/// ```
#[must_use]
pub fn check(plugin: &Plugin, config: &Config) -> Report {
    let outcomes = match plugin.kind() {
        Kind::Llm => run::all::<dyn Llm>(plugin, config, llm::short_call, &every_kind::checks(), llm::CHECKS),
        Kind::Stt => run::all::<dyn Stt>(plugin, config, stt::short_call, &every_kind::checks(), stt::CHECKS),
        Kind::Tts => run::all::<dyn Tts>(plugin, config, tts::short_call, &every_kind::checks(), tts::CHECKS),
        Kind::Vad => run::all::<dyn Vad>(plugin, config, vad::short_call, &every_kind::checks(), vad::CHECKS),
    };
    Report { plugin: plugin.to_string(), outcomes }
}

/// Checks the linked plugin of this name, `kind/name`.
///
/// # Errors
///
/// [`NotFound`](crate::ErrorKind::NotFound) when there is none, [`InvalidInput`](crate::ErrorKind::InvalidInput) when
/// that is no kind and name, [`Duplicate`](crate::ErrorKind::Duplicate) when two linked plugins have one name.
pub fn check_linked(spec: &str, config: &Config) -> Result<Report> {
    let (kind, name) = spec.split_once('/').ok_or_else(|| {
        Error::invalid_input(format!("`{spec}` is not `kind/name`; write kind and name, as in `stt/openai`"))
    })?;
    Ok(check(Registry::try_global()?.find(kind.parse()?, name)?, config))
}

/// [`check_linked`] for tests.
///
/// # Panics
///
/// With the report when there are findings, and when there is no such plugin.
#[expect(clippy::panic, reason = "what an assertion is for")]
pub fn assert_conforms(spec: &str, config: &Config) {
    match check_linked(spec, config) {
        Ok(report) if report.is_clean() => {}
        Ok(report) => panic!("{report}"),
        Err(error) => panic!("{error}"),
    }
}
