//! The types of config values, in constants.

use std::fmt;

use super::description::TypeDescription;
use super::field::ConfigField;

/// What values a key takes. All of it is constant data, nested types included.
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
    /// A URL with its scheme.
    Url,
    /// The path of a file or folder.
    Path,
    /// One of these names.
    Choice(&'static [ConfigChoice]),
    /// A list of such values.
    List(&'static ValueType),
    /// A table from any text to such values.
    Map(&'static ValueType),
    /// A table of any keys and values, which somebody else reads: the config of another plugin.
    Table,
    /// A table with these keys: a config within a config.
    Config(&'static [ConfigField]),
    /// Such a value or none.
    Optional(&'static ValueType),
}

/// One of the names that a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigChoice {
    /// The name, as a config spells it.
    pub name: &'static str,
    /// What it means, in Markdown.
    pub doc: &'static str,
}

impl ConfigChoice {
    /// A choice.
    #[must_use]
    pub const fn new(name: &'static str, doc: &'static str) -> Self {
        Self { name, doc }
    }
}

impl ValueType {
    /// Whether a key of this type must be given: it is not optional, and not a config that needs nothing.
    #[must_use]
    pub const fn is_required(self) -> bool {
        match self {
            Self::Optional(_) => false,
            Self::Config(fields) => {
                let mut index = 0;
                while index < fields.len() {
                    if fields[index].required {
                        return true;
                    }
                    index += 1;
                }
                false
            }
            _ => true,
        }
    }

    /// Whether values must never be shown: secrets, and collections of them.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        match self {
            Self::Secret => true,
            Self::List(item) | Self::Map(item) | Self::Optional(item) => item.is_secret(),
            _ => false,
        }
    }

    /// Whether there may be a secret anywhere in values of this type.
    pub(super) fn holds_secret(self) -> bool {
        match self {
            Self::Table => true,
            Self::List(item) | Self::Map(item) | Self::Optional(item) => item.holds_secret(),
            Self::Config(fields) => fields.iter().any(|field| field.secret || field.value_type.holds_secret()),
            _ => self.is_secret(),
        }
    }

    /// The unit that the type itself implies.
    pub(super) const fn unit(self) -> Option<&'static str> {
        match self {
            Self::Seconds => Some("s"),
            _ => match self.inner() {
                Some(inner) => inner.unit(),
                None => None,
            },
        }
    }

    /// The type without its `Optional`.
    pub(super) const fn without_optional(self) -> Self {
        match self {
            Self::Optional(inner) => inner.without_optional(),
            _ => self,
        }
    }

    /// What the values inside are, for lists, maps and options.
    pub(super) const fn inner(self) -> Option<Self> {
        match self {
            Self::List(inner) | Self::Map(inner) | Self::Optional(inner) => Some(*inner),
            _ => None,
        }
    }

    /// The name in tables and JSON: `integer`, `list of string`. An optional value is called like any other.
    #[must_use]
    pub fn name(self) -> String {
        TypeDescription::from(self).name()
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
            Self::Url => f.write_str("a URL such as `https://example.com`"),
            Self::Path => f.write_str("a path"),
            Self::Choice(choices) => {
                let mut names: Vec<String> = choices.iter().map(|choice| format!("`{}`", choice.name)).collect();
                names.sort_unstable();
                write!(f, "one of {}", names.join(", "))
            }
            Self::List(item) => write!(f, "a list, each {item}"),
            Self::Map(item) => write!(f, "a table, each value {item}"),
            Self::Config(_) | Self::Table => f.write_str("a table"),
            Self::Optional(inner) => inner.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTE: ValueType = ValueType::Integer { min: 0, max: 255 };
    const OPEN: &[ConfigField] =
        &[ConfigField::new("a", BYTE).default_json("1"), ConfigField::new("b", ValueType::Secret)];
    const SHUT: &[ConfigField] =
        &[ConfigField::new("a", BYTE).default_json("1"), ConfigField::new("b", ValueType::Path).secret()];
    const FREE: &[ConfigField] = &[ConfigField::new("a", BYTE).default_json("1")];

    #[test]
    fn only_an_option_and_a_config_that_needs_nothing_may_be_left_out() {
        let required = [BYTE, ValueType::Table, ValueType::Config(OPEN), ValueType::List(&BYTE)];
        assert!(required.into_iter().all(ValueType::is_required));
        let free = [ValueType::Optional(&BYTE), ValueType::Config(FREE), ValueType::Config(&[])];
        assert!(!free.into_iter().any(ValueType::is_required));
    }

    #[test]
    fn secrets_are_known_wherever_they_may_be() {
        for (value_type, is_secret, holds_secret) in [
            (BYTE, false, false),
            (ValueType::Secret, true, true),
            (ValueType::List(&ValueType::Secret), true, true),
            (ValueType::Map(&ValueType::Optional(&ValueType::Secret)), true, true),
            (ValueType::List(&BYTE), false, false),
            (ValueType::Table, false, true),
            (ValueType::Optional(&ValueType::Table), false, true),
            (ValueType::Config(OPEN), false, true),
            (ValueType::Config(SHUT), false, true),
            (ValueType::Config(FREE), false, false),
        ] {
            assert_eq!(
                (value_type.is_secret(), value_type.holds_secret()),
                (is_secret, holds_secret),
                "{value_type:?}"
            );
        }
    }

    #[test]
    fn seconds_have_a_unit_wherever_they_are() {
        assert_eq!(ValueType::Optional(&ValueType::List(&ValueType::Seconds)).unit(), Some("s"));
        assert_eq!((ValueType::Number.unit(), ValueType::Map(&BYTE).unit()), (None, None));
    }

    #[test]
    fn each_type_is_named_in_a_sentence() {
        const SPEED: ValueType = ValueType::Choice(&[ConfigChoice::new("slow", ""), ConfigChoice::new("fast", "")]);
        for (value_type, wanted) in [
            (ValueType::Boolean, "`true` or `false`"),
            (BYTE, "an integer from 0 to 255"),
            (ValueType::Number, "a number"),
            (ValueType::Seconds, "a number of seconds, not negative"),
            (ValueType::Secret, "text"),
            (ValueType::Url, "a URL such as `https://example.com`"),
            (ValueType::Path, "a path"),
            (SPEED, "one of `fast`, `slow`"),
            (ValueType::List(&BYTE), "a list, each an integer from 0 to 255"),
            (ValueType::Optional(&ValueType::Map(&SPEED)), "a table, each value one of `fast`, `slow`"),
            (ValueType::Table, "a table"),
        ] {
            assert_eq!(value_type.to_string(), wanted);
        }
    }
}
