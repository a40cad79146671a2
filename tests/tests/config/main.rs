//! Reading a config: what is taken, what is refused and in which words, where values come from, what is never shown.

#![expect(clippy::unwrap_used, reason = "a test stops at its first surprise")]

use lk_plugin::{Config, ErrorKind, PluginConfig};
use serde_json::Value;

mod environment;
mod fields;
mod shown;
mod text;
mod types;

fn config(json: Value) -> Config {
    Config::from_json(&json.to_string()).unwrap()
}

fn text(key: &str, text: &str) -> Config {
    let mut config = Config::new();
    config.insert_text(key, text);
    config
}

/// What is said about a config that is refused.
fn refusal<C: PluginConfig>(config: &Config) -> String {
    let error = C::from_config(config).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.chain().is_empty(), "{:?}", error.chain());
    error.to_string()
}

/// A config of one field, as each test needs it.
macro_rules! one {
    ($name:ident: $type:ty $(, $attribute:tt)?) => {
        #[derive(Debug, PluginConfig)]
        struct $name {
            $(#[config $attribute])?
            #[allow(dead_code, reason = "some tests ask only what is refused")]
            value: $type,
        }
    };
}
use one;
