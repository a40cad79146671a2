//! `lk-go doctor`: what is here, what is missing, and what to do about it.

use std::path::Path;

use lk_plugin::config::FieldDescription;
use lk_plugin::{Config, ErrorKind, Kind, Registry, models};
use serde::Serialize;

use super::instance::Instance;
use crate::cli::{DoctorArgs, ListFormat};
use crate::error::{Exit, Result};
use crate::listing::{Entry, List, Model};
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

/// A variable that this program or a config key is read from.
#[derive(Serialize)]
struct Variable {
    name: String,
    is_set: bool,
    /// Keys, each as `kind/name key`, or [`PROGRAM`].
    read_by: Vec<String>,
}

/// Who reads the variables that are no plugin's.
const PROGRAM: &str = "lk-go";

/// Those variables.
const OWN_VARIABLES: [&str; 4] = [models::VARIABLE, "LK_PLUGIN_INSECURE", "LK_PLUGIN_PATH", "LK_PLUGIN_STRICT"];

#[derive(Serialize)]
struct ModelFile {
    plugin: String,
    path: String,
    is_present: bool,
    /// What a person reads.
    #[serde(skip)]
    state: &'static str,
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
        if plugin_files::CAN_INSPECT {
            plugin_files::probed(registry, &mut list)?;
        } else {
            plugin_files::on_search_path(registry, &mut list);
        }
        for refused in &list.refused {
            problems.push(format!(
                "on `LK_PLUGIN_PATH`, `{}` {}; {} (check {}, {})",
                refused.path, refused.reason, refused.remedy, refused.check, refused.name
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
            Some(path) => format!("{path} ({} loaded)", output::count(self.files.len(), "file", "files")),
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
        let rows = self.variables.iter().map(|variable| {
            let state = if variable.is_set { "set" } else { "not set" };
            [variable.name.clone(), state.to_owned(), variable.read_by.join(", ")]
        });
        text.push('\n');
        text.push_str(&output::table(["VARIABLE", "STATE", "READ BY"], rows, &[]));
        if !self.model_files.is_empty() {
            let rows =
                self.model_files.iter().map(|file| [file.plugin.clone(), file.state.to_owned(), file.path.clone()]);
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

/// The variables of this program and those that config keys name, sorted.
fn variables(plugins: &[Entry]) -> Vec<Variable> {
    let variable = |name: &str, reader: String| Variable {
        name: name.to_owned(),
        is_set: std::env::var_os(name).is_some_and(|value| !value.is_empty()),
        read_by: vec![reader],
    };
    let mut variables: Vec<Variable> = OWN_VARIABLES.iter().map(|name| variable(name, PROGRAM.to_owned())).collect();
    for plugin in plugins {
        let fields = plugin.takes.descriptions().unwrap_or_default();
        for (key, field) in FieldDescription::all(&fields) {
            let Some(env) = &field.env else { continue };
            let reader = format!("{} {key}", plugin.spec());
            match variables.iter_mut().find(|variable| variable.name == *env) {
                Some(variable) => variable.read_by.push(reader),
                None => variables.push(variable(env, reader)),
            }
        }
    }
    variables.sort_by(|one, two| one.name.cmp(&two.name));
    variables
}

fn model_files(plugins: &[Entry], problems: &mut Vec<String>) -> Vec<ModelFile> {
    let declared: Vec<(&Entry, &Model)> =
        plugins.iter().flat_map(|plugin| plugin.models.iter().map(move |model| (plugin, model))).collect();
    let is_named = std::env::var_os(models::VARIABLE).is_some_and(|folder| !folder.is_empty());
    // Who has no home and wants no files has no problem.
    if let Err(error) = models::folder() {
        if is_named || !declared.is_empty() {
            problems.push(error.to_string());
        }
        return Vec::new();
    }
    let mut files = Vec::new();
    for (plugin, model) in declared {
        match models::path(&plugin.package, &model.name) {
            Ok(path) => {
                let (file, problem) = ModelFile::of(plugin.spec(), model, &path);
                problems.extend(problem);
                files.push(file);
            }
            Err(error) => problems.push(format!("the model file `{}` of `{}`: {error}", model.name, plugin.spec())),
        }
    }
    files
}

impl ModelFile {
    /// What is there, by its length alone, and what is wrong with it.
    fn of(plugin: String, model: &Model, path: &Path) -> (Self, Option<String>) {
        let (state, problem) = match path.metadata() {
            Ok(metadata) if metadata.len() == model.size => ("present", None),
            Ok(metadata) => {
                ("of another length", Some(format!("has {} bytes, and {} are declared", metadata.len(), model.size)))
            }
            Err(_) => ("missing", Some("is missing".to_owned())),
        };
        let problem = problem.map(|problem| {
            format!(
                "the model file `{}` of `{plugin}` {problem}; run `lk-go plugin download-files {plugin}`",
                printable::argument(&model.name)
            )
        });
        let file = Self { plugin, path: printable::path(path), is_present: problem.is_none(), state };
        (file, problem)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_model_file_is_there_missing_or_of_another_length() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("model.bin");
        let model = Model { name: "model.bin".to_owned(), url: String::new(), size: 4, sha256: String::new() };
        let looked = || {
            let (file, problem) = ModelFile::of("vad/gate".to_owned(), &model, &path);
            (file.state, file.is_present, problem)
        };
        let problem = |what: &str| {
            Some(format!("the model file `model.bin` of `vad/gate` {what}; run `lk-go plugin download-files vad/gate`"))
        };
        assert_eq!(looked(), ("missing", false, problem("is missing")));
        fs::write(&path, "fiver")?;
        assert_eq!(looked(), ("of another length", false, problem("has 5 bytes, and 4 are declared")));
        fs::write(&path, "four")?;
        assert_eq!(looked(), ("present", true, None));
        Ok(())
    }

    #[test]
    fn the_variables_of_the_program_are_told_without_plugins() {
        let variables = variables(&[]);
        let names: Vec<&str> = variables.iter().map(|variable| &*variable.name).collect();
        assert_eq!(names, ["LK_MODEL_DIR", "LK_PLUGIN_INSECURE", "LK_PLUGIN_PATH", "LK_PLUGIN_STRICT"]);
        assert!(variables.iter().all(|variable| variable.read_by == [PROGRAM]));
    }

    #[test]
    fn a_variable_of_a_key_inside_another_is_told_with_its_place() {
        use lk_plugin::{ConfigField, Llm, Plugin, ValueType};
        const LOGIN: ValueType =
            ValueType::Config(&[ConfigField::new("token", ValueType::Secret).env("LK_GO_TEST_TOKEN")]);
        let plugin = Plugin::new::<dyn Llm>("gate", |_| Err(lk_plugin::Error::unsupported("none is made")));
        let plugin = plugin.with_fields(vec![ConfigField::new("login", LOGIN)]);
        let variables = variables(&[Entry::from(&plugin)]);
        let found = variables.iter().find(|variable| variable.name == "LK_GO_TEST_TOKEN");
        assert_eq!(found.map(|variable| &*variable.read_by), Some(&["llm/gate login.token".to_owned()][..]));
    }
}
