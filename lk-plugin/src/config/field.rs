//! What a plugin says about one config key, in constants.

use std::fmt;

use super::value_type::ValueType;

/// One key of a plugin's config. All of it is constant: it can be read without running anything.
///
/// The derive writes these; by hand: `ConfigField::new("voice", ValueType::String).doc("Who speaks.")`.
///
/// ```
/// use lk_plugin::{PluginConfig, Secret};
///
/// #[derive(PluginConfig)]
/// struct EarsConfig {
///     /// The provider's key.
///     #[config(env = "EARS_API_KEY")]
///     key: Secret,
/// }
///
/// let key = &EarsConfig::FIELDS[0];
/// assert_eq!((key.name, key.doc, key.env), ("key", "The provider's key.", Some("EARS_API_KEY")));
/// assert!(key.secret && key.required);
/// ```
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
    /// The smallest number allowed: JSON text. In a list or map it holds for each number.
    pub min: Option<&'static str>,
    /// The largest number allowed: JSON text.
    pub max: Option<&'static str>,
    /// The fewest characters of a text, items of a list, or entries of a map.
    pub min_length: Option<usize>,
    /// The most characters, items or entries.
    pub max_length: Option<usize>,
    /// The values allowed, each as JSON text; any when there are none. (A [`ValueType::Choice`] has its own.)
    pub choices: &'static [&'static str],
    /// The unit of the number, such as `s`.
    pub unit: Option<&'static str>,
    /// What the derive says of it, as JSON.
    pub(crate) rendered: Rendered,
}

/// Members of a JSON object that say what the fields beside them say: in a literal, so that no constant has to put them
/// together. Empty when nobody did that.
#[derive(Clone, Copy, Default)]
pub(crate) struct Rendered(pub(crate) &'static str);

impl PartialEq for Rendered {
    /// Says nothing of its own.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Rendered {}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

impl ConfigField {
    /// A key without default, limits or doc. It must be given unless its type is optional or needs nothing.
    #[must_use]
    pub const fn new(name: &'static str, value_type: ValueType) -> Self {
        Self {
            name,
            value_type,
            doc: "",
            default: None,
            required: value_type.is_required(),
            env: None,
            secret: value_type.is_secret(),
            min: None,
            max: None,
            min_length: None,
            max_length: None,
            choices: &[],
            unit: value_type.unit(),
            rendered: Rendered(""),
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

    /// Sets the fewest characters, items or entries allowed.
    #[must_use]
    pub const fn min_length(mut self, length: usize) -> Self {
        self.min_length = Some(length);
        self
    }

    /// Sets the most characters, items or entries allowed.
    #[must_use]
    pub const fn max_length(mut self, length: usize) -> Self {
        self.max_length = Some(length);
        self
    }

    /// Lists the values allowed, each as JSON text.
    #[must_use]
    pub const fn choices(mut self, json: &'static [&'static str]) -> Self {
        self.choices = json;
        self
    }

    /// Names the unit.
    #[must_use]
    pub const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Hands over what the calls before this one say, as members of a JSON object; the derive calls it last.
    #[doc(hidden)]
    #[must_use]
    pub const fn __rendered(mut self, json: &'static str) -> Self {
        self.rendered = Rendered(json);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_equal_when_they_say_the_same_whoever_wrote_it_down() {
        let field = ConfigField::new("voice", ValueType::String);
        assert_eq!(field, field.__rendered("\"name\":\"voice\""));
        assert_ne!(field, field.doc("Who speaks."));
        assert!(format!("{:?}", field.__rendered("\"name\":\"voice\"")).ends_with("rendered: _ }"));
    }
}
