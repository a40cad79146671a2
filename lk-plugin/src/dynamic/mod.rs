//! Plugins in files: what is in a file and whether it may be loaded, from its bytes alone; and loading it.
//!
//! Every `#[lk_plugin]` leaves a note in whatever it is linked into. [`inspect`] reads the notes of any executable or
//! shared object that was built with this framework; [`SearchPath`] finds shared objects that may be loaded. Neither runs
//! an instruction of the file. That stops mistakes, not malice: who may write a plugin file may write its notes.

#[cfg(all(target_env = "musl", target_feature = "crt-static"))]
compile_error!(
    "a statically linked program cannot load plugins, because musl has no `dlopen` in it; leave out lk-plugin's feature \
     `dynamic`, or build with `RUSTFLAGS=-Ctarget-feature=-crt-static` or for a `-gnu` target"
);

use std::path::Path;

mod candidate;
mod check;
mod contents;
mod elf;
mod files;
mod fit;
mod format;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod keep;
mod load;
mod lock;
mod names;
mod notes;
mod open;
mod probe;
mod report;
mod search;
mod symbol;

pub use self::candidate::Candidate;
pub use self::check::Check;
pub use self::contents::{Contents, ModelNote, ModuleNote, PluginNote};
pub use self::load::{LoadOptions, LoadReport, LoadedFile, user_probe_cache};
pub use self::lock::{LOCK_FILE, Locked};
pub use self::probe::{Probe, probe_main};
pub use self::report::{Refusal, Report, Skipped};
pub use self::search::SearchPath;
pub use crate::abi::host::{LogRecord, LogSink};

/// Reads which plugins are linked into an executable or shared object, of any machine. Nothing of it runs.
///
/// ```no_run
/// let contents = lk_plugin::dynamic::inspect("/usr/bin/my-agent")?;
/// for plugin in &contents.plugins {
///     println!("{plugin} {}", plugin.version);
/// }
/// # Ok::<(), lk_plugin::dynamic::Refusal>(())
/// ```
///
/// # Errors
///
/// When it is not such a file, or its notes cannot be read. A file without plugins is no error.
pub fn inspect(path: impl AsRef<Path>) -> Result<Contents, Refusal> {
    let path = path.as_ref();
    let read = || {
        let opened = files::Opened::any(path)?;
        notes::read(&elf::Elf::read(&opened.file, opened.length)?)
    };
    read().map_err(|fault| fault.at(path))
}
