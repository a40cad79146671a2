//! The types a config field may have.

use std::time::Duration;

use serde_json::Value;

use super::field::ValueType;
use super::secret::Secret;

/// A type that a config field may have.
///
/// Implement it for a type of your own by going through one that is here:
///
/// ```
/// use lk_plugin::{ConfigValue, Mismatch, ValueType};
///
/// struct Percent(u8);
///
/// impl ConfigValue for Percent {
///     const TYPE: ValueType = ValueType::Integer { min: 0, max: 100 };
///
///     fn from_json(value: &lk_plugin::config::Value) -> Result<Self, Mismatch> {
///         u8::from_json(value).ok().filter(|percent| *percent <= 100).map(Percent).ok_or(Mismatch)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a config field",
    label = "not a config value",
    note = "use `bool`, an integer, a float, `String`, `Secret`, `Duration`, an `Option` or `Vec` of these, \
            or implement `lk_plugin::ConfigValue` for it"
)]
pub trait ConfigValue: Sized {
    /// What values it takes; messages say this when a value is not one of them.
    const TYPE: ValueType;

    /// Whether the field may be left out.
    const OPTIONAL: bool = false;

    /// The value, or that it is not of this type.
    ///
    /// # Errors
    ///
    /// [`Mismatch`]; the reader says what was expected and what was given.
    fn from_json(value: &Value) -> Result<Self, Mismatch>;

    /// The value of a field that was left out, if it may be.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

/// A value was not of the field's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is not of the field's type")]
pub struct Mismatch;

impl ConfigValue for bool {
    const TYPE: ValueType = ValueType::Boolean;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        value.as_bool().ok_or(Mismatch)
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl ConfigValue for $integer {
            const TYPE: ValueType = ValueType::Integer { min: <$integer>::MIN as i128, max: <$integer>::MAX as i128 };

            fn from_json(value: &Value) -> Result<Self, Mismatch> {
                let number = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
                number.and_then(|number| Self::try_from(number).ok()).ok_or(Mismatch)
            }
        }
    )*};
}

integers!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

impl ConfigValue for f64 {
    const TYPE: ValueType = ValueType::Number;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        value.as_f64().filter(|number| number.is_finite()).ok_or(Mismatch)
    }
}

impl ConfigValue for f32 {
    const TYPE: ValueType = ValueType::Number;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        let number = f64::from_json(value)? as Self;
        if number.is_finite() { Ok(number) } else { Err(Mismatch) }
    }
}

impl ConfigValue for Duration {
    const TYPE: ValueType = ValueType::Seconds;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        Self::try_from_secs_f64(f64::from_json(value)?).map_err(|_| Mismatch)
    }
}

impl ConfigValue for String {
    const TYPE: ValueType = ValueType::String;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        value.as_str().map(ToOwned::to_owned).ok_or(Mismatch)
    }
}

impl ConfigValue for Secret {
    const TYPE: ValueType = ValueType::Secret;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        String::from_json(value).map(Self::new)
    }
}

impl<T: ConfigValue> ConfigValue for Option<T> {
    const TYPE: ValueType = T::TYPE;
    const OPTIONAL: bool = true;

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        if value.is_null() { Ok(None) } else { T::from_json(value).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: ConfigValue> ConfigValue for Vec<T> {
    const TYPE: ValueType = ValueType::List(&T::TYPE);

    fn from_json(value: &Value) -> Result<Self, Mismatch> {
        value.as_array().ok_or(Mismatch)?.iter().map(T::from_json).collect()
    }
}

/// What text from the command line or the environment means for a field of this type; `None` when nothing.
pub(super) fn parse_text(text: &str, value_type: ValueType) -> Option<Value> {
    match value_type {
        ValueType::Boolean => text.trim().parse().ok().map(Value::Bool),
        ValueType::Integer { .. } => {
            let text = text.trim();
            text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<u64>().map(Value::from)).ok()
        }
        // `nan` and `inf` parse as floats, but are no JSON numbers.
        ValueType::Number | ValueType::Seconds => {
            text.trim().parse::<f64>().ok().and_then(serde_json::Number::from_f64).map(Value::Number)
        }
        ValueType::String | ValueType::Secret => Some(Value::String(text.to_owned())),
        // A JSON list, or what a person would write: `a,b,c`.
        ValueType::List(item) => match serde_json::from_str(text) {
            Ok(Value::Array(list)) => Some(Value::Array(list)),
            _ if text.trim().is_empty() => Some(Value::Array(Vec::new())),
            _ => text.split(',').map(|part| parse_text(part.trim(), *item)).collect::<Option<_>>().map(Value::Array),
        },
    }
}
