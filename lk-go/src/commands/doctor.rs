//! `lk-go doctor`: what is here, what is missing, and what to do about it.

use lk_plugin::{Config, ErrorKind, Kind, Registry, models};
use serde::Serialize;

use super::instance::Instance;
use crate::cli::{DoctorArgs, ListFormat};
use crate::error::{Exit, Result};
use crate::listing::{Entry, List};
use crate::{output, plugin_files, printable, terminal};

/// The version of the JSON document; grows when a reader would have to change.
const FORMAT: u32 = 1;

/// Looks at everything and tells.
///
/// # Errors
///
/// When two linked plugins have the same name.
pub(super) fn run(arguments: &DoctorArgs) -> Result<Exit> {
    let document = Document::new(Registry::try_global()?)?;
    match arguments.format {
        ListFormat::Json => output::json(&document)?,
        ListFormat::Table => output::result(&document.page())?,
    }
    Ok(if document.problems.is_empty() { Exit::Good } else { Exit::Findings })
}

#[derive(Serialize)]
struct Document {
    format: u32,
    version: &'static str,
    target: String,
    plugins: Vec<Examined>,
    search_path: Option<String>,
    files: Vec<String>,
    variables: Vec<Variable>,
    model_files: Vec<ModelFile>,
    output: Output,
    /// What must be mended, each with what to do.
    problems: Vec<String>,
}

#[derive(Serialize)]
struct Examined {
    plugin: String,
    source: String,
    state: State,
    detail: Option<String>,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum State {
    /// An instance was made without a config.
    Ready,
    /// It needs a config.
    WantsConfig,
    /// No instance can be made.
    Broken,
}

/// A variable that a config key is read from.
#[derive(Serialize)]
struct Variable {
    name: String,
    is_set: bool,
    /// Each as `kind/name key`.
    read_by: Vec<String>,
}

#[derive(Serialize)]
struct ModelFile {
    plugin: String,
    path: String,
    is_present: bool,
}

#[derive(Serialize)]
struct Output {
    is_terminal: bool,
    /// In columns.
    width: Option<u16>,
    has_colors: bool,
    /// Of characters; as the environment has it.
    locale: Option<String>,
    /// Whether pictures are drawn with more than ASCII.
    is_unicode: bool,
}

impl Document {
    fn new(registry: &Registry) -> Result<Self> {
        let mut problems = Vec::new();
        let mut list = List::new();
        list.plugins = registry.plugins().iter().map(Entry::from).collect();
        if list.plugins.is_empty() {
            problems.push(
                "no plugin is linked into this program; build it with the features that hold them, and name their crates in \
                 its main.rs, as in `use lk_plugins as _;`"
                    .to_owned(),
            );
        }
        // From here on the registry has what is loaded, too.
        plugin_files::probed(registry, &mut list)?;
        for refused in &list.refused {
            problems.push(format!(
                "`{}` is not loaded: {} (check {}, {}); {}",
                refused.path, refused.reason, refused.check, refused.name, refused.remedy
            ));
        }
        let plugins: Vec<Examined> = registry.plugins().iter().map(Examined::of).collect();
        for plugin in plugins.iter().filter(|plugin| plugin.state == State::Broken) {
            let reason = plugin.detail.as_deref().unwrap_or_default();
            problems.push(format!("no instance of `{}` can be made: {reason}", plugin.plugin));
        }
        let model_files = model_files(&list.plugins, &mut problems);
        Ok(Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION"),
            target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
            variables: variables(&list.plugins),
            files: list.files.into_iter().map(|file| file.path).collect(),
            search_path: std::env::var_os("LK_PLUGIN_PATH").map(|path| path.to_string_lossy().into_owned()),
            plugins,
            model_files,
            output: Output {
                is_terminal: output::width().is_some(),
                width: output::width(),
                has_colors: output::has_colors(),
                locale: terminal::locale(),
                is_unicode: terminal::is_unicode(),
            },
            problems,
        })
    }

    /// What a person reads.
    fn page(&self) -> String {
        let kinds: Vec<String> = Kind::ALL
            .iter()
            .map(|kind| {
                let prefix = format!("{kind}/");
                let of_kind = self.plugins.iter().filter(|plugin| plugin.plugin.starts_with(&prefix));
                format!("{} {kind}", of_kind.count())
            })
            .collect();
        let path = match self.search_path.as_deref() {
            None | Some("") => "not set: no plugins from files".to_owned(),
            Some(path) => format!("{path} ({} files loaded)", self.files.len()),
        };
        let pictures =
            if self.output.is_unicode { "" } else { ": pictures are of ASCII; a locale of UTF-8 has better ones" };
        let locale = format!("{}{pictures}", self.output.locale.as_deref().unwrap_or("not set"));
        let terminal = match self.output.width {
            Some(width) => format!("a terminal of {width} columns"),
            None => "no terminal: tables are not wrapped".to_owned(),
        };
        let mut text = output::list([
            ["lk-go".to_owned(), format!("{} for {}", self.version, self.target)],
            ["plugins".to_owned(), kinds.join(", ")],
            ["LK_PLUGIN_PATH".to_owned(), path],
            ["locale".to_owned(), locale],
            [
                "output".to_owned(),
                format!("{terminal}, {}", if self.output.has_colors { "colours" } else { "no colours" }),
            ],
        ]);
        text.push('\n');
        let rows = self.plugins.iter().map(|plugin| {
            let state = match (plugin.state, plugin.detail.as_deref()) {
                (State::Ready, _) => "ready".to_owned(),
                (State::WantsConfig, why) => format!("wants a config: {}", why.unwrap_or_default()),
                (State::Broken, why) => format!("broken: {}", why.unwrap_or_default()),
            };
            [plugin.plugin.clone(), plugin.source.clone(), state]
        });
        text.push_str(&output::table(["PLUGIN", "SOURCE", "STATE"], rows, &[]));
        if !self.variables.is_empty() {
            let rows = self.variables.iter().map(|variable| {
                let state = if variable.is_set { "set" } else { "not set" };
                [variable.name.clone(), state.to_owned(), variable.read_by.join(", ")]
            });
            text.push('\n');
            text.push_str(&output::table(["VARIABLE", "STATE", "READ BY"], rows, &[]));
        }
        if !self.model_files.is_empty() {
            let rows = self.model_files.iter().map(|file| {
                let state = if file.is_present { "present" } else { "missing" };
                [file.plugin.clone(), state.to_owned(), file.path.clone()]
            });
            text.push('\n');
            text.push_str(&output::table(["MODEL OF", "STATE", "FILE"], rows, &[]));
        }
        text.push('\n');
        if self.problems.is_empty() {
            text.push_str("no problems\n");
        } else {
            let rows =
                self.problems.iter().enumerate().map(|(index, problem)| [(index + 1).to_string(), problem.clone()]);
            text.push_str(&output::table(["", "PROBLEM"], rows, &[0]));
        }
        text
    }
}

impl Examined {
    fn of(plugin: &lk_plugin::Plugin) -> Self {
        let (state, detail) = match output::quiet_panics(|| Instance::of(plugin, &Config::new())) {
            Ok(_) => (State::Ready, None),
            Err(error) if error.kind() == ErrorKind::Config => (State::WantsConfig, Some(error.message().to_owned())),
            Err(error) => (State::Broken, Some(error.in_full())),
        };
        Self { plugin: plugin.to_string(), source: plugin.source().to_owned(), state, detail }
    }
}

/// The variables that config keys name, sorted.
fn variables(plugins: &[Entry]) -> Vec<Variable> {
    let mut variables: Vec<Variable> = Vec::new();
    for plugin in plugins {
        for field in plugin.takes.descriptions().into_iter().flatten() {
            let Some(env) = &field.env else { continue };
            let reader = format!("{} {}", plugin.spec(), field.name);
            match variables.iter_mut().find(|variable| variable.name == *env) {
                Some(variable) => variable.read_by.push(reader),
                None => variables.push(Variable {
                    name: env.clone(),
                    is_set: std::env::var_os(env).is_some_and(|value| !value.is_empty()),
                    read_by: vec![reader],
                }),
            }
        }
    }
    variables.sort_by(|one, two| one.name.cmp(&two.name));
    variables
}

fn model_files(plugins: &[Entry], problems: &mut Vec<String>) -> Vec<ModelFile> {
    let mut files = Vec::new();
    for plugin in plugins {
        for model in &plugin.models {
            match models::path(&plugin.package, &model.name) {
                Ok(path) => {
                    let is_present = path.metadata().is_ok_and(|metadata| metadata.len() == model.size);
                    if !is_present {
                        problems.push(format!(
                            "the model file `{}` of `{}` is missing; run `lk-go plugin download-files {}`",
                            model.name,
                            plugin.spec(),
                            plugin.spec()
                        ));
                    }
                    files.push(ModelFile { plugin: plugin.spec(), path: printable::path(&path), is_present });
                }
                Err(error) => problems.push(format!("the model file `{}` of `{}`: {error}", model.name, plugin.spec())),
            }
        }
    }
    files
}
