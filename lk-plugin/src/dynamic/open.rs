//! Check 14: the system's loader. The one place where code of a file begins to run in this process.
#![allow(unsafe_code)]

use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use crate::abi::host::{LogSink, Module, ModulePlugin, host_for};
use crate::abi::layout::ModuleFn;
use crate::kinds::Kind;

/// Keeps the file in memory even if somebody closes it; libloading has no name for it, and the number is the same on every
/// Linux.
const RTLD_NODELETE: i32 = 0x1000;

/// A file that is loaded, for good.
pub(super) struct OpenModule {
    // Its plugins are sorted by kind, then name.
    module: Module,
}

/// Why a file is not open.
pub(super) enum Unopened {
    /// The system's loader said no.
    System(String),
    /// It is loaded, but its module makes no sense: the rest of a sentence about the file.
    Module(String),
}

impl OpenModule {
    /// Loads the file behind a descriptor.
    pub(super) fn open(descriptor: OwnedFd, symbol: &str) -> Result<Self, Unopened> {
        let name = format!("/proc/self/fd/{}", descriptor.as_raw_fd());
        // The loader's message begins with the name, which says nothing to anybody.
        let told = |error: libloading::Error| {
            let text = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            Unopened::System(text.replace(&format!("{name}: "), "").replace(&name, "the file"))
        };
        // SAFETY: this runs the file's constructors. That they are harmless is what the checks before are for; that they
        // are sound is the promise of whoever wrote the plugin.
        let library = unsafe { Library::open(Some(&name), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) }.map_err(told)?;
        // From here on it stays open and keeps its number, also when the module is refused: the loader knows a library by
        // its name, and would take another file at the same number for this one. What it could not load it forgot.
        let _: i32 = descriptor.into_raw_fd();
        // SAFETY: the symbol is one that `export_plugins!` wrote: the notes name it.
        let module = unsafe { library.get::<ModuleFn>(symbol.as_bytes()) }.map(|symbol| *symbol).map_err(told);
        // Never unloaded: whoever holds a function of it, a thread or an exit handler, would be left with nothing.
        std::mem::forget(library);
        // SAFETY: as above; what it returns stays for the life of the process.
        let module = unsafe { Module::read(module?()) };
        let mut module = module.map_err(|error| Unopened::Module(format!("makes no sense in memory: {error}")))?;
        module.plugins.sort_by_key(|plugin| (plugin.kind, plugin.name));
        Ok(Self { module })
    }

    pub(super) fn abi(&self) -> [u32; 2] {
        self.module.abi
    }

    /// Kind and name of each plugin.
    pub(super) fn plugins(&self) -> impl Iterator<Item = (Kind, &'static str)> {
        self.module.plugins.iter().map(|plugin| (plugin.kind, plugin.name))
    }

    /// The plugin of that kind and name.
    pub(super) fn plugin(&self, kind: Kind, name: &str) -> Option<ModulePlugin> {
        let plugins = &self.module.plugins;
        let index = plugins.binary_search_by_key(&(kind, name), |plugin| (plugin.kind, plugin.name)).ok()?;
        plugins.get(index).copied()
    }

    /// Sends what the file's plugins log to the program.
    pub(super) fn log_to(&self, file: &str, sink: LogSink) {
        self.module.set_host(host_for(file, sink));
    }
}
