//! What plugins say on the side, where the program wants to hear it.

use std::ffi::c_void;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::abi::cross::text;
use crate::abi::layout::{LkHost, LkStr, size_of_prefixed};

/// One line of a loaded plugin's log, or a panic in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogRecord<'r> {
    /// The file that the plugin was loaded from.
    pub file: &'r str,
    /// How important it is: 1 error (every panic), 2 warning, 3 information, 4 debugging, 5 trace.
    pub level: u32,
    /// The module that says it; of a panic the place in the source.
    pub target: &'r str,
    /// What it says.
    pub message: &'r str,
    /// Whether it is a panic. The call that it ended returns an error too.
    pub is_panic: bool,
}

/// Where the program takes the log of loaded plugins: see [`LoadOptions`](crate::dynamic::LoadOptions).
#[derive(Clone)]
pub struct LogSink {
    max_level: u32,
    take: Arc<dyn Fn(LogRecord<'_>) + Send + Sync>,
}

impl LogSink {
    /// A function that gets every record up to this level (0 panics alone, 5 all), from any thread, also while the
    /// plugin holds locks of its own: it must be quick, and must not call the plugin.
    pub fn new(max_level: u32, take: impl Fn(LogRecord<'_>) + Send + Sync + 'static) -> Self {
        Self { max_level, take: Arc::new(take) }
    }

    /// The program's own logger of the crate `log`, at the level that is set when the plugin is loaded.
    #[cfg(feature = "log")]
    #[must_use]
    pub fn of_log() -> Self {
        Self::new(log::max_level() as u32, |record| {
            let level = match record.level {
                0 | 1 => log::Level::Error,
                2 => log::Level::Warn,
                3 => log::Level::Info,
                4 => log::Level::Debug,
                _ => log::Level::Trace,
            };
            if record.is_panic {
                log::error!(target: "lk_plugin", "{}: a plugin panicked at {}: {}", record.file, record.target, record.message);
            } else {
                log::log!(target: record.target, level, "{}", record.message);
            }
        })
    }
}

impl fmt::Debug for LogSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogSink").field("max_level", &self.max_level).finish_non_exhaustive()
    }
}

struct State {
    file: String,
    sink: LogSink,
}

/// What a module may call. It is never freed: a module is never unloaded.
pub(crate) fn host_for(file: &str, sink: LogSink) -> *const LkHost {
    let max_level = sink.max_level;
    let state: &'static State = Box::leak(Box::new(State { file: file.to_owned(), sink }));
    let host = LkHost {
        size: size_of_prefixed::<LkHost>(),
        max_level,
        state: std::ptr::from_ref(state).cast(),
        log: Some(log),
        panic: Some(panic),
    };
    Box::leak(Box::new(host))
}

unsafe extern "C" fn log(state: *const c_void, level: u32, target: LkStr, message: LkStr) {
    // SAFETY: our state, and texts that last for this call.
    unsafe { tell(state, level, target, message, false) };
}

unsafe extern "C" fn panic(state: *const c_void, message: LkStr, place: LkStr) {
    // SAFETY: our state, and texts that last for this call.
    unsafe { tell(state, 1, place, message, true) };
}

/// # Safety
///
/// `state` is one of [`host_for`]; the texts last for this call.
unsafe fn tell(state: *const c_void, level: u32, target: LkStr, message: LkStr, is_panic: bool) {
    // SAFETY: the caller's promise.
    let (state, target, message) = unsafe { (&*state.cast::<State>(), text(target), text(message)) };
    let (Ok(target), Ok(message)) = (target, message) else { return };
    if !is_panic && level > state.sink.max_level {
        return;
    }
    let record = LogRecord {
        file: &state.file,
        level,
        target: target.unwrap_or_default(),
        message: message.unwrap_or_default(),
        is_panic,
    };
    // The program's code may not unwind into the plugin.
    let _ = catch_unwind(AssertUnwindSafe(|| (state.sink.take)(record)));
}
