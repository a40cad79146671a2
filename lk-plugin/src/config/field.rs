//! What a plugin says about one config key, in constants.

use std::fmt;

/// One key of a plugin's config. All of it is constant: it can be read without running anything.
///
/// The derive writes these; by hand: `ConfigField::new("voice", ValueType::String).doc("Who speaks.").required()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigField {
    /// The key.
    pub name: &'static str,
    /// What values it takes.
    pub value_type: ValueType,
    /// What it is, in Markdown.
    pub doc: &'static str,
    /// The value when none is given: JSON text.
    pub default: Option<&'static str>,
    /// Whether a value must be given.
    pub required: bool,
    /// The environment variable that is asked when the config has no value.
    pub env: Option<&'static str>,
    /// Whether the value must never be shown.
    pub secret: bool,
    /// The smallest number allowed: JSON text.
    pub min: Option<&'static str>,
    /// The largest number allowed: JSON text.
    pub max: Option<&'static str>,
    /// The unit of the number, such as `s`.
    pub unit: Option<&'static str>,
}

impl ConfigField {
    /// An optional key without default, limits or doc.
    #[must_use]
    pub const fn new(name: &'static str, value_type: ValueType) -> Self {
        Self {
            name,
            value_type,
            doc: "",
            default: None,
            required: false,
            env: None,
            secret: value_type.is_secret(),
            min: None,
            max: None,
            unit: value_type.unit(),
        }
    }

    /// Says what it is.
    #[must_use]
    pub const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    /// Sets the value when none is given, as JSON text.
    #[must_use]
    pub const fn default_json(mut self, json: &'static str) -> Self {
        self.default = Some(json);
        self.required = false;
        self
    }

    /// Says whether a value must be given.
    #[must_use]
    pub const fn required_if(mut self, required: bool) -> Self {
        self.required = required;
        self
    }

    /// Names the environment variable to ask.
    #[must_use]
    pub const fn env(mut self, env: &'static str) -> Self {
        self.env = Some(env);
        self
    }

    /// Says that the value must never be shown.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Sets the smallest number allowed, as JSON text.
    #[must_use]
    pub const fn min(mut self, json: &'static str) -> Self {
        self.min = Some(json);
        self
    }

    /// Sets the largest number allowed, as JSON text.
    #[must_use]
    pub const fn max(mut self, json: &'static str) -> Self {
        self.max = Some(json);
        self
    }

    /// Names the unit.
    #[must_use]
    pub const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }
}

/// What values a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueType {
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
    /// A list of such values.
    List(&'static ValueType),
}

impl ValueType {
    /// Whether values must never be shown: secrets, and lists of them.
    const fn is_secret(self) -> bool {
        match self {
            Self::Secret => true,
            Self::List(item) => item.is_secret(),
            _ => false,
        }
    }

    /// The unit that the type itself implies.
    const fn unit(self) -> Option<&'static str> {
        match self {
            Self::Seconds => Some("s"),
            Self::List(item) => item.unit(),
            _ => None,
        }
    }

    /// The name in tables and JSON: `integer`, `list of string`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Boolean => "boolean".to_owned(),
            Self::Integer { .. } => "integer".to_owned(),
            Self::Number => "number".to_owned(),
            Self::Seconds => "seconds".to_owned(),
            Self::String => "string".to_owned(),
            Self::Secret => "secret".to_owned(),
            Self::List(item) => format!("list of {}", item.name()),
        }
    }
}

impl fmt::Display for ValueType {
    /// In a sentence: `a number of seconds`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("`true` or `false`"),
            Self::Integer { min, max } => write!(f, "an integer from {min} to {max}"),
            Self::Number => f.write_str("a number"),
            Self::Seconds => f.write_str("a number of seconds, not negative"),
            Self::String | Self::Secret => f.write_str("text"),
            Self::List(item) => write!(f, "a list, each {item}"),
        }
    }
}
