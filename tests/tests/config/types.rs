//! What each type takes.

use std::time::Duration;

use lk_plugin::{Config, ConfigValue, Mismatch, PluginConfig, Secret, ValueType};
use serde_json::{Value, json};

use crate::{config, one, refusal};

/// Gives each value as JSON, and says whether it should be taken.
fn takes<T: ConfigValue>(good: &[Value], bad: &[Value]) {
    for value in good {
        assert!(T::from_json(value).is_ok(), "{} refused {value}", std::any::type_name::<T>());
    }
    for value in bad {
        assert!(T::from_json(value).is_err(), "{} took {value}", std::any::type_name::<T>());
    }
}

#[test]
fn each_type_takes_its_own_values_alone() {
    takes::<bool>(&[json!(true), json!(false)], &[json!(0), json!("true"), json!(null)]);
    takes::<u8>(&[json!(0), json!(255)], &[json!(256), json!(-1), json!(1.5), json!("1"), json!(true)]);
    takes::<i8>(&[json!(-128), json!(127)], &[json!(-129), json!(128)]);
    takes::<u64>(&[json!(u64::MAX)], &[json!(-1), json!(1.8446744073709552e19)]);
    takes::<i64>(&[json!(i64::MIN), json!(i64::MAX)], &[json!(9_223_372_036_854_775_808_u64), json!(9.3e18)]);
    takes::<f64>(&[json!(1), json!(-1), json!(0.5), json!(u64::MAX)], &[json!("0.5"), json!(null), json!([0.5])]);
    takes::<f32>(&[json!(1), json!(0.1)], &[json!(1e39), json!(-1e39)]);
    takes::<String>(&[json!(""), json!("x")], &[json!(1), json!(null)]);
    takes::<Secret>(&[json!("x")], &[json!(1)]);
    takes::<Vec<u8>>(&[json!([]), json!([1, 2])], &[json!([1, "2"]), json!(1), json!("1,2"), json!({})]);
    takes::<Option<u8>>(&[json!(null), json!(1)], &[json!("1"), json!(256)]);
    takes::<Duration>(&[json!(0), json!(0.25), json!(3_600)], &[json!(-1), json!(-0.001), json!(1e20), json!("1")]);
}

#[test]
fn values_arrive_exactly() {
    assert_eq!(u64::from_json(&json!(u64::MAX)), Ok(u64::MAX));
    assert_eq!(i64::from_json(&json!(i64::MIN)), Ok(i64::MIN));
    assert_eq!(Duration::from_json(&json!(0.032)), Ok(Duration::from_millis(32)));
    assert_eq!(f32::from_json(&json!(0.1)), Ok(0.1));
    assert_eq!(Vec::<Option<u8>>::from_json(&json!([1, null])), Ok(vec![Some(1), None]));
}

#[test]
fn an_integer_out_of_its_types_range_is_told_the_range() {
    one!(Small: u8);
    for (given, shown) in [(json!(256), "256"), (json!(-1), "-1"), (json!(1.5), "1.5")] {
        assert_eq!(
            refusal::<Small>(&config(json!({ "value": given }))),
            format!("`value` must be an integer from 0 to 255, but is `{shown}`")
        );
    }
    assert_eq!(
        refusal::<Small>(&config(json!({"value": {"a": 1}}))),
        "`value` must be an integer from 0 to 255, but is a table"
    );
    one!(Large: i64);
    assert_eq!(
        refusal::<Large>(&config(json!({"value": u64::MAX}))),
        "`value` must be an integer from -9223372036854775808 to 9223372036854775807, but is `18446744073709551615`"
    );
}

#[test]
fn ranges_include_their_ends() {
    one!(Between: f64, (range = -0.5..=1.0));
    one!(AtLeast: u32, (range = 1..));
    one!(AtMost: i32, (range = ..=9));
    one!(Each: Vec<u8>, (range = 1..=3));
    for (good, bad) in [(json!(-0.5), json!(-0.500_000_1)), (json!(1), json!(1.000_000_1))] {
        assert!(Between::from_config(&config(json!({ "value": good }))).is_ok(), "{good}");
        assert_eq!(
            refusal::<Between>(&config(json!({ "value": bad }))),
            format!("`value` must be between -0.5 and 1.0, but is `{bad}`")
        );
    }
    assert_eq!(AtLeast::from_config(&config(json!({"value": 1}))).unwrap().value, 1);
    assert_eq!(refusal::<AtLeast>(&config(json!({"value": 0}))), "`value` must be at least 1, but is `0`");
    assert_eq!(AtMost::from_config(&config(json!({"value": 9}))).unwrap().value, 9);
    assert_eq!(refusal::<AtMost>(&config(json!({"value": 10}))), "`value` must be at most 9, but is `10`");
    assert_eq!(Each::from_config(&config(json!({"value": [1, 3]}))).unwrap().value, [1, 3]);
    assert_eq!(
        refusal::<Each>(&config(json!({"value": [1, 4, 0]}))),
        "2 problems in the config: `value[1]` must be between 1 and 3, but is `4`; `value[2]` must be between 1 and 3, but is `0`"
    );
}

#[test]
fn ranges_are_exact_where_a_double_is_not() {
    // 2^53 and 2^53 + 1 are one double.
    one!(Ticks: u64, (range = 0..=9_007_199_254_740_992));
    assert!(Ticks::from_config(&config(json!({"value": 9_007_199_254_740_992_u64}))).is_ok());
    assert_eq!(
        refusal::<Ticks>(&config(json!({"value": 9_007_199_254_740_993_u64}))),
        "`value` must be between 0 and 9007199254740992, but is `9007199254740993`"
    );
    one!(Signed: i64, (range = -9_223_372_036_854_775_807..));
    assert!(Signed::from_config(&config(json!({"value": i64::MIN + 1}))).is_ok());
    assert!(Signed::from_config(&config(json!({"value": i64::MIN}))).is_err());
}

#[test]
fn a_type_of_ones_own_goes_through_one_that_is_here() {
    #[derive(Debug, PartialEq)]
    struct Percent(u8);
    impl ConfigValue for Percent {
        const TYPE: ValueType = ValueType::Integer { min: 0, max: 100 };

        fn from_json(value: &Value) -> Result<Self, Mismatch> {
            u8::from_json(value).ok().filter(|percent| *percent <= 100).map(Percent).ok_or(Mismatch::new())
        }
    }
    one!(Volume: Percent, (default = 50));
    assert_eq!(Volume::from_config(&Config::new()).unwrap().value, Percent(50));
    assert_eq!(
        refusal::<Volume>(&config(json!({"value": 101}))),
        "`value` must be an integer from 0 to 100, but is `101`"
    );
}

#[test]
fn a_default_that_ones_own_type_refuses_is_the_plugins_own_fault_and_says_so() {
    #[derive(Debug)]
    struct Even;
    impl ConfigValue for Even {
        const TYPE: ValueType = ValueType::Integer { min: 0, max: 100 };

        fn from_json(value: &Value) -> Result<Self, Mismatch> {
            value.as_u64().filter(|number| number % 2 == 0).map(|_| Self).ok_or(Mismatch::wanted("even"))
        }
    }
    one!(Wrong: Even, (default = 3));
    assert_eq!(refusal::<Wrong>(&Config::new()), "the default of `value` must be even, but is `3`");
}
