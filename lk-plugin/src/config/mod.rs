//! Config: values on their way in, what a plugin says it takes, and how the two meet.

#[doc(hidden)]
pub mod check;
mod description;
mod field;
mod file;
#[cfg(all(any(test, fuzzing), feature = "toml", feature = "yaml"))]
pub(crate) mod fuzzing;
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

pub use self::description::{ChoiceDescription, FieldDescription, TypeDescription};
pub use self::field::ConfigField;
pub use self::map::Config;
pub use self::reader::ConfigReader;
pub(crate) use self::reader::nested;
#[cfg(all(feature = "dynamic", target_os = "linux"))]
pub(crate) use self::reader::validate;
pub use self::schema::{json_schema, json_schema_of};
pub use self::secret::Secret;
pub use self::value::{ConfigValue, Mismatch};
pub use self::value_type::{ConfigChoice, ValueType};

pub use serde_json::Value;
#[cfg(feature = "url")]
pub use url::Url;

use crate::error::Result;

/// A plugin's config: a struct whose fields are described in constants, so that it can be listed, explained and checked
/// without running anything of the plugin.
///
/// Derive it; every field is described by its attribute `#[config(…)]` (the keys stand at the
/// [derive](derive@crate::PluginConfig)), its type (those that there are stand at [`ConfigValue`]) and its doc comment.
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
///
/// # Where a value comes from
///
/// What is given, else the field's environment variable, else its default. A field that has none of these is missing,
/// unless it is an `Option` or a config of which nothing is missing. `null` is as if nothing were given, except that an
/// `Option` is then `None` whatever its default. A variable that is set to nothing counts as not set.
///
/// Integers are taken for floats, and `3.0` for an integer. Values of [`Config::insert_text`] and of the environment are
/// text, whose meaning the field's type decides.
///
/// # Choices, and configs within configs
///
/// An enum that derives [`ConfigValue`](derive@crate::ConfigValue) is a field with choices. A struct that derives
/// `PluginConfig` is a field with keys of its own; problems name the way to them, and so do dotted keys. In an `Option`,
/// list or map its fields are read when it is given.
///
/// ```
/// use std::time::Duration;
///
/// use lk_plugin::{Config, ConfigValue, PluginConfig};
///
/// #[derive(PluginConfig)]
/// struct TalkerConfig {
///     /// How it finds the end of a turn.
///     #[config(default = "server_vad")]
///     turns: Turns,
///     /// How patient it is.
///     retry: Retry,
/// }
///
/// #[derive(Debug, PartialEq, ConfigValue)]
/// enum Turns {
///     /// The provider listens for pauses.
///     ServerVad,
///     /// Nobody does.
///     #[config(rename = "off")]
///     Disabled,
/// }
///
/// #[derive(PluginConfig)]
/// struct Retry {
///     #[config(default = 3, range = 1..)]
///     max_attempts: u32,
///     #[config(default = 0.5)]
///     pause: Duration,
/// }
///
/// let mut config = Config::from_json(r#"{"turns": "off", "retry": {"pause": 2}}"#)?;
/// config.insert_text("retry.max_attempts", "5");
/// let read = TalkerConfig::from_config(&config)?;
/// assert_eq!(read.turns, Turns::Disabled);
/// assert_eq!((read.retry.max_attempts, read.retry.pause), (5, Duration::from_secs(2)));
///
/// config.insert_text("retry.max_attempts", "0");
/// let problem = TalkerConfig::from_config(&config).err().map(|error| error.to_string());
/// assert_eq!(problem.as_deref(), Some("`retry.max_attempts` must be at least 1, but is `0`"));
/// # Ok::<(), lk_plugin::Error>(())
/// ```
///
/// A config cannot contain itself, also not in a list or through another config: its description is a constant, which
/// would have no end.
///
/// # Rules across fields
///
/// `#[config(check = …)]` on the struct names a function that gets the config by reference and returns a `Result` of
/// nothing, or of what is wrong as anything that can be printed. It runs when all fields of the struct could be read, and
/// what it says is reported with the problems of other parts. Never put a secret into it.
///
/// ```
/// use lk_plugin::{Config, PluginConfig};
///
/// #[derive(PluginConfig)]
/// #[config(check = Pitch::is_in_order)]
/// struct Pitch {
///     #[config(default = 80, unit = "Hz")]
///     lowest: u32,
///     #[config(default = 400, unit = "Hz")]
///     highest: u32,
/// }
///
/// impl Pitch {
///     fn is_in_order(&self) -> Result<(), String> {
///         if self.lowest < self.highest {
///             return Ok(());
///         }
///         Err(format!("`lowest` is `{}`, and not below `highest`; give at most {}", self.lowest, self.highest - 1))
///     }
/// }
///
/// let problem = Pitch::from_config(&Config::from_json(r#"{"lowest": 400}"#)?).err().map(|error| error.to_string());
/// assert_eq!(problem.as_deref(), Some("`lowest` is `400`, and not below `highest`; give at most 399"));
/// # Ok::<(), lk_plugin::Error>(())
/// ```
///
/// # Defaults in code
///
/// No `Default` is derived, because it could not ask the environment: `C::from_config(&Config::new())` is the config with
/// nothing given. Derive or write `Default` yourself where you need it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a plugin config",
    label = "not a plugin config",
    note = "write `#[derive(lk_plugin::PluginConfig)]` above a struct of your own, or take `&lk_plugin::Config`"
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
