//! All plugins of a program, by kind and name.

use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use arc_swap::ArcSwap;

use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::hint;
use crate::kinds::{Kind, PluginKind};
use crate::plugin::{Plugin, check_plugin_name};
use crate::private;

mod duplicates;
mod missing;
mod table;

pub use self::duplicates::DuplicatePlugins;
use self::table::Table;

/// Plugins by kind and name.
///
/// [`Registry::global`] holds what is linked into the program and what the program registered; it builds itself on first
/// use, from any thread. Look-ups never lock. For tests there are scoped ones: [`Registry::empty`] and
/// [`Registry::linked`].
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
    // Readers take the table that is current; a writer publishes a changed copy.
    table: ArcSwap<Table>,
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
        static LINKED: LazyLock<Vec<Arc<Plugin>>> =
            LazyLock::new(|| private::linked().iter().map(|entry| Arc::new(Plugin::from(entry))).collect());
        Self::checked(LINKED.clone())
    }

    /// A registry of its own with nothing in it.
    #[must_use]
    pub fn empty() -> Self {
        Self { table: ArcSwap::default() }
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
    /// use std::sync::Arc;
    /// use lk_plugin::{ErrorKind, Plugin, Registry};
    ///
    /// let parrot = Arc::new(Plugin::new::<dyn Llm>("parrot", |_config| Ok(Box::new(Parrot))));
    /// assert_eq!(Registry::of([Arc::clone(&parrot)])?.plugins().len(), 1);
    /// let twice = Registry::of([Arc::clone(&parrot), parrot]).err().map(|error| error.kind());
    /// assert_eq!(twice, Some(ErrorKind::Duplicate));
    /// # Ok::<(), lk_plugin::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Duplicate`](ErrorKind::Duplicate) when two of one kind have the same name (all are named);
    /// [`InvalidInput`](ErrorKind::InvalidInput) when a name is not a plugin name.
    pub fn of(plugins: impl IntoIterator<Item = Arc<Plugin>>) -> Result<Self> {
        let plugins: Vec<Arc<Plugin>> = plugins.into_iter().collect();
        plugins.iter().try_for_each(|plugin| check_plugin_name(plugin.name()))?;
        Ok(Self::checked(plugins)?)
    }

    /// A registry of plugins whose names were checked, at compile time or by the caller.
    pub(crate) fn checked(plugins: Vec<Arc<Plugin>>) -> Result<Self, DuplicatePlugins> {
        Ok(Self { table: ArcSwap::from_pointee(Table::build(plugins)?) })
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

    /// Adds a plugin. That publishes a new table: who has thousands to add makes a registry [`of`](Registry::of) them.
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
        self.register_all(&[Arc::new(plugin)])
    }

    /// Adds all of these plugins or none.
    pub(crate) fn register_all(&self, added: &[Arc<Plugin>]) -> Result<()> {
        added.iter().try_for_each(|plugin| check_plugin_name(plugin.name()))?;
        let mut outcome = Ok(());
        // The closure runs again when another thread published in between.
        self.table.rcu(|table| {
            let plugins = table.plugins().iter().chain(added).map(Arc::clone).collect();
            match Table::build(plugins) {
                Ok(table) => {
                    outcome = Ok(());
                    Arc::new(table)
                }
                Err(duplicates) => {
                    outcome = Err(Error::from(duplicates));
                    Arc::clone(table)
                }
            }
        });
        outcome
    }

    /// All plugins, sorted by kind, then name.
    #[must_use]
    pub fn plugins(&self) -> Vec<Arc<Plugin>> {
        self.table.load().plugins().to_vec()
    }

    /// The plugin of that kind and name.
    #[must_use]
    pub fn get(&self, kind: Kind, name: &str) -> Option<Arc<Plugin>> {
        self.table.load().get(kind, name).map(Arc::clone)
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
    pub fn find(&self, kind: Kind, name: &str) -> Result<Arc<Plugin>> {
        self.get(kind, name).ok_or_else(|| missing::not_found(&self.table.load(), kind, name))
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
            .at(&plugin));
        }
        if plugin.fields().is_some_and(|fields| fields.iter().all(|field| field.name != "model")) {
            return Err(Error::config(format!(
                "this plugin has no models to choose from; write `{name}` instead of `{spec}`"
            ))
            .at(&plugin));
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
        missing::require(&self.table.load(), plugins)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.plugins();
        f.debug_set().entries(names.iter().map(|plugin| plugin.to_string())).finish()
    }
}
