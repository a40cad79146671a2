//! JSON Schema: what it says, that it is one, and that it takes what the reader takes.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use jsonschema::Validator;
use lk_plugin::config::json_schema;
use lk_plugin::{Config, ConfigField, ConfigValue, PluginConfig, Registry, Secret, ValueType};
use lk_plugins as _;
use serde_json::{Map, Value, json};

#[derive(Debug, PluginConfig)]
#[expect(dead_code, reason = "what counts is whether it can be read")]
struct EveryType {
    #[config(default = true)]
    flag: bool,
    small: i8,
    #[config(default = 1, range = 1..=18_446_744_073_709_551_614)]
    large: u64,
    signed: Option<i64>,
    #[config(default = 0.5, range = 0.0..=1.0, unit = "st")]
    pitch: f64,
    #[config(default = 0, range = ..=3)]
    at_most: f64,
    #[config(default = 1, range = 0.5..=60)]
    pause: Duration,
    longest: Option<Duration>,
    /// What it says.
    #[config(default = "hello", length = 1..=9)]
    phrase: String,
    key: Option<Secret>,
    #[config(default = "server_vad")]
    turns: Turns,
    other_turns: Option<Turns>,
    #[config(default = 16_000, choices = [8_000, 16_000], unit = "Hz")]
    rate: u32,
    #[config(choices = ["a", "b"])]
    letter: Option<String>,
    #[config(default = [], range = 1..=3, length = ..=4)]
    steps: Vec<Option<u8>>,
    #[config(default = {}, length = ..=2)]
    map: BTreeMap<String, Vec<f64>>,
    #[config(default = "./here")]
    path: std::path::PathBuf,
    nested: Nested,
    #[config(rename = "may-be")]
    optional: Option<Nested>,
    #[config(default = [])]
    many: Vec<Nested>,
    #[config(default = {})]
    named: BTreeMap<String, Nested>,
}

#[derive(Debug, PluginConfig)]
#[expect(dead_code, reason = "what counts is whether it can be read")]
struct Nested {
    name: String,
    #[config(default = 3, range = 1..)]
    attempts: u8,
    deeper: Deeper,
}

#[derive(Debug, PluginConfig)]
#[expect(dead_code, reason = "what counts is whether it can be read")]
struct Deeper {
    #[config(default = false)]
    flag: bool,
}

#[derive(Debug, ConfigValue)]
enum Turns {
    /// The provider listens for pauses.
    ServerVad,
    #[config(rename = "semantic-vad")]
    Semantic,
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).unwrap()
}

// ── what it says ────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn fields_are_described_in_full() {
    #[derive(Debug, PluginConfig)]
    #[expect(dead_code, reason = "only the description counts")]
    struct Voice {
        /// The provider's key.
        #[config(env = "LK_TEST_SCHEMA_KEY", length = 3..)]
        api_key: Secret,
        /// How fast.
        #[config(default = 1.0, range = 0.25..=4.0, unit = "x")]
        speed: Option<f64>,
        #[config(default = "server_vad")]
        turns: Turns,
        #[config(choices = [8_000, 16_000], unit = "Hz")]
        rate: Option<u32>,
        #[config(secret)]
        token: String,
        deeper: Nested,
    }
    assert_eq!(
        json_schema(Voice::FIELDS),
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "api_key": {
                    "type": "string",
                    "description": "The provider's key.",
                    "minLength": 3,
                    "writeOnly": true,
                    "x-env": "LK_TEST_SCHEMA_KEY",
                },
                "speed": {
                    "type": ["number", "null"],
                    "description": "How fast.",
                    "minimum": 0.25,
                    "maximum": 4.0,
                    "default": 1.0,
                    "x-unit": "x",
                },
                "turns": {
                    "type": "string",
                    "enum": ["server_vad", "semantic-vad"],
                    "x-choices": {"server_vad": "The provider listens for pauses.", "semantic-vad": ""},
                    "default": "server_vad",
                },
                "rate": {
                    "type": ["integer", "null"],
                    "minimum": 0,
                    "maximum": u32::MAX,
                    "enum": [8_000, 16_000, null],
                    "x-unit": "Hz",
                },
                "token": {"type": "string", "writeOnly": true},
                "deeper": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "attempts": {"type": "integer", "minimum": 1, "maximum": 255, "default": 3},
                        "deeper": {
                            "type": "object",
                            "properties": {"flag": {"type": "boolean", "default": false}},
                            "additionalProperties": false,
                        },
                    },
                    "required": ["name"],
                    "additionalProperties": false,
                },
            },
            "required": ["token", "deeper"],
            "additionalProperties": false,
        })
    );
}

#[test]
fn every_plugin_has_a_schema_that_is_one_and_takes_its_defaults() {
    let plugins = Registry::global().plugins();
    assert!(plugins.len() >= 5, "{plugins:?}");
    for plugin in plugins {
        let mut schema = json_schema(plugin.fields().unwrap());
        assert!(jsonschema::meta::is_valid(&schema), "{schema}");
        // What has no default must be given.
        schema.as_object_mut().unwrap().remove("required");
        let defaults: Map<String, Value> = schema["properties"]
            .as_object()
            .unwrap()
            .iter()
            .filter_map(|(key, property)| Some((key.clone(), property.get("default")?.clone())))
            .collect();
        assert!(validator(&schema).is_valid(&Value::Object(defaults)), "{schema}");
    }
    assert!(jsonschema::meta::is_valid(&json_schema(EveryType::FIELDS)));
    assert!(!jsonschema::meta::is_valid(&json!({"type": "nothing that there is"})));
}

// ── that both take the same ─────────────────────────────────────────────────────────────────────────────────────────

/// Configs by chance: most values are good or only just bad, so that both answers come often.
struct Chance {
    rng: Rng,
    /// One value in so many is of any kind.
    surprise: u32,
}

impl Chance {
    fn table(&mut self, fields: &[ConfigField]) -> Value {
        let mut table = Map::new();
        for field in fields {
            let given = if field.required { self.rng.u32(..self.surprise) > 0 } else { self.rng.u32(..4) == 0 };
            if given {
                let value = self.value(field.value_type, field);
                table.insert(field.name.to_owned(), value);
            }
        }
        if self.rng.u32(..self.surprise) == 0 {
            let key = self.rng.choice(["Flag", "flag ", "x", "", "a.b"]).unwrap();
            table.insert(key.to_owned(), json!(1));
        }
        table.into()
    }

    fn value(&mut self, value_type: ValueType, field: &ConfigField) -> Value {
        if self.rng.u32(..self.surprise) == 0 {
            return self.anything();
        }
        let near = |rng: &mut Rng, limits: Vec<f64>| {
            let limit = rng.choice(limits).unwrap_or_default();
            limit + rng.choice([0.0, 0.0, 0.0, 0.5, 1.0, -1.0, 1e-9]).unwrap()
        };
        match value_type {
            ValueType::Boolean => self.rng.bool().into(),
            ValueType::Integer { min, max } => {
                let choices = self.choices(field);
                let own = [min, max, 0, 1, 3].map(|number| number + i128::from(self.rng.i8(-1..=1)));
                let own = own.into_iter().filter_map(serde_json::Number::from_i128).map(Value::Number);
                self.rng.choice(if choices.is_empty() { own.collect() } else { choices }).unwrap()
            }
            ValueType::Number | ValueType::Seconds => {
                let mut limits = vec![0.5, 1.0, 1e19];
                limits
                    .extend([field.min, field.max].into_iter().flatten().filter_map(|limit| limit.parse::<f64>().ok()));
                near(&mut self.rng, limits).into()
            }
            ValueType::Choice(choices) => self.rng.choice(choices).unwrap().name.into(),
            ValueType::List(item) => {
                (0..self.rng.usize(..6)).map(|_| self.value(*item, field)).collect::<Vec<_>>().into()
            }
            ValueType::Map(item) => {
                let entries = (0..self.rng.usize(..4)).map(|key| (format!("k.{key}"), self.value(*item, field)));
                Value::Object(entries.collect())
            }
            ValueType::Config(fields) => self.table(fields),
            ValueType::Optional(inner) if self.rng.u32(..4) > 0 => self.value(*inner, field),
            ValueType::Optional(_) => Value::Null,
            _ => {
                let choices = self.choices(field);
                let own = ["", "a", "é€😀", "123456789", "1234567890"].map(Value::from).to_vec();
                self.rng.choice(if choices.is_empty() { own } else { choices }).unwrap()
            }
        }
    }

    fn choices(&mut self, field: &ConfigField) -> Vec<Value> {
        field.choices.iter().map(|json| serde_json::from_str(json).unwrap()).collect()
    }

    fn anything(&mut self) -> Value {
        let values = [
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(1.0),
            json!(2.5),
            json!(1e300),
            json!(u64::MAX),
            json!(i64::MIN),
            json!(""),
            json!("a"),
            json!("1"),
            json!("server_vad"),
            json!([]),
            json!([1]),
            json!([null]),
            json!({}),
            json!({"name": "a"}),
            json!({"name": null}),
            json!(8_000.0),
            json!(-0.0),
        ];
        self.rng.choice(values).unwrap()
    }
}

#[test]
fn reader_and_schema_take_the_same_configs() {
    let validator = validator(&json_schema(EveryType::FIELDS));
    let mut taken = 0;
    const CONFIGS: usize = 4_000;
    for seed in 0..CONFIGS {
        let surprise = if seed % 2 == 0 { 400 } else { 20 };
        let given = Chance { rng: Rng::with_seed(seed as u64), surprise }.table(EveryType::FIELDS);
        let config = Config::from_json(&given.to_string()).unwrap();
        let read = EveryType::from_config(&config);
        let wrong: Vec<String> =
            validator.iter_errors(&given).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(
            read.is_ok(),
            wrong.is_empty(),
            "seed {seed}: {given:#}\nreader: {:?}\nschema: {wrong:?}",
            read.err()
        );
        taken += usize::from(read.is_ok());
    }
    // Agreement means little when one answer is rare.
    assert!(taken > CONFIGS / 10 && taken < CONFIGS * 9 / 10, "{taken} of {CONFIGS} were taken");
}
