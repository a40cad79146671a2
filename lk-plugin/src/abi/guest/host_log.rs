//! What a plugin says on the side: its panics and, with the feature `log`, its log, both to the host. A `.so` has a panic
//! hook and a logger of its own, of which the host's know nothing.

use std::cell::Cell;
use std::panic::{self, PanicHookInfo};
use std::sync::OnceLock;

use super::guard;
use crate::abi::cross::str_of;
use crate::abi::layout::{LkHost, read};

struct Host(LkHost);

// SAFETY: docs/abi.md: a host's functions may be called from any thread, at once, as long as the process lasts.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

/// The host that this module is in.
static HOST: OnceLock<Host> = OnceLock::new();

thread_local! {
    /// Where this thread panicked, until somebody asks.
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// The module's `set_host`. The first one counts: a file that is loaded twice is there once.
#[inline]
pub(super) unsafe extern "C" fn set_host(host: *const LkHost) {
    if host.is_null() {
        return;
    }
    // SAFETY: the host's struct, as it wrote it.
    let host = Host(unsafe { read(host) });
    let _ = guard::caught(|| {
        if HOST.set(host).is_ok() {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |info| on_panic(info, &before)));
            #[cfg(feature = "log")]
            forward::install();
        }
    });
}

/// Where this thread's last panic was, told once.
#[inline]
pub(super) fn place_of_last_panic() -> Option<String> {
    // None in the destructor of another thread-local: this one may be gone.
    PLACE.try_with(Cell::take).ok().flatten()
}

#[inline]
fn on_panic(info: &PanicHookInfo<'_>, before: &(dyn Fn(&PanicHookInfo<'_>) + Send + Sync)) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    match HOST.get().map(|host| (&host.0, host.0.panic)) {
        Some((host, Some(tell))) => {
            let message = guard::message_of(info.payload());
            // SAFETY: the host's function and state; the texts last for the call.
            unsafe { tell(host.state, str_of(&message), str_of(&place)) };
        }
        _ => before(info),
    }
    // A thread that is ending has no place to keep it any more.
    let _ = PLACE.try_with(|last| last.set(Some(place)));
}

#[cfg(feature = "log")]
mod forward {
    //! The logger of this artifact.

    use log::{LevelFilter, Log, Metadata, Record};

    use super::HOST;
    use crate::abi::cross::str_of;

    struct Forward;

    #[inline]
    pub(super) fn install() {
        // A plugin that brought a logger of its own keeps it.
        if log::set_logger(&Forward).is_ok() {
            let level = HOST.get().map_or(0, |host| host.0.max_level as usize);
            log::set_max_level(LevelFilter::iter().nth(level).unwrap_or(LevelFilter::Trace));
        }
    }

    impl Log for Forward {
        #[inline]
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.level() <= log::max_level()
        }

        #[inline]
        fn log(&self, record: &Record<'_>) {
            if let Some((host, tell)) = HOST.get().and_then(|host| Some((&host.0, host.0.log?)))
                && self.enabled(record.metadata())
            {
                let (target, message) = (record.target(), record.args().to_string());
                // SAFETY: the host's function and state; the texts last for the call.
                unsafe { tell(host.state, record.level() as u32, str_of(target), str_of(&message)) };
            }
        }

        #[inline]
        fn flush(&self) {}
    }
}
