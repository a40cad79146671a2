//! `lk-go plugin check`: does a plugin keep the contract?

use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;

use lk_plugin::conformance::{self, Report, Verdict};
use lk_plugin::{Config, ErrorKind, Plugin, Registry};
use serde::Serialize;

use super::chosen;
use super::instance::Instance;
use super::named::{self, Named};
use crate::BuiltIns;
use crate::cli::{CheckArgs, ListFormat};
use crate::error::{Error, Exit, Result};
use crate::{interrupt, output, plugin_files, terminal};

/// Why something was not checked after Ctrl-C.
const INTERRUPTED: &str = "interrupted";

/// The version of the JSON document; grows when a reader would have to change.
const FORMAT: u32 = 1;

/// Checks the plugins that were named, or all.
///
/// # Errors
///
/// When there is no such plugin, a file cannot be loaded, or a config is given for several plugins.
pub(super) fn run(arguments: &CheckArgs, built_ins: BuiltIns<'_>) -> Result<Exit> {
    let are_named = !arguments.plugins.is_empty();
    let plugins = if are_named { named(&arguments.plugins, built_ins)? } else { named::registry()?.plugins() };
    if !arguments.config.is_empty() && plugins.len() != 1 {
        return Err(Error::Usage("a config is for one plugin; name it as `kind/name`".to_owned()));
    }
    let config = chosen::config(&arguments.config)?;
    let mut document = Document { format: FORMAT, plugins: Vec::new() };
    interrupt::listen();
    for plugin in &plugins {
        let progress = output::waiting(format_args!("checking {plugin}"));
        document.plugins.push(Checked::of(plugin, &config, are_named));
        progress.finish_and_clear();
    }
    match arguments.format {
        ListFormat::Json => output::json(&document)?,
        ListFormat::Table => document.print(!arguments.config.is_empty())?,
    }
    if interrupt::requested() {
        output::note("interrupted; the rest was not checked");
        return Ok(Exit::Interrupted);
    }
    Ok(document.exit(are_named))
}

fn named(names: &[String], built_ins: BuiltIns<'_>) -> Result<Vec<Plugin>> {
    let mut plugins = Vec::new();
    for name in names {
        match Named::find(name, built_ins)? {
            Named::Plugin(plugin) => plugins.push(plugin),
            Named::File(_) => {
                // One of its own: what the file exports may have the names of what is linked here.
                let registry = Registry::empty();
                plugin_files::load_file(&registry, Path::new(name))?;
                plugins.extend(registry.plugins());
            }
        }
    }
    Ok(plugins)
}

#[derive(Serialize)]
struct Document {
    format: u32,
    plugins: Vec<Checked>,
}

/// What became of one plugin.
#[derive(Serialize)]
struct Checked {
    plugin: String,
    version: String,
    package: String,
    source: String,
    status: Status,
    /// Why it was not checked.
    reason: Option<String>,
    checks: Vec<Check>,
    /// What it means that it was not checked, if it was named.
    #[serde(skip)]
    failure: Option<Exit>,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Status {
    Passed,
    Findings,
    NotChecked,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    rule: &'static str,
    verdict: &'static str,
    /// What was seen, or why the rule does not apply.
    detail: Option<String>,
}

impl Checked {
    fn of(plugin: &Plugin, config: &Config, is_named: bool) -> Self {
        let mut checked = Self {
            plugin: plugin.to_string(),
            version: plugin.version().to_owned(),
            package: plugin.package().to_owned(),
            source: plugin.source().to_owned(),
            status: Status::NotChecked,
            reason: None,
            checks: Vec::new(),
            failure: None,
        };
        if interrupt::requested() {
            return checked.not(INTERRUPTED, None);
        }
        match &Instance::of(plugin, config) {
            Err(error) if error.kind() == ErrorKind::Config => {
                return checked.not(error.message(), Some(Exit::Config));
            }
            // A constructor that fails for another reason is what the checks find.
            Err(_) => {}
            Ok(instance) => {
                if let Some((reason, failure)) = obstacle(instance, plugin, is_named) {
                    return checked.not(&reason, failure);
                }
            }
        }
        match output::quiet_panics(|| report(plugin, config)) {
            None if interrupt::requested() => return checked.not(INTERRUPTED, None),
            None => return checked.not("the checks broke off", Some(Exit::Bug)),
            Some(report) => checked.checks = checks(report),
        }
        let is_clean = checked.checks.iter().all(|check| check.verdict != FINDING);
        checked.status = if is_clean { Status::Passed } else { Status::Findings };
        checked
    }

    /// It was not checked, for this reason.
    fn not(mut self, reason: &str, failure: Option<Exit>) -> Self {
        self.reason = Some(reason.to_owned());
        self.failure = failure;
        self
    }

    fn count(&self, verdict: &str) -> usize {
        self.checks.iter().filter(|check| check.verdict == verdict).count()
    }
}

/// Why a plugin that asks a provider is not checked, and what that means if it was named.
fn obstacle(instance: &Instance, plugin: &Plugin, is_named: bool) -> Option<(String, Option<Exit>)> {
    let provider = instance.provider()?;
    if !is_named {
        return Some((format!("it would ask `{provider}`; name `{plugin}` to have it checked all the same"), None));
    }
    match interrupt::or(instance.ask()) {
        None => Some((INTERRUPTED.to_owned(), None)),
        Some(Err(error)) if is_nobody_there(&error) => Some((error.to_string(), Some(Exit::Provider))),
        // Another error is what the checks are there for.
        Some(_) => None,
    }
}

/// Whether the provider cannot be used at all: of the plugin that tells nothing.
fn is_nobody_there(error: &lk_plugin::Error) -> bool {
    match error.kind() {
        ErrorKind::ApiConnection | ErrorKind::ApiTimeout => true,
        // No key that counts, no such model, too much asked of it, or broken.
        ErrorKind::ApiStatus => error.status().is_some_and(|status| matches!(status, 401..=404 | 429 | 500..)),
        _ => false,
    }
}

/// What the checks found; `None` when Ctrl-C came first. Nothing can end them then but the process.
fn report(plugin: &Plugin, config: &Config) -> Option<Report> {
    let (sender, receiver) = channel();
    let (checked, with) = (plugin.clone(), config.clone());
    let started = thread::Builder::new().name("checks".to_owned()).spawn(move || {
        // Nobody listens any more after Ctrl-C.
        let _ = sender.send(conformance::check(&checked, &with));
    });
    match started {
        Ok(_) => interrupt::received(&receiver),
        Err(_) => Some(conformance::check(plugin, config)),
    }
}

impl Check {
    /// What a person reads of it; JSON has all.
    fn seen(&self) -> String {
        let detail = self.detail.as_deref().unwrap_or_default();
        let seen = match detail.char_indices().nth(LONGEST_DETAIL) {
            Some((end, _)) => format!("{}{}", &detail[..end], terminal::ellipsis()),
            None => detail.to_owned(),
        };
        format!("{seen} (the rule: {})", self.rule)
    }
}

/// How much of what was seen is printed in a table, in characters.
const LONGEST_DETAIL: usize = 240;

const PASSED: &str = "passed";
const SKIPPED: &str = "skipped";
const FINDING: &str = "finding";

fn checks(report: Report) -> Vec<Check> {
    let outcomes = report.outcomes.into_iter();
    outcomes
        .map(|outcome| {
            let (verdict, detail) = match outcome.verdict {
                Verdict::Passed => (PASSED, None),
                Verdict::Skipped(reason) => (SKIPPED, Some(reason)),
                Verdict::Finding(seen) => (FINDING, Some(seen)),
                // Of a later version.
                _ => (SKIPPED, None),
            };
            Check { name: outcome.check, rule: outcome.rule, verdict, detail }
        })
        .collect()
}

impl Document {
    fn exit(&self, are_named: bool) -> Exit {
        if self.plugins.iter().any(|plugin| plugin.status == Status::Findings) {
            Exit::Findings
        } else if are_named {
            self.plugins.iter().find_map(|plugin| plugin.failure).unwrap_or(Exit::Good)
        } else {
            Exit::Good
        }
    }

    fn print(&self, is_config_given: bool) -> Result<()> {
        let rows = self.plugins.iter().map(|plugin| {
            let result = match plugin.status {
                Status::Passed => "passed".to_owned(),
                Status::Findings => output::count(plugin.count(FINDING), "finding", "findings"),
                Status::NotChecked => format!("not checked: {}", plugin.reason.as_deref().unwrap_or_default()),
            };
            let count = |verdict| match plugin.status {
                Status::NotChecked => "-".to_owned(),
                _ => plugin.count(verdict).to_string(),
            };
            [plugin.plugin.clone(), count(PASSED), count(SKIPPED), result]
        });
        let mut text = output::table(["PLUGIN", "PASSED", "SKIPPED", "RESULT"], rows, &[1, 2]);
        let findings = self.plugins.iter().flat_map(|plugin| {
            let found = plugin.checks.iter().filter(|check| check.verdict == FINDING);
            found.map(|check| [plugin.plugin.clone(), check.name.to_owned(), check.seen()])
        });
        let findings: Vec<_> = findings.collect();
        if !findings.is_empty() {
            text.push('\n');
            text.push_str(&output::table(["FINDING", "CHECK", "WHAT WAS SEEN"], findings, &[]));
        }
        if self.plugins.is_empty() {
            output::note("there is no plugin to check in this program; name a file, or set `LK_PLUGIN_PATH`");
            return Ok(());
        }
        output::result(&text)?;
        if !is_config_given && self.plugins.iter().any(|plugin| plugin.failure == Some(Exit::Config)) {
            output::note(
                "what a plugin needs is given with `--set KEY=VALUE` or `--config FILE`, when that plugin alone is named",
            );
        }
        Ok(())
    }
}
