//! The JSON document of `lk-go plugin list`. Keys are only ever added.

use std::borrow::Cow;

use lk_plugin::config::{FieldDescription, TypeDescription, json_schema_of};
use lk_plugin::{ModelFile, Origin, Plugin};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The version of the document; grows when a reader would have to change.
const FORMAT: u32 = 1;

/// Everything that is listed.
#[derive(Serialize)]
pub(crate) struct List {
    format: u32,
    pub(crate) plugins: Vec<Entry>,
    /// Files on the search path, or named by the user, that cannot be used.
    pub(crate) refused: Vec<Refused>,
    /// Files that are another one under a second name.
    pub(crate) skipped: Vec<Skipped>,
    /// What each file is as a whole.
    pub(crate) files: Vec<File>,
}

impl List {
    /// With nothing in it.
    pub(crate) const fn new() -> Self {
        Self { format: FORMAT, plugins: Vec::new(), refused: Vec::new(), skipped: Vec::new(), files: Vec::new() }
    }
}

/// A plugin.
#[derive(Serialize)]
pub(crate) struct Entry {
    pub(crate) kind: Cow<'static, str>,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) package: String,
    pub(crate) source: String,
    #[serde(serialize_with = "as_text")]
    pub(crate) origin: Origin,
    pub(crate) description: String,
    pub(crate) license: Option<String>,
    pub(crate) models: Vec<Model>,
    /// Its config: the keys `fields` and `schema`.
    #[serde(flatten)]
    pub(crate) takes: Takes,
}

/// What the config of a plugin is. Described when somebody asks: a table of plugins does not.
pub(crate) enum Takes {
    /// A plugin that is here.
    Linked(Plugin),
    /// One in a file.
    #[cfg_attr(
        not(all(feature = "dynamic", target_os = "linux")),
        expect(dead_code, reason = "this program takes no plugins from files")
    )]
    Described(Option<Vec<FieldDescription>>),
}

impl Takes {
    /// The keys; `None` when the plugin reads its config itself.
    pub(crate) fn descriptions(&self) -> Option<Vec<FieldDescription>> {
        match self {
            Self::Linked(plugin) => plugin.fields().map(|fields| fields.iter().map(FieldDescription::from).collect()),
            Self::Described(fields) => fields.clone(),
        }
    }
}

impl Serialize for Takes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let descriptions = self.descriptions();
        let fields: Option<Vec<Field>> = descriptions.as_ref().map(|fields| fields.iter().map(Field::of).collect());
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("fields", &fields)?;
        map.serialize_entry("schema", &descriptions.as_deref().map(json_schema_of))?;
        map.end()
    }
}

/// File and line in one.
fn as_text<S: Serializer>(origin: &Origin, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(origin)
}

impl Entry {
    /// Kind and name: `stt/openai`.
    pub(crate) fn spec(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }
}

impl From<&Plugin> for Entry {
    fn from(plugin: &Plugin) -> Self {
        Self {
            kind: Cow::Borrowed(plugin.kind().as_str()),
            name: plugin.name().to_owned(),
            version: plugin.version().to_owned(),
            package: plugin.package().to_owned(),
            source: plugin.source().to_owned(),
            origin: plugin.origin(),
            description: plugin.description().to_owned(),
            license: plugin.license().map(str::to_owned),
            models: plugin.models().iter().map(Model::from).collect(),
            takes: Takes::Linked(plugin.clone()),
        }
    }
}

/// A file that a plugin wants downloaded.
#[derive(Serialize)]
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

impl From<&ModelFile> for Model {
    fn from(model: &ModelFile) -> Self {
        let (name, url, sha256) = (model.name.to_owned(), model.url.to_owned(), model.sha256.to_owned());
        Self { name, url, size: model.size, sha256 }
    }
}

/// A config key.
#[derive(Serialize)]
pub(crate) struct Field {
    name: String,
    r#type: String,
    doc: String,
    default: Option<Value>,
    required: bool,
    env: Option<String>,
    secret: bool,
    min: Option<Value>,
    max: Option<Value>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    choices: Option<Vec<Choice>>,
    unit: Option<String>,
    // Of a config within the config, also of those in a list or map.
    fields: Option<Vec<Field>>,
}

#[derive(Serialize)]
struct Choice {
    value: Value,
    doc: String,
}

impl Field {
    pub(crate) fn of(field: &FieldDescription) -> Self {
        Self {
            name: field.name.clone(),
            r#type: field.value_type.name(),
            doc: field.doc.clone(),
            // A secret is never shown, not even one that everybody has.
            default: field.default.as_deref().filter(|_| !field.secret).map(value),
            required: field.required,
            env: field.env.clone(),
            secret: field.secret,
            min: field.min.as_deref().map(value),
            max: field.max.as_deref().map(value),
            min_length: field.min_length,
            max_length: field.max_length,
            choices: choices(field),
            unit: field.unit.clone(),
            fields: match field.value_type.innermost() {
                TypeDescription::Config(fields) => Some(fields.iter().map(Self::of).collect()),
                _ => None,
            },
        }
    }
}

fn choices(field: &FieldDescription) -> Option<Vec<Choice>> {
    match field.value_type.innermost() {
        TypeDescription::Choice(choices) => Some(
            choices
                .iter()
                .map(|choice| Choice { value: choice.name.clone().into(), doc: choice.doc.clone() })
                .collect(),
        ),
        _ if field.choices.is_empty() => None,
        _ => Some(field.choices.iter().map(|json| Choice { value: value(json), doc: String::new() }).collect()),
    }
}

/// What JSON text says; the text itself when it is none.
fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| Value::from(json))
}

/// A file, directory or component of the search path that failed a check.
#[derive(Serialize)]
pub(crate) struct Refused {
    pub(crate) path: String,
    /// The number of the check.
    pub(crate) check: u8,
    /// The name of the check.
    pub(crate) name: &'static str,
    pub(crate) reason: String,
    pub(crate) remedy: String,
}

/// A second name of a file.
#[derive(Serialize)]
pub(crate) struct Skipped {
    pub(crate) path: String,
    pub(crate) same_as: String,
}

/// A file as a whole.
#[derive(Serialize)]
pub(crate) struct File {
    pub(crate) path: String,
    /// What a shared object says that exports plugins.
    pub(crate) module: Option<Module>,
}

/// What a shared object was built for and what it exports.
#[derive(Serialize)]
pub(crate) struct Module {
    pub(crate) package: String,
    pub(crate) version: String,
    pub(crate) exports: Vec<String>,
    pub(crate) abi: [u32; 2],
    pub(crate) framework: String,
    pub(crate) rustc: String,
    pub(crate) target: String,
    pub(crate) cpu_features: Vec<String>,
    pub(crate) panic: String,
}
