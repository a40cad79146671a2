//! The module: what the one symbol of a `.so` leads to.

use std::ffi::c_void;
use std::ptr;
use std::sync::OnceLock;

use super::guard::{self, GOOD};
use super::{host_log, llm, stt, tts, vad};
use crate::abi::ABI;
use crate::abi::cross::{Record, str_of};
use crate::abi::layout::{LkInstance, LkModule, LkOwnedError, LkPlugin, LkSlice, size_of_prefixed};
use crate::abi::values::{ConfigValues, LkConfigValues};
use crate::config::Config;
use crate::error::Result;
use crate::kinds::StaticMake;
use crate::linked::linked;
use crate::plugin::StaticPlugin;

/// What a `.so` exports: the plugins of these packages, of all that are linked into it. `export_plugins!` writes one.
pub struct Exports {
    packages: &'static [&'static str],
    module: OnceLock<Module>,
}

struct Module {
    module: LkModule,
}

// SAFETY: the pointers lead to statics and to a list that is leaked, none of which ever changes.
unsafe impl Send for Module {}
// SAFETY: as above.
unsafe impl Sync for Module {}

impl Exports {
    /// The plugins of these packages.
    #[must_use]
    #[inline]
    pub const fn new(packages: &'static [&'static str]) -> Self {
        Self { packages, module: OnceLock::new() }
    }
}

/// The module's vtable; null when it cannot even be put together.
#[inline]
pub fn module(exports: &'static Exports) -> *const c_void {
    let module = guard::caught(|| {
        let module = exports.module.get_or_init(|| Module::of(linked().iter(), exports.packages));
        ptr::from_ref(&module.module).cast()
    });
    module.unwrap_or(ptr::null())
}

impl Module {
    #[inline]
    fn of(linked: impl Iterator<Item = &'static StaticPlugin>, packages: &[&str]) -> Self {
        // Leaked: the host may read it until the process ends.
        let plugins: &'static [LkPlugin] =
            linked.filter(|plugin| packages.contains(&plugin.package.name)).map(plugin_of).collect::<Vec<_>>().leak();
        let list = LkSlice { ptr: plugins.as_ptr().cast(), len: plugins.len(), stride: size_of::<LkPlugin>() };
        let module = LkModule {
            size: size_of_prefixed::<LkModule>(),
            abi_major: ABI[0],
            abi_minor: ABI[1],
            plugins: list,
            set_host: Some(host_log::set_host),
        };
        Self { module }
    }
}

/// The entry of a plugin that is linked in.
#[inline]
pub(in crate::abi) fn plugin_of(plugin: &'static StaticPlugin) -> LkPlugin {
    LkPlugin {
        size: size_of_prefixed::<LkPlugin>(),
        kind: plugin.make.kind().code(),
        name: str_of(plugin.name),
        data: ptr::from_ref(plugin).cast(),
        create: Some(create),
    }
}

#[inline]
unsafe extern "C" fn create(
    data: *const c_void,
    config: *const LkConfigValues,
    out: *mut LkInstance,
    error: *mut LkOwnedError,
) -> u32 {
    // SAFETY: the entry's own data, and the host's config for this call.
    let (plugin, config) = unsafe { (&*data.cast::<StaticPlugin>(), ConfigValues::from_pointer(config)) };
    let made = guard::caught(|| instance(plugin.make, &config_of(config?)?));
    match made.unwrap_or_else(|message| Err(guard::panicked(&message))) {
        Ok(instance) => {
            // SAFETY: the host's place for the answer.
            unsafe { out.write(instance) };
            GOOD
        }
        // SAFETY: the host's place for the error.
        Err(failure) => unsafe { guard::fail(failure, error) },
    }
}

#[inline]
fn instance(make: StaticMake, config: &Config) -> Result<LkInstance> {
    Ok(match make {
        StaticMake::Llm(make) => llm::instance(make(config)?),
        StaticMake::Stt(make) => stt::instance(make(config)?),
        StaticMake::Tts(make) => tts::instance(make(config)?),
        StaticMake::Vad(make) => vad::instance(make(config)?),
    })
}

#[inline]
fn config_of(values: ConfigValues) -> Result<Config> {
    Config::from_wire(&values.json, values.texts)
}
