//! A module and its plugins, once its symbol has been called.

use std::ffi::c_void;

use super::error::{self, NO_ERROR};
use super::llm::ForeignLlm;
use super::stt::ForeignStt;
use super::tts::ForeignTts;
use super::vad::ForeignVad;
use crate::abi::ABI;
use crate::abi::arena::Arena;
use crate::abi::cross::{Bad, Record, leads_to_items, text};
use crate::abi::layout::{LkHost, LkInstance, LkModule, LkOwnedError, LkPlugin, read};
use crate::abi::values::{ConfigValues, LkConfigValues};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::kinds::{Kind, Llm, Stt, Tts, Vad};
use crate::plugin::Plugin;

type CreateFn = unsafe extern "C" fn(*const c_void, *const LkConfigValues, *mut LkInstance, *mut LkOwnedError) -> u32;

/// What a module says of itself in memory.
pub(crate) struct Module {
    /// Major and minor.
    pub(crate) abi: [u32; 2],
    pub(crate) plugins: Vec<ModulePlugin>,
    set_host: Option<unsafe extern "C" fn(*const LkHost)>,
}

/// A plugin of a module.
#[derive(Clone, Copy)]
pub(crate) struct ModulePlugin {
    pub(crate) kind: Kind,
    pub(crate) name: &'static str,
    data: *const c_void,
    create: CreateFn,
}

// SAFETY: docs/abi.md: `create` may be called from any thread, at once, with its data.
unsafe impl Send for ModulePlugin {}
// SAFETY: as above.
unsafe impl Sync for ModulePlugin {}

/// More plugins than a file can sensibly have: a length that is nonsense.
const MAX_PLUGINS: usize = 4096;

impl Module {
    /// Reads what the module's symbol returned.
    ///
    /// # Safety
    ///
    /// `module` is null or leads to a module that stays as it is until the process ends.
    pub(crate) unsafe fn read(module: *const LkModule) -> Result<Self> {
        if module.is_null() {
            return Err(Bad::Broken("the module has no table").into());
        }
        // SAFETY: the caller's promise.
        let module = unsafe { read(module) };
        let abi = [module.abi_major, module.abi_minor];
        if abi[0] != ABI[0] || abi[1] > ABI[1] {
            return Err(Error::unsupported(format!(
                "the module in memory has the layout {}.{}, and this program has {}.{}; build both with one version of lk-plugin",
                abi[0], abi[1], ABI[0], ABI[1]
            )));
        }
        let list = module.plugins;
        if list.len > MAX_PLUGINS || (list.len > 0 && !leads_to_items::<LkPlugin>(&list, size_of::<u32>())) {
            return Err(Bad::Broken("the list of plugins leads nowhere").into());
        }
        let plugins = (0..list.len).map(|index| {
            // SAFETY: the caller's promise: `len` entries that lie `stride` bytes apart.
            unsafe { ModulePlugin::read(list.ptr.byte_add(index * list.stride).cast()) }
        });
        Ok(Self { abi, plugins: plugins.collect::<Result<_>>()?, set_host: module.set_host })
    }

    /// Tells the module whom to tell.
    pub(crate) fn set_host(&self, host: *const LkHost) {
        if let Some(set_host) = self.set_host {
            // SAFETY: the module's function; the host's struct stays until the process ends.
            unsafe { set_host(host) };
        }
    }
}

impl ModulePlugin {
    /// # Safety
    ///
    /// `plugin` leads to an entry that stays as it is until the process ends.
    unsafe fn read(plugin: *const LkPlugin) -> Result<Self> {
        // SAFETY: the caller's promise.
        let (plugin, name) = unsafe {
            let plugin = read(plugin);
            (plugin, text::<'static>(plugin.name)?)
        };
        let kind = Kind::ALL.iter().copied().find(|kind| kind.code() == plugin.kind);
        Ok(Self {
            kind: kind.ok_or(Bad::Broken("a plugin is of a kind that there is not"))?,
            name: name.ok_or(Bad::Broken("a plugin has no name"))?,
            data: plugin.data,
            create: plugin.create.ok_or_else(|| error::missing("create"))?,
        })
    }

    /// The plugin for a registry: name and kind, and `check` before each instance.
    pub(crate) fn into_plugin(self, check: impl Fn(&Config) -> Result<()> + Send + Sync + 'static) -> Plugin {
        macro_rules! made_by {
            ($kind:ident, $foreign:ident) => {
                Plugin::new::<dyn $kind>(self.name, move |config| {
                    check(config)?;
                    let instance = self.create(config)?;
                    // SAFETY: made just now by an entry of this kind.
                    Ok(Box::new(unsafe { $foreign::new(instance)? }))
                })
            };
        }
        match self.kind {
            Kind::Llm => made_by!(Llm, ForeignLlm),
            Kind::Stt => made_by!(Stt, ForeignStt),
            Kind::Tts => made_by!(Tts, ForeignTts),
            Kind::Vad => made_by!(Vad, ForeignVad),
        }
    }

    fn create(&self, config: &Config) -> Result<LkInstance> {
        let arena = Arena::default();
        let (json, texts) = config.to_wire();
        let config = ConfigValues { json, texts };
        let values = config.record(&arena);
        let mut out = LkInstance { vtable: std::ptr::null(), state: std::ptr::null_mut() };
        let mut error = NO_ERROR;
        // SAFETY: the entry's own data, values that stay for this call, and places for the answers.
        unsafe {
            error::outcome((self.create)(self.data, &raw const values, &raw mut out, &raw mut error), error)?;
        }
        Ok(out)
    }
}
