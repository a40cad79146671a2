//! All plugins of a program, by kind and name.

use std::fmt;
use std::sync::OnceLock;

use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::hint;
use crate::kinds::{Kind, PluginKind};
use crate::linked::linked;
use crate::plugin::{Plugin, check_plugin_name};

mod added;
mod duplicates;
mod key;
mod missing;
#[cfg(shuttle)]
mod model;
mod table;

use self::added::Added;
pub use self::duplicates::DuplicatePlugins;
use self::key::Key;
use self::table::Table;

/// Plugins by kind and name.
///
/// [`Registry::global`] holds what is linked into the program and what the program registered; it builds itself on first
/// use, from any thread. Look-ups never lock, and what they find stays as long as the registry: a plugin can be added, but
/// never removed. For tests there are scoped ones: [`Registry::empty`] and [`Registry::linked`].
///
/// ```
/// # use lk_plugin::{ChatChunk, ChatContext, ChatOptions, EventStream, Llm, LlmStream, Result};
/// # struct Parrot;
/// # impl Llm for Parrot {
/// #     fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
/// #         Ok(EventStream::from_fn(|mut chunks| async move { chunks.send(ChatChunk::text("1", "hello")).await }))
/// #     }
/// # }
/// use lk_plugin::{Config, Plugin, Registry};
///
/// let registry = Registry::empty(); // a program's own is `Registry::global()`
/// registry.register(Plugin::new::<dyn Llm>("parrot", |_config| Ok(Box::new(Parrot))));
/// for plugin in registry.plugins() {
///     println!("{plugin} {} from {}", plugin.version(), plugin.origin());
/// }
/// let llm = registry.create::<dyn Llm>("parrot", &Config::new())?;
/// let answer = llm.chat(&ChatContext::new(), &ChatOptions::default())?.collect_response();
/// assert_eq!(pollster::block_on(answer)?.text, "hello");
/// # Ok::<(), lk_plugin::Error>(())
/// ```
pub struct Registry {
    first: Table,
    added: Added,
}

impl Registry {
    /// The program's registry, with every plugin that is linked into it.
    ///
    /// # Panics
    ///
    /// When two linked plugins of one kind have the same name: a mistake in how the program was put together, which no
    /// input can cause. All such pairs are named. [`try_global`](Registry::try_global) returns them instead.
    pub fn global() -> &'static Self {
        #[expect(clippy::panic, reason = "the one deliberate panic of this crate: duplicates in the linked plugins")]
        match Self::try_global() {
            Ok(registry) => registry,
            Err(duplicates) => panic!("{duplicates}"),
        }
    }

    /// The program's registry, or which linked plugins keep it from being built.
    ///
    /// ```
    /// use lk_plugin::Registry;
    ///
    /// match Registry::try_global() {
    ///     Ok(registry) => println!("{} plugins", registry.plugins().len()),
    ///     Err(duplicates) => {
    ///         for plugin in duplicates.plugins() {
    ///             eprintln!("{plugin} of {} at {} is not alone", plugin.package(), plugin.origin());
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`DuplicatePlugins`], the same each time.
    pub fn try_global() -> Result<&'static Self, DuplicatePlugins> {
        static GLOBAL: OnceLock<Result<Registry, DuplicatePlugins>> = OnceLock::new();
        GLOBAL.get_or_init(Registry::linked).as_ref().map_err(Clone::clone)
    }

    /// A registry of its own with every plugin that is linked into the program.
    ///
    /// # Errors
    ///
    /// [`DuplicatePlugins`] when two of one kind have the same name.
    pub fn linked() -> Result<Self, DuplicatePlugins> {
        Self::checked(linked().iter().map(Plugin::from).collect())
    }

    /// A registry of its own with nothing in it.
    #[must_use]
    pub fn empty() -> Self {
        Self { first: Table::default(), added: Added::default() }
    }

    /// A registry of its own with these plugins.
    ///
    /// ```
    /// # use lk_plugin::{ChatChunk, ChatContext, ChatOptions, EventStream, Llm, LlmStream, Result};
    /// # struct Parrot;
    /// # impl Llm for Parrot {
    /// #     fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
    /// #         Ok(EventStream::from_fn(|mut chunks| async move { chunks.send(ChatChunk::text("1", "hello")).await }))
    /// #     }
    /// # }
    /// use lk_plugin::{ErrorKind, Plugin, Registry};
    ///
    /// let parrot = Plugin::new::<dyn Llm>("parrot", |_config| Ok(Box::new(Parrot)));
    /// assert_eq!(Registry::of([parrot.clone()])?.plugins().len(), 1);
    /// let twice = Registry::of([parrot.clone(), parrot]).err().map(|error| error.kind());
    /// assert_eq!(twice, Some(ErrorKind::Duplicate));
    /// # Ok::<(), lk_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Duplicate`](ErrorKind::Duplicate) when two of one kind have the same name (all are named);
    /// [`InvalidInput`](ErrorKind::InvalidInput) when a name is not a plugin name.
    pub fn of(plugins: impl IntoIterator<Item = Plugin>) -> Result<Self> {
        let plugins: Vec<Plugin> = plugins.into_iter().collect();
        plugins.iter().try_for_each(|plugin| check_plugin_name(plugin.name()))?;
        Ok(Self::checked(plugins)?)
    }

    /// A registry of plugins whose names were checked, at compile time or by the caller.
    pub(crate) fn checked(plugins: Vec<Plugin>) -> Result<Self, DuplicatePlugins> {
        Ok(Self { first: Table::build(plugins).map_err(DuplicatePlugins::among)?, added: Added::default() })
    }

    /// Adds a plugin.
    ///
    /// # Panics
    ///
    /// When there is one of that kind and name already (both are named), or the name is not a plugin name.
    /// [`try_register`](Registry::try_register) returns the error instead.
    pub fn register(&self, plugin: Plugin) {
        #[expect(clippy::panic, reason = "registering a duplicate is the program's own mistake, as in the slice")]
        if let Err(error) = self.try_register(plugin) {
            panic!("{error}");
        }
    }

    /// Adds a plugin. (Who has thousands makes a registry [`of`](Registry::of) them: it finds each at the first try.)
    ///
    /// ```
    /// # use lk_plugin::{ChatChunk, ChatContext, ChatOptions, EventStream, Llm, LlmStream, Result};
    /// # struct Parrot;
    /// # impl Llm for Parrot {
    /// #     fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
    /// #         Ok(EventStream::from_fn(|mut chunks| async move { chunks.send(ChatChunk::text("1", "hello")).await }))
    /// #     }
    /// # }
    /// use lk_plugin::{ErrorKind, Plugin, Registry};
    ///
    /// let parrot = || Plugin::new::<dyn Llm>("parrot", |_config| Ok(Box::new(Parrot)));
    /// let registry = Registry::empty();
    /// registry.try_register(parrot())?;
    /// let again = registry.try_register(parrot()).err().map(|error| error.kind());
    /// assert_eq!(again, Some(ErrorKind::Duplicate));
    /// # Ok::<(), lk_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Duplicate`](ErrorKind::Duplicate) when there is one of that kind and name already (both are named);
    /// [`InvalidInput`](ErrorKind::InvalidInput) when the name is not a plugin name.
    pub fn try_register(&self, plugin: Plugin) -> Result<()> {
        self.register_all(&[plugin])
    }

    /// Adds all of these plugins or none; others see all of them or none.
    pub(crate) fn register_all(&self, plugins: &[Plugin]) -> Result<()> {
        plugins.iter().try_for_each(|plugin| check_plugin_name(plugin.name()))?;
        self.added.add(plugins, || {
            let is_new = |plugin: &Plugin| self.get(plugin.kind(), plugin.name()).is_none();
            if plugins.iter().all(is_new) && Table::build(plugins.to_vec()).is_ok() {
                return Ok(());
            }
            let all = self.plugins().into_iter().chain(plugins.iter().cloned()).collect();
            Err(DuplicatePlugins::among(all).into())
        })
    }

    /// All plugins, sorted by kind, then name.
    #[must_use]
    pub fn plugins(&self) -> Vec<Plugin> {
        let mut plugins = self.first.plugins().to_vec();
        plugins.extend(self.added.plugins());
        plugins.sort_by(Plugin::by_kind_and_name);
        plugins
    }

    /// The plugin of that kind and name.
    #[must_use]
    pub fn get(&self, kind: Kind, name: &str) -> Option<&Plugin> {
        let key = Key::new(kind, name);
        self.first.get(&key, name).or_else(|| self.added.get(&key, name))
    }

    /// The plugin of that kind and name, or an error that helps to find it.
    ///
    /// ```
    /// # use lk_plugin::{ChatChunk, ChatContext, ChatOptions, EventStream, Llm, LlmStream, Result};
    /// # struct Parrot;
    /// # impl Llm for Parrot {
    /// #     fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
    /// #         Ok(EventStream::from_fn(|mut chunks| async move { chunks.send(ChatChunk::text("1", "hello")).await }))
    /// #     }
    /// # }
    /// use lk_plugin::{Kind, Plugin, Registry};
    ///
    /// let registry = Registry::empty();
    /// registry.register(Plugin::new::<dyn Llm>("parrot", |_config| Ok(Box::new(Parrot))));
    /// assert!(registry.get(Kind::Llm, "parot").is_none());
    /// let error = registry.find(Kind::Llm, "parot").err().map(|error| error.to_string()).unwrap_or_default();
    /// assert!(error.contains("did you mean `parrot`?"), "{error}");
    /// ```
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) with the choices, the most likely one, and how to link more.
    pub fn find(&self, kind: Kind, name: &str) -> Result<&Plugin> {
        self.get(kind, name).ok_or_else(|| missing::not_found(self, kind, name))
    }

    /// Makes an instance of the plugin that `spec` names: `openai`, or `openai/gpt-4o` to set its config key `model` too.
    ///
    /// ```
    /// # use lk_plugin::{ChatChunk, ChatContext, ChatOptions, EventStream, Llm, LlmStream, Result};
    /// # struct Parrot;
    /// # impl Llm for Parrot {
    /// #     fn chat(&self, _: &ChatContext, _: &ChatOptions) -> Result<LlmStream> {
    /// #         Ok(EventStream::from_fn(|mut chunks| async move { chunks.send(ChatChunk::text("1", "hello")).await }))
    /// #     }
    /// # }
    /// use lk_plugin::{Config, Plugin, Registry};
    ///
    /// let registry = Registry::empty();
    /// registry.register(Plugin::new::<dyn Llm>("parrot", |config| {
    ///     assert_eq!(config.get("model").and_then(|model| model.as_str()), Some("grey"));
    ///     Ok(Box::new(Parrot))
    /// }));
    /// let llm = registry.create::<dyn Llm>("parrot/grey", &Config::new())?;
    /// # drop(llm);
    /// # Ok::<(), lk_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) as [`find`](Registry::find), [`Config`](ErrorKind::Config) when the config is
    /// wrong or also has a model, and whatever the constructor returns.
    pub fn create<K: PluginKind + ?Sized>(&self, spec: &str, config: &Config) -> Result<Box<K>> {
        let Some((name, model)) = spec.split_once('/') else {
            return self.find(K::KIND, spec)?.create(config);
        };
        if name.parse::<Kind>().is_ok() && self.get(K::KIND, name).is_none() {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("`{}` begins with a kind; write `{}` alone", hint::shown(spec), hint::shown(model)),
            ));
        }
        let plugin = self.find(K::KIND, name)?;
        if model.is_empty() {
            return Err(Error::config(format!(
                "`{spec}` names no model after the slash; write `{name}`, or `{name}/` and a model"
            )));
        }
        if let Some(other) = config.get("model") {
            return Err(Error::config(format!(
                "the config has the model `{other}` beside the one in `{spec}`; give one of them"
            ))
            .at(plugin));
        }
        if plugin.fields().is_some_and(|fields| fields.iter().all(|field| field.name != "model")) {
            return Err(Error::config(format!(
                "this plugin has no models to choose from; write `{name}` instead of `{spec}`"
            ))
            .at(plugin));
        }
        let mut config = config.clone();
        config.insert("model", model);
        plugin.create(&config)
    }

    /// Checks that these plugins are here, each as `kind/name`: for a program to call at its start.
    ///
    /// ```
    /// # use lk_plugin::Registry;
    /// let missing = Registry::empty().require(&["stt/openai", "vad/silero"]);
    /// assert!(missing.is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) that names all that are not.
    pub fn require(&self, plugins: &[&str]) -> Result<()> {
        missing::require(self, plugins)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.plugins().iter().map(ToString::to_string)).finish()
    }
}
