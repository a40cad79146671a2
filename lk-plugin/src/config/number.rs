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
