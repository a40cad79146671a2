//! Numbers that keep their digits when they are compared.

use std::cmp::Ordering;

use serde_json::Value;

/// A number to compare: whole ones stay exact, where a double would round those of more than 53 bits.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Whole(i128),
    Float(f64),
}

impl Number {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let whole = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
        whole.map(Self::Whole).or_else(|| value.as_f64().map(Self::Float))
    }

    pub(super) fn parse(json: &str) -> Option<Self> {
        json.parse().map(Self::Whole).or_else(|_| json.parse().map(Self::Float)).ok()
    }

    /// The integer that it is: `3`, and also `3.0`, as JSON Schema has it.
    pub(super) fn whole(self) -> Option<i128> {
        match self {
            Self::Whole(number) => Some(number),
            // Beyond this a double is whole, but its digits are chance; the cast would saturate.
            Self::Float(number) if number.fract() == 0.0 && number.abs() < 1e30 => Some(number as i128),
            Self::Float(_) => None,
        }
    }

    /// Whether it stands on that side of the limit.
    pub(super) fn is(self, side: Ordering, limit: Self) -> bool {
        match (self.whole(), limit.whole()) {
            (Some(number), Some(limit)) => number.cmp(&limit) == side,
            _ => self.float().partial_cmp(&limit.float()) == Some(side),
        }
    }

    fn float(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Float(number) => number,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering::{Equal, Greater, Less};

    use serde_json::json;

    use super::*;

    fn number(json: &str) -> Number {
        Number::parse(json).unwrap_or(Number::Float(f64::NAN))
    }

    #[test]
    fn a_number_is_whole_when_it_has_no_fraction_and_all_its_digits_count() {
        for (json, whole) in [
            ("3", Some(3)),
            ("3.0", Some(3)),
            ("-2e3", Some(-2000)),
            ("0.5", None),
            ("1e29", Some(1e29 as i128)),
            ("1e30", None),
            ("-1e31", None),
            ("18446744073709551615", Some(i128::from(u64::MAX))),
        ] {
            assert_eq!(number(json).whole(), whole, "{json}");
        }
        for (value, whole) in [
            (json!(u64::MAX), Some(i128::from(u64::MAX))),
            (json!(i64::MIN), Some(i128::from(i64::MIN))),
            (json!(4.0), Some(4)),
            (json!("4"), None),
        ] {
            assert_eq!(Number::of(&value).and_then(Number::whole), whole, "{value}");
        }
    }

    #[test]
    fn numbers_are_compared_by_all_their_digits() {
        for (one, side, other) in [
            ("9007199254740993", Greater, "9007199254740992"),
            ("-9007199254740993", Less, "-9007199254740992"),
            ("3", Equal, "3.0"),
            ("0.5", Less, "1"),
            ("1", Greater, "0.5"),
            ("0.25", Less, "0.5"),
            ("1e31", Greater, "1e30"),
        ] {
            let found = [Less, Equal, Greater].map(|side| number(one).is(side, number(other)));
            assert_eq!(found, [Less, Equal, Greater].map(|found| found == side), "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_number_stands_on_no_side() {
        assert!(Number::parse("three").is_none());
        assert!(![Less, Equal, Greater].into_iter().any(|side| number("three").is(side, number("3"))));
    }
}
