//! Config: values on their way in, what a plugin says it takes, and how the two meet.

#[doc(hidden)]
pub mod check;
mod field;
mod file;
mod map;
mod number;
mod problems;
mod reader;
mod resolve;
mod rules;
mod schema;
mod secret;
mod text;
mod value;
mod value_type;

pub use self::field::ConfigField;
pub use self::map::Config;
pub use self::reader::ConfigReader;
pub(crate) use self::reader::nested;
pub use self::schema::json_schema;
pub use self::secret::Secret;
pub use self::value::{ConfigValue, Mismatch};
pub use self::value_type::{ConfigChoice, ValueType};

pub use serde_json::Value;

use crate::error::Result;

/// A plugin's config: a struct whose fields are described in constants, so that it can be listed, explained and checked
/// without running anything of the plugin.
///
/// Derive it; every field is described by its attribute `#[config(…)]` and its doc comment.
///
/// ```
/// use lk_plugin::{Config, PluginConfig, Secret};
///
/// #[derive(PluginConfig)]
/// struct WhisperConfig {
///     /// The provider's key.
///     #[config(env = "WHISPER_API_KEY")]
///     api_key: Secret,
///     /// How adventurous the transcription may be.
///     #[config(default = 0.0, range = 0.0..=1.0)]
///     temperature: f64,
///     /// The language spoken; detected when it is not given.
///     language: Option<String>,
/// }
///
/// let mut config = Config::new();
/// config.insert("api_key", "secret");
/// config.insert("temperature", 2.5);
/// config.insert("langauge", "en");
/// let problems = WhisperConfig::from_config(&config).err().map(|error| error.to_string());
/// assert_eq!(
///     problems.as_deref(),
///     Some(
///         "2 problems in the config: `temperature` must be between 0.0 and 1.0, but is `2.5`; \
///          `langauge` is not an option; did you mean `language`? choose from `api_key`, `language`, `temperature`"
///     )
/// );
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a plugin config",
    label = "not a plugin config",
    note = "write `#[derive(lk_plugin::PluginConfig)]` above it"
)]
pub trait PluginConfig: Sized {
    /// The fields, in the order of the struct.
    const FIELDS: &'static [ConfigField];

    /// Takes the fields from the reader, which notes every problem; `None` when there was one.
    ///
    /// The derive writes this. Call [`from_config`](PluginConfig::from_config).
    fn read(reader: &mut ConfigReader<'_>) -> Option<Self>;

    /// Reads a config: each field from the config, else from its environment variable, else its default.
    ///
    /// # Errors
    ///
    /// [`Config`](crate::ErrorKind::Config) with all problems at once: unknown keys, missing, mistyped and out-of-range
    /// values, each with its key and what was given; secrets are never shown.
    fn from_config(config: &Config) -> Result<Self> {
        reader::read(config)
    }
}

/// The config of plugins that take none: any key is one too many.
#[diagnostic::do_not_recommend]
impl PluginConfig for () {
    const FIELDS: &'static [ConfigField] = &[];

    fn read(_: &mut ConfigReader<'_>) -> Option<Self> {
        Some(())
    }
}
