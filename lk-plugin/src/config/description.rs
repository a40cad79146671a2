//! What is said about a config key, as data of one's own: for plugins whose constants are in another program's file.

use serde::Deserialize;

use super::field::ConfigField;
use super::value_type::{ConfigChoice, ValueType};

/// What a [`ConfigField`] says in constants, read from the note of a plugin in a file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct FieldDescription {
    /// The key.
    pub name: String,
    /// What values it takes.
    #[serde(rename = "type")]
    pub value_type: TypeDescription,
    /// What it is, in Markdown.
    #[serde(default)]
    pub doc: String,
    /// The value when none is given: JSON text.
    pub default: Option<String>,
    /// Whether a value must be given.
    #[serde(default)]
    pub required: bool,
    /// The environment variable that is asked when the config has no value.
    pub env: Option<String>,
    /// Whether the value must never be shown.
    #[serde(default)]
    pub secret: bool,
    /// The smallest number allowed: JSON text.
    pub min: Option<String>,
    /// The largest number allowed: JSON text.
    pub max: Option<String>,
    /// The fewest characters of a text, items of a list, or entries of a map.
    pub min_length: Option<usize>,
    /// The most characters, items or entries.
    pub max_length: Option<usize>,
    /// The values allowed, each as JSON text; any when there are none.
    #[serde(default)]
    pub choices: Vec<String>,
    /// The unit of the number, such as `s`.
    pub unit: Option<String>,
}

impl FieldDescription {
    /// All keys of a config, each followed by those of the config within it, also of those in a list or map: with its
    /// place, as in `retry.max_attempts`.
    #[must_use]
    pub fn all(fields: &[Self]) -> Vec<(String, &Self)> {
        let mut all = Vec::new();
        Self::add_all("", fields, &mut all);
        all
    }

    fn add_all<'f>(prefix: &str, fields: &'f [Self], all: &mut Vec<(String, &'f Self)>) {
        for field in fields {
            let key = format!("{prefix}{}", field.name);
            all.push((key.clone(), field));
            if let TypeDescription::Config(inner) = field.value_type.innermost() {
                Self::add_all(&format!("{key}."), inner, all);
            }
        }
    }
}

/// What a [`ValueType`] says in constants.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TypeDescription {
    /// `true` or `false`.
    Boolean,
    /// A whole number within these limits, both included.
    Integer {
        /// The smallest.
        min: i128,
        /// The largest.
        max: i128,
    },
    /// A number; never NaN or infinite.
    Number,
    /// A length of time: a number of seconds, not negative.
    Seconds,
    /// Text.
    String,
    /// Text that must never be shown.
    Secret,
    /// A URL with its scheme.
    Url,
    /// The path of a file or folder.
    Path,
    /// One of these names.
    Choice(Vec<ChoiceDescription>),
    /// A list of such values.
    List(Box<TypeDescription>),
    /// A table from any text to such values.
    Map(Box<TypeDescription>),
    /// A table of any keys and values, which somebody else reads: the config of another plugin.
    Table,
    /// A table with these keys: a config within a config.
    Config(Vec<FieldDescription>),
    /// Such a value or none.
    Optional(Box<TypeDescription>),
}

/// What a [`ConfigChoice`] says in constants.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ChoiceDescription {
    /// The name, as a config spells it.
    pub name: String,
    /// What it means, in Markdown.
    pub doc: String,
}

impl TypeDescription {
    /// The name in tables and JSON: `integer`, `list of string`. An optional value is called like any other.
    #[must_use]
    pub fn name(&self) -> String {
        let name = match self {
            Self::Boolean => "boolean",
            Self::Integer { .. } => "integer",
            Self::Number => "number",
            Self::Seconds => "seconds",
            Self::String => "string",
            Self::Secret => "secret",
            Self::Url => "url",
            Self::Path => "path",
            Self::Choice(_) => "choice",
            Self::Table => "table",
            Self::Config(_) => "config",
            Self::List(item) => return format!("list of {}", item.name()),
            Self::Map(item) => return format!("map of {}", item.name()),
            Self::Optional(inner) => return inner.name(),
        };
        name.to_owned()
    }

    /// What the values are at the bottom of lists, maps and options.
    #[must_use]
    pub fn innermost(&self) -> &Self {
        match self {
            Self::List(inner) | Self::Map(inner) | Self::Optional(inner) => inner.innermost(),
            _ => self,
        }
    }

    /// The type without its `Optional`.
    pub(super) fn without_optional(&self) -> &Self {
        match self {
            Self::Optional(inner) => inner.without_optional(),
            _ => self,
        }
    }
}

impl From<&ConfigField> for FieldDescription {
    fn from(field: &ConfigField) -> Self {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Self {
            name: field.name.to_owned(),
            value_type: field.value_type.into(),
            doc: field.doc.to_owned(),
            default: text(field.default),
            required: field.required,
            env: text(field.env),
            secret: field.secret,
            min: text(field.min),
            max: text(field.max),
            min_length: field.min_length,
            max_length: field.max_length,
            choices: field.choices.iter().map(|choice| (*choice).to_owned()).collect(),
            unit: text(field.unit),
        }
    }
}

impl From<ValueType> for TypeDescription {
    fn from(value_type: ValueType) -> Self {
        let boxed = |inner: &ValueType| Box::new(Self::from(*inner));
        match value_type {
            ValueType::Boolean => Self::Boolean,
            ValueType::Integer { min, max } => Self::Integer { min, max },
            ValueType::Number => Self::Number,
            ValueType::Seconds => Self::Seconds,
            ValueType::String => Self::String,
            ValueType::Secret => Self::Secret,
            ValueType::Url => Self::Url,
            ValueType::Path => Self::Path,
            ValueType::Choice(choices) => Self::Choice(choices.iter().map(ChoiceDescription::from).collect()),
            ValueType::Table => Self::Table,
            ValueType::List(item) => Self::List(boxed(item)),
            ValueType::Map(item) => Self::Map(boxed(item)),
            ValueType::Config(fields) => Self::Config(fields.iter().map(FieldDescription::from).collect()),
            ValueType::Optional(inner) => Self::Optional(boxed(inner)),
        }
    }
}

impl From<&ConfigChoice> for ChoiceDescription {
    fn from(choice: &ConfigChoice) -> Self {
        Self { name: choice.name.to_owned(), doc: choice.doc.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: ValueType = ValueType::List(&ValueType::String);
    const TYPES: &[(ValueType, &str)] = &[
        (ValueType::Boolean, "boolean"),
        (ValueType::Integer { min: 0, max: 9 }, "integer"),
        (ValueType::Number, "number"),
        (ValueType::Seconds, "seconds"),
        (ValueType::String, "string"),
        (ValueType::Secret, "secret"),
        (ValueType::Url, "url"),
        (ValueType::Path, "path"),
        (ValueType::Choice(&[ConfigChoice::new("slow", "")]), "choice"),
        (ValueType::Table, "table"),
        (ValueType::Config(&[]), "config"),
        (NAMES, "list of string"),
        (ValueType::Map(&NAMES), "map of list of string"),
        (ValueType::Optional(&NAMES), "list of string"),
    ];

    #[test]
    fn a_type_is_called_the_same_in_constants_and_in_a_note() {
        for (value_type, name) in TYPES {
            assert_eq!(
                (value_type.name().as_str(), TypeDescription::from(*value_type).name().as_str()),
                (*name, *name)
            );
        }
    }

    #[test]
    fn all_keys_are_those_inside_others_too() {
        const SERVER: ValueType = ValueType::Config(&[ConfigField::new("key", ValueType::Secret)]);
        let fields = [
            ConfigField::new("servers", ValueType::Optional(&ValueType::List(&SERVER))),
            ConfigField::new("name", ValueType::String),
        ];
        let fields = fields.map(|field| FieldDescription::from(&field));
        let keys: Vec<String> = FieldDescription::all(&fields).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["servers", "servers.key", "name"]);
    }

    #[test]
    fn what_is_inside_is_found_through_lists_maps_and_options() {
        let inner = |value_type: ValueType| TypeDescription::from(value_type).innermost().name();
        assert_eq!(inner(ValueType::Optional(&ValueType::Map(&NAMES))), "string");
        assert_eq!(inner(ValueType::Table), "table");
        let optional = TypeDescription::from(ValueType::Optional(&NAMES));
        assert_eq!(optional.without_optional(), &TypeDescription::from(NAMES));
        assert_eq!(optional.without_optional().without_optional(), optional.without_optional());
    }
}
