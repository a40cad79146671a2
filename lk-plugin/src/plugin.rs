//! What is known about one plugin, and what makes its instances.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::config::{Config, ConfigField};
use crate::error::{Error, ErrorKind, Result};
use crate::hint;
use crate::kinds::{Factory, Kind, PluginKind, StaticMake};

/// A plugin: what it is, where it comes from, what it takes, and how instances of it are made.
///
/// The attribute writes one for each annotated constructor. A program makes one itself for
/// [`Registry::register`](crate::Registry::register):
///
/// ```
/// use lk_plugin::{Llm, Plugin, Registry};
/// # use lk_plugin::{ChatContext, ChatOptions, LlmStream, Result};
/// # struct Parrot;
/// # impl Llm for Parrot {
/// #     fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> { unreachable!() }
/// # }
///
/// let registry = Registry::empty();
/// registry.register(Plugin::new::<dyn Llm>("parrot", |_config| Ok(Box::new(Parrot))));
/// assert!(registry.get(lk_plugin::Kind::Llm, "parrot").is_some());
/// ```
#[derive(Clone)]
pub struct Plugin {
    name: Cow<'static, str>,
    version: Cow<'static, str>,
    package: Cow<'static, str>,
    description: Cow<'static, str>,
    license: Option<Cow<'static, str>>,
    origin: Origin,
    models: Cow<'static, [ModelFile]>,
    fields: Option<Cow<'static, [ConfigField]>>,
    source: Cow<'static, str>,
    factory: Factory,
}

/// How a plugin came here that is linked in.
const STATIC: &str = "static";

/// Where a plugin stands in its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The source file, as the compiler was given it.
    pub file: Cow<'static, str>,
    /// The line, from 1.
    pub line: u32,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A file that a plugin wants downloaded before it can work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelFile {
    /// What it is called once it is here.
    pub name: &'static str,
    /// Where it is.
    pub url: &'static str,
    /// Its length in bytes.
    pub size: u64,
    /// Its SHA-256, 64 hexadecimal digits.
    pub sha256: &'static str,
}

impl ModelFile {
    /// A file.
    #[must_use]
    pub const fn new(name: &'static str, url: &'static str, size: u64, sha256: &'static str) -> Self {
        Self { name, url, size, sha256 }
    }
}

impl Plugin {
    /// A plugin of this program, made by a closure. Its origin is the line of this call; its version and package are
    /// empty until told.
    ///
    /// The name must follow the grammar of plugin names (lower case, digits, hyphens); registering checks it.
    #[track_caller]
    pub fn new<K: PluginKind + ?Sized>(
        name: impl Into<String>,
        make: impl Fn(&Config) -> Result<Box<K>> + Send + Sync + 'static,
    ) -> Self {
        let caller = std::panic::Location::caller();
        Self {
            name: Cow::Owned(name.into()),
            version: Cow::Borrowed(""),
            package: Cow::Borrowed(""),
            description: Cow::Borrowed(""),
            license: None,
            origin: Origin { file: Cow::Borrowed(caller.file()), line: caller.line() },
            models: Cow::Borrowed(&[]),
            fields: None,
            source: Cow::Borrowed(STATIC),
            factory: K::__factory(Arc::new(make)),
        }
    }

    /// Says which version it has.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.version = Cow::Owned(version.into());
        self
    }

    /// Says which package it comes from.
    #[must_use]
    pub fn with_package(mut self, package: impl Into<String>) -> Self {
        self.package = Cow::Owned(package.into());
        self
    }

    /// Says in one line what it is.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Cow::Owned(description.into());
        self
    }

    /// Says which config keys it takes.
    ///
    /// ```
    /// # use lk_plugin::{ChatChunk, ChatContext, ChatOptions, EventStream, Llm, LlmStream, Result};
    /// # struct Parrot;
    /// # impl Llm for Parrot {
    /// #     fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
    /// #         Ok(EventStream::from_fn(|mut chunks| async move { chunks.send(ChatChunk::text("1", "hello")).await }))
    /// #     }
    /// # }
    /// use lk_plugin::{Plugin, PluginConfig};
    ///
    /// #[derive(PluginConfig)]
    /// struct ParrotConfig {
    ///     /// What it says.
    ///     #[config(default = "hello")]
    ///     phrase: String,
    /// }
    ///
    /// let parrot = Plugin::new::<dyn Llm>("parrot", |config| {
    ///     let _config = ParrotConfig::from_config(config)?;
    ///     Ok(Box::new(Parrot))
    /// })
    /// .with_fields(ParrotConfig::FIELDS);
    /// assert_eq!(parrot.fields().map(|fields| fields[0].name), Some("phrase"));
    /// ```
    #[must_use]
    pub fn with_fields(mut self, fields: impl Into<Cow<'static, [ConfigField]>>) -> Self {
        self.fields = Some(fields.into());
        self
    }

    /// Says under which licence it is, as an SPDX expression.
    #[must_use]
    pub fn with_license(mut self, license: impl Into<String>) -> Self {
        self.license = Some(Cow::Owned(license.into()));
        self
    }

    /// Says which files it wants downloaded.
    #[must_use]
    pub fn with_models(mut self, models: impl Into<Cow<'static, [ModelFile]>>) -> Self {
        self.models = models.into();
        self
    }

    /// Says which file it was loaded from, and where its constructor stands.
    #[cfg(all(feature = "dynamic", target_os = "linux"))]
    pub(crate) fn loaded_from(mut self, file: String, origin: Origin) -> Self {
        (self.source, self.origin) = (Cow::Owned(file), origin);
        self
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.factory.kind()
    }

    /// Its name, unique within its kind.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its package's version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The Cargo package that it comes from.
    #[must_use]
    pub fn package(&self) -> &str {
        &self.package
    }

    /// What it is, in one line.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Its licence, an SPDX expression.
    #[must_use]
    pub fn license(&self) -> Option<&str> {
        self.license.as_deref()
    }

    /// Where its constructor stands.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How it came here: `static` for what is linked into the program, else the file that it was loaded from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The files that it wants downloaded.
    #[must_use]
    pub fn models(&self) -> &[ModelFile] {
        &self.models
    }

    /// The config keys that it takes; `None` when it reads its config by itself and does not say.
    #[must_use]
    pub fn fields(&self) -> Option<&[ConfigField]> {
        self.fields.as_deref()
    }

    /// Makes an instance.
    ///
    /// # Errors
    ///
    /// What the constructor returns, with the plugin's kind and name in front.
    pub fn create<K: PluginKind + ?Sized>(&self, config: &Config) -> Result<Box<K>> {
        let made = K::__create(&self.factory, config)
            .unwrap_or_else(|| Err(Error::new(ErrorKind::NotFound, format!("this is not a `{}` plugin", K::KIND))));
        made.map_err(|error| error.at(self))
    }
}

impl fmt::Display for Plugin {
    /// Kind and name: `stt/openai`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind(), self.name)
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("kind", &self.kind())
            .field("name", &self.name)
            .field("version", &self.version)
            .field("package", &self.package)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// What the attribute writes: constant data, so that it can stand in a static.
#[doc(hidden)]
pub struct StaticPlugin {
    pub name: &'static str,
    pub version: &'static str,
    pub package: &'static str,
    pub description: &'static str,
    pub license: Option<&'static str>,
    pub file: &'static str,
    pub line: u32,
    /// The plugin's own section, which `require!` looks for, and in it the way to the plugin's note.
    pub linked: &'static crate::note::Linked,
    pub models: &'static [ModelFile],
    pub fields: Option<&'static [ConfigField]>,
    pub make: StaticMake,
}

impl From<&'static StaticPlugin> for Plugin {
    fn from(entry: &'static StaticPlugin) -> Self {
        Self {
            name: Cow::Borrowed(entry.name),
            version: Cow::Borrowed(entry.version),
            package: Cow::Borrowed(entry.package),
            description: Cow::Borrowed(entry.description),
            license: entry.license.filter(|license| !license.is_empty()).map(Cow::Borrowed),
            origin: Origin { file: Cow::Borrowed(entry.file), line: entry.line },
            models: Cow::Borrowed(entry.models),
            fields: entry.fields.map(Cow::Borrowed),
            source: Cow::Borrowed(STATIC),
            factory: Factory::from(entry.make),
        }
    }
}

/// Checks that this is a name that a plugin may have. Those that the attribute wrote were checked by it.
///
/// ```
/// assert!(lk_plugin::check_plugin_name("whisper-1").is_ok());
/// assert!(lk_plugin::check_plugin_name("Whisper 1").is_err());
/// ```
///
/// # Errors
///
/// [`InvalidInput`](ErrorKind::InvalidInput) with the grammar.
pub fn check_plugin_name(name: &str) -> Result<()> {
    if is_plugin_name(name) {
        return Ok(());
    }
    Err(Error::invalid_input(format!(
        "`{}` is not a plugin name; use lower-case letters and digits, with single hyphens between them",
        hint::shown(name)
    )))
}

/// Whether `name` is a plugin name: lower-case letters and digits, with single hyphens between them. The attribute
/// checks the same grammar at compile time.
pub(crate) fn is_plugin_name(name: &str) -> bool {
    let part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    name.split('-').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_grammar() {
        for name in ["openai", "whisper-1", "3", "a-b-c"] {
            assert!(is_plugin_name(name), "{name}");
        }
        for name in ["", "-", "a-", "-a", "a--b", "OpenAI", "open_ai", "open ai", "ä", "a/b"] {
            assert!(!is_plugin_name(name), "{name}");
        }
    }
}
