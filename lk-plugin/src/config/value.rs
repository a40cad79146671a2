//! The types a config field may have.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::BuildHasher;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::map::Config;
use super::number::Number;
use super::reader::ConfigReader;
use super::secret::Secret;
use super::value_type::ValueType;
use crate::language::LanguageCode;

/// A type that a config field may have.
///
/// | type | value in a file | text of `--set` or a variable |
/// |---|---|---|
/// | `bool` | `true`, `false` | `true`, `false` |
/// | `u8` to `u64`, `usize`, `i8` to `i64`, `isize` | `3` | `3` |
/// | `f32`, `f64` | `0.5`, `3` | `0.5` |
/// | [`Duration`] | seconds: `0.5` | `0.5` |
/// | `String`, [`Secret`], [`PathBuf`], [`LanguageCode`], `Url` (feature `url`) | `"text"` | the text as it is |
/// | an enum that derives [`ConfigValue`](derive@crate::ConfigValue) | `"its_name"` | `its_name` |
/// | `Option<T>` | as `T`, or `null` | as `T` |
/// | `Vec<T>` | `[1, 2]` | `1,2`, or JSON when a text holds commas |
/// | `BTreeMap<String, T>`, `HashMap<String, T>` | `{"a": 1}` | `field.a=1`, or JSON |
/// | [`Config`]: what another plugin reads | `{"a": 1}` | `field.a=1`, or JSON |
/// | a struct that derives [`PluginConfig`](derive@crate::PluginConfig) | `{"a": 1}` | `field.a=1`, or JSON |
///
/// Implement it for a type of your own by going through one that is here:
///
/// ```
/// use lk_plugin::{ConfigValue, Mismatch, ValueType};
/// use lk_plugin::config::Value;
///
/// struct Color(u32);
///
/// impl ConfigValue for Color {
///     const TYPE: ValueType = ValueType::String;
///
///     fn from_json(value: &Value) -> Result<Self, Mismatch> {
///         let digits = value.as_str().and_then(|text| text.strip_prefix('#'));
///         let color = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
///         color.map(Color).ok_or(Mismatch::wanted("a color such as `#ff8800`"))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a config field",
    label = "not a config value",
    note = "use `bool`, an integer, a float, `String`, `Secret`, `Duration`, `PathBuf`, an `Option`, `Vec` or map of \
            these, derive `lk_plugin::PluginConfig` for a struct or `lk_plugin::ConfigValue` for an enum, or implement \
            `lk_plugin::ConfigValue` for it"
)]
pub trait ConfigValue: Sized {
    /// What values it takes; messages say this when a value is not one of them.
    const TYPE: ValueType;

    /// The value. What arrives here is of the type [`TYPE`](ConfigValue::TYPE) when it comes from a config.
    ///
    /// # Errors
    ///
    /// [`Mismatch`]; the reader says where, what was expected and what was given.
    fn from_json(value: &Value) -> Result<Self, Mismatch>;

    /// What collections do, so that each of their parts has its own place in messages.
    #[doc(hidden)]
    fn read_value(reader: &mut ConfigReader<'_>) -> Option<Self> {
        reader.plain()
    }
}

/// A value was not what the field takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mismatch {
    wanted: Option<Cow<'static, str>>,
}

impl Mismatch {
    /// The value is not of the type.
    #[must_use]
    pub const fn new() -> Self {
        Self { wanted: None }
    }

    /// The value should have been this; completes the sentence "`color` must be …". Never name a value that may be
    /// secret here.
    #[must_use]
    pub fn wanted(what: impl Into<Cow<'static, str>>) -> Self {
        Self { wanted: Some(what.into()) }
    }

    pub(super) fn what(&self) -> Option<&str> {
        self.wanted.as_deref()
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value is not what the field takes")
    }
}

impl std::error::Error for Mismatch {}

impl ConfigValue for bool {
    const TYPE: ValueType = ValueType::Boolean;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        value.as_bool().ok_or(Mismatch::new())
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl ConfigValue for $integer {
            const TYPE: ValueType = ValueType::Integer { min: <$integer>::MIN as i128, max: <$integer>::MAX as i128 };

            fn from_json(value: &Value) -> Result<Self, Mismatch> {
                let number = Number::of(value).and_then(Number::whole);
                number.and_then(|number| Self::try_from(number).ok()).ok_or(Mismatch::new())
            }
        }
    )*};
}

integers!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

impl ConfigValue for f64 {
    const TYPE: ValueType = ValueType::Number;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        value.as_f64().filter(|number| number.is_finite()).ok_or(Mismatch::new())
    }
}

impl ConfigValue for f32 {
    const TYPE: ValueType = ValueType::Number;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        let number = f64::from_json(value)? as Self;
        if number.is_finite() { Ok(number) } else { Err(Mismatch::wanted("a number of at most 3.4e38")) }
    }
}

impl ConfigValue for Duration {
    const TYPE: ValueType = ValueType::Seconds;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        Self::try_from_secs_f64(f64::from_json(value)?).map_err(|_| Mismatch::new())
    }
}

impl ConfigValue for String {
    const TYPE: ValueType = ValueType::String;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        value.as_str().map(ToOwned::to_owned).ok_or(Mismatch::new())
    }
}

impl ConfigValue for Secret {
    const TYPE: ValueType = ValueType::Secret;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        String::from_json(value).map(Self::new)
    }
}

/// As it is written: `~` and variables stay, a relative path is relative to the working directory.
impl ConfigValue for PathBuf {
    const TYPE: ValueType = ValueType::Path;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        String::from_json(value).map(Self::from)
    }
}

/// Any spelling is brought to the usual one.
impl ConfigValue for LanguageCode {
    const TYPE: ValueType = ValueType::String;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        value.as_str().map(Self::new).ok_or(Mismatch::new())
    }
}

/// The config of another plugin, which alone knows what is right: text in it is text for now, as with
/// [`insert_text`](Config::insert_text).
impl ConfigValue for Config {
    const TYPE: ValueType = ValueType::Table;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        let mut config = Self::new();
        for (key, value) in value.as_object().ok_or(Mismatch::new())? {
            match value {
                Value::String(text) => config.insert_text(key, text),
                value => config.insert(key, value.clone()),
            }
        }
        Ok(config)
    }
}

#[cfg(feature = "url")]
impl ConfigValue for url::Url {
    const TYPE: ValueType = ValueType::Url;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        value.as_str().and_then(|text| Self::parse(text).ok()).ok_or(Mismatch::new())
    }
}

impl<T: ConfigValue> ConfigValue for Option<T> {
    const TYPE: ValueType = ValueType::Optional(&T::TYPE);

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        if value.is_null() { Ok(None) } else { T::from_json(value).map(Some) }
    }

    fn read_value(reader: &mut ConfigReader<'_>) -> Option<Self> {
        reader.optional()
    }
}

impl<T: ConfigValue> ConfigValue for Vec<T> {
    const TYPE: ValueType = ValueType::List(&T::TYPE);

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        value.as_array().ok_or(Mismatch::new())?.iter().map(T::from_json).collect()
    }

    fn read_value(reader: &mut ConfigReader<'_>) -> Option<Self> {
        reader.items()
    }
}

impl<T: ConfigValue> ConfigValue for BTreeMap<String, T> {
    const TYPE: ValueType = ValueType::Map(&T::TYPE);

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        entries(value)
    }

    fn read_value(reader: &mut ConfigReader<'_>) -> Option<Self> {
        reader.entries()
    }
}

impl<T: ConfigValue, S: BuildHasher + Default> ConfigValue for HashMap<String, T, S> {
    const TYPE: ValueType = ValueType::Map(&T::TYPE);

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        entries(value)
    }

    fn read_value(reader: &mut ConfigReader<'_>) -> Option<Self> {
        reader.entries()
    }
}

fn entries<T: ConfigValue, M: FromIterator<(String, T)>>(value: &Value) -> Result<M, Mismatch> {
    let entries = value.as_object().ok_or(Mismatch::new())?.iter();
    entries.map(|(key, value)| Ok((key.clone(), T::from_json(value)?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read<T: ConfigValue>(value: Value) -> Option<T> {
        T::from_json(&value).ok()
    }

    #[test]
    fn single_values_are_read_or_refused() {
        assert_eq!((read(json!(true)), read::<bool>(json!(1))), (Some(true), None));
        assert_eq!((read(json!(255.0)), read::<u8>(json!(256)), read::<u8>(json!(0.5))), (Some(255_u8), None, None));
        assert_eq!((read(json!(i64::MIN)), read(json!(u64::MAX))), (Some(i64::MIN), Some(u64::MAX)));
        assert_eq!((read(json!(2)), read::<f64>(json!("2"))), (Some(2.0), None));
        assert_eq!((read(json!(0.5)), read::<f32>(json!(1e39))), (Some(0.5_f32), None));
        assert_eq!((read(json!(0.5)), read::<Duration>(json!(-1))), (Some(Duration::from_millis(500)), None));
        assert_eq!((read(json!("a")), read::<String>(json!(1))), (Some("a".to_owned()), None));
        assert_eq!(read::<Secret>(json!("a")).as_ref().map(Secret::expose), Some("a"));
        assert_eq!(read(json!("a/b")), Some(PathBuf::from("a/b")));
        assert_eq!(read(json!("EN-us")), Some(LanguageCode::new("en-US")));
        assert_eq!(
            f32::from_json(&json!(1e39)).err().and_then(|error| error.what().map(str::to_owned)).as_deref(),
            Some("a number of at most 3.4e38")
        );
        assert!(Mismatch::new().what().is_none() && !Mismatch::new().to_string().is_empty());
    }

    #[test]
    fn what_holds_others_is_read_with_all_in_it() {
        assert_eq!(
            (read(json!(null)), read(json!(1)), read::<Option<u8>>(json!("a"))),
            (Some(None::<u8>), Some(Some(1_u8)), None)
        );
        assert_eq!((read(json!([1, 2])), read::<Vec<u8>>(json!([1, "a"]))), (Some(vec![1_u8, 2]), None));
        let map = [("a".to_owned(), 1_u8)];
        assert_eq!(
            (read(json!({"a": 1})), read::<BTreeMap<String, u8>>(json!([]))),
            (Some(BTreeMap::from(map.clone())), None)
        );
        assert_eq!(
            (read(json!({"a": 1})), read::<HashMap<String, u8>>(json!({"a": "b"}))),
            (Some(HashMap::from(map)), None)
        );
        let config: Option<Config> = read(json!({"a": "1", "b": 2}));
        assert!(
            config.is_some_and(|config| config.is_text("a")
                && config.get("b") == Some(&json!(2))
                && !config.is_text("b"))
        );
        assert!(read::<Config>(json!([])).is_none());
    }
}
