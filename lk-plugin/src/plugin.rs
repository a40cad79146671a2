//! What is known about one plugin, and what makes its instances.

use std::borrow::Cow;
use std::cmp::Ordering;
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
///
/// It is a handle: a clone costs nothing worth counting.
#[derive(Clone)]
pub struct Plugin(Data);

#[derive(Clone)]
enum Data {
    /// The attribute wrote it.
    Linked(&'static StaticPlugin),
    /// It was put together while the program ran.
    Made(Arc<Made>),
}

#[derive(Clone)]
struct Made {
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
        Self::from(Made {
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
        })
    }

    /// Says which version it has.
    #[must_use]
    pub fn with_version(self, version: impl Into<String>) -> Self {
        self.changed(|made| made.version = Cow::Owned(version.into()))
    }

    /// Says which package it comes from.
    #[must_use]
    pub fn with_package(self, package: impl Into<String>) -> Self {
        self.changed(|made| made.package = Cow::Owned(package.into()))
    }

    /// Says in one line what it is.
    #[must_use]
    pub fn with_description(self, description: impl Into<String>) -> Self {
        self.changed(|made| made.description = Cow::Owned(description.into()))
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
    pub fn with_fields(self, fields: impl Into<Cow<'static, [ConfigField]>>) -> Self {
        self.changed(|made| made.fields = Some(fields.into()))
    }

    /// Says under which licence it is, as an SPDX expression.
    #[must_use]
    pub fn with_license(self, license: impl Into<String>) -> Self {
        self.changed(|made| made.license = Some(Cow::Owned(license.into())))
    }

    /// Says which files it wants downloaded.
    #[must_use]
    pub fn with_models(self, models: impl Into<Cow<'static, [ModelFile]>>) -> Self {
        self.changed(|made| made.models = models.into())
    }

    /// Says which file it was loaded from, and where its constructor stands.
    #[cfg(all(feature = "dynamic", target_os = "linux"))]
    pub(crate) fn loaded_from(self, file: String, origin: Origin) -> Self {
        self.changed(|made| (made.source, made.origin) = (Cow::Owned(file), origin))
    }

    fn changed(self, change: impl FnOnce(&mut Made)) -> Self {
        let mut made = match self.0 {
            Data::Linked(entry) => Made::from(entry),
            Data::Made(made) => Arc::unwrap_or_clone(made),
        };
        change(&mut made);
        Self::from(made)
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match &self.0 {
            Data::Linked(entry) => entry.make.kind(),
            Data::Made(made) => made.factory.kind(),
        }
    }

    /// Its name, unique within its kind.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.0 {
            Data::Linked(entry) => entry.name,
            Data::Made(made) => &made.name,
        }
    }

    /// Its package's version.
    #[must_use]
    pub fn version(&self) -> &str {
        match &self.0 {
            Data::Linked(entry) => entry.package.version,
            Data::Made(made) => &made.version,
        }
    }

    /// The Cargo package that it comes from.
    #[must_use]
    pub fn package(&self) -> &str {
        match &self.0 {
            Data::Linked(entry) => entry.package.name,
            Data::Made(made) => &made.package,
        }
    }

    /// What it is, in one line.
    #[must_use]
    pub fn description(&self) -> &str {
        match &self.0 {
            Data::Linked(entry) => entry.description,
            Data::Made(made) => &made.description,
        }
    }

    /// Its licence, an SPDX expression.
    #[must_use]
    pub fn license(&self) -> Option<&str> {
        match &self.0 {
            Data::Linked(entry) => entry.package.license(),
            Data::Made(made) => made.license.as_deref(),
        }
    }

    /// Where its constructor stands.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match &self.0 {
            Data::Linked(entry) => Origin { file: Cow::Borrowed(entry.file), line: entry.line },
            Data::Made(made) => made.origin.clone(),
        }
    }

    /// How it came here: `static` for what is linked into the program, else the file that it was loaded from.
    #[must_use]
    pub fn source(&self) -> &str {
        match &self.0 {
            Data::Linked(_) => STATIC,
            Data::Made(made) => &made.source,
        }
    }

    /// The files that it wants downloaded.
    #[must_use]
    pub fn models(&self) -> &[ModelFile] {
        match &self.0 {
            Data::Linked(entry) => entry.models,
            Data::Made(made) => &made.models,
        }
    }

    /// The config keys that it takes; `None` when it reads its config by itself and does not say.
    #[must_use]
    pub fn fields(&self) -> Option<&[ConfigField]> {
        match &self.0 {
            Data::Linked(entry) => entry.fields,
            Data::Made(made) => made.fields.as_deref(),
        }
    }

    /// The order of lists.
    pub(crate) fn by_kind_and_name(&self, other: &Self) -> Ordering {
        (self.kind(), self.name()).cmp(&(other.kind(), other.name()))
    }

    /// Makes an instance.
    ///
    /// # Errors
    ///
    /// What the constructor returns, with the plugin's kind and name in front; [`NotFound`](ErrorKind::NotFound) when
    /// the plugin is of another kind.
    pub fn create<K: PluginKind + ?Sized>(&self, config: &Config) -> Result<Box<K>> {
        let made = match &self.0 {
            Data::Linked(entry) => K::__create_static(entry.make, config),
            Data::Made(made) => K::__create(&made.factory, config),
        };
        let made = made.unwrap_or_else(|| {
            let advice = format!("make it with `create::<dyn {:?}>`", self.kind());
            Err(Error::new(ErrorKind::NotFound, format!("this is not a `{}` plugin; {advice}", K::KIND)))
        });
        made.map_err(|error| error.at(self))
    }
}

impl fmt::Display for Plugin {
    /// Kind and name: `stt/openai`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind(), self.name())
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("kind", &self.kind())
            .field("name", &self.name())
            .field("version", &self.version())
            .field("package", &self.package())
            .field("origin", &self.origin())
            .finish_non_exhaustive()
    }
}

/// What the attribute writes: constant data, so that it can stand in a static.
#[doc(hidden)]
pub struct StaticPlugin {
    pub name: &'static str,
    pub package: &'static StaticPackage,
    pub description: &'static str,
    pub file: &'static str,
    pub line: u32,
    /// The plugin's own section, which `require!` looks for, and in it the way to the plugin's note.
    pub linked: &'static crate::note::Linked,
    pub models: &'static [ModelFile],
    pub fields: Option<&'static [ConfigField]>,
    pub make: StaticMake,
}

/// What the plugins of a package have in common. Apart, so that the compiler can keep one for all of them: entries are
/// what the start of a program with thousands of plugins costs.
#[doc(hidden)]
pub struct StaticPackage {
    pub name: &'static str,
    pub version: &'static str,
    pub license: Option<&'static str>,
}

impl StaticPackage {
    fn license(&self) -> Option<&'static str> {
        // Cargo gives an empty one for none.
        self.license.filter(|license| !license.is_empty())
    }
}

impl From<&'static StaticPlugin> for Plugin {
    fn from(entry: &'static StaticPlugin) -> Self {
        Self(Data::Linked(entry))
    }
}

impl From<Made> for Plugin {
    fn from(made: Made) -> Self {
        Self(Data::Made(Arc::new(made)))
    }
}

/// For one that is changed after all.
impl From<&'static StaticPlugin> for Made {
    fn from(entry: &'static StaticPlugin) -> Self {
        Self {
            name: Cow::Borrowed(entry.name),
            version: Cow::Borrowed(entry.package.version),
            package: Cow::Borrowed(entry.package.name),
            description: Cow::Borrowed(entry.description),
            license: entry.package.license().map(Cow::Borrowed),
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
    // One pass without a split: a registry checks thousands at its start.
    let mut before = b'-';
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => {}
            b'-' if before != b'-' => {}
            _ => return false,
        }
        before = byte;
    }
    before != b'-'
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
