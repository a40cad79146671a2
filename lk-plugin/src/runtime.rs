//! A tokio runtime for plugins that need one (feature `tokio`).
//!
//! The host may run any executor, and a plugin in a `.so` has a tokio of its own that the host's does not know. So a
//! plugin that uses tokio's timers or sockets brings a runtime: one per artifact, started on first use, entered around
//! every poll and every drop of what [`on_tokio`] wraps.
//!
//! ```
//! use std::time::Duration;
//! use lk_plugin::{boxed, runtime::on_tokio};
//!
//! // No runtime here: the caller polls from a bare thread.
//! let nap = boxed(on_tokio(async {
//!     tokio::time::sleep(Duration::from_millis(1)).await;
//!     lk_plugin::Result::Ok("rested")
//! }));
//! assert_eq!(pollster::block_on(nap)?, "rested");
//! # Ok::<(), lk_plugin::Error>(())
//! ```

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::runtime::{Builder, Handle};

use crate::error::{Error, ErrorKind, Result};

/// This artifact's runtime; started by the first call.
///
/// ```
/// let answer = lk_plugin::runtime::handle()?.block_on(async { 42 });
/// assert_eq!(answer, 42);
/// # Ok::<(), lk_plugin::Error>(())
/// ```
///
/// # Errors
///
/// [`Io`](ErrorKind::Io) when the system refuses it threads or a poller.
pub fn handle() -> Result<Handle> {
    match RUNTIME.get_or_init(start) {
        Ok(handle) => Ok(handle.clone()),
        Err(reason) => Err(Error::new(ErrorKind::Io, "no tokio runtime could be started").with_source(reason.as_str())),
    }
}

/// The runtime, or why there is none.
static RUNTIME: OnceLock<std::result::Result<Handle, String>> = OnceLock::new();

fn start() -> std::result::Result<Handle, String> {
    // One thread: plugins wait on the network, they do not compute. With several, tasks that hand things to each other
    // (a connection and its reader) wake a thread each time, which costs three times as much as all that they do.
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let handle = runtime.handle().clone();
    let driven = std::thread::Builder::new()
        .name("lk-plugin".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()));
    driven.map(|_| handle).map_err(|error| error.to_string())
}

/// Makes a future or a stream (of `Result`s) run within this artifact's runtime, whoever polls or drops it.
///
/// The future itself stays with its caller: nothing is spawned, and dropping it cancels it. Should the runtime not
/// start, the result is that error.
pub fn on_tokio<T>(inner: T) -> OnTokio<T> {
    OnTokio { inner: Some(Box::pin(inner)) }
}

/// What [`on_tokio`] returns.
#[derive(Debug)]
pub struct OnTokio<T> {
    // `None` only while it is dropped.
    inner: Option<Pin<Box<T>>>,
}

impl<T> OnTokio<T> {
    fn inner(&mut self) -> Result<(Handle, Pin<&mut T>)> {
        let handle = handle()?;
        match &mut self.inner {
            Some(inner) => Ok((handle, inner.as_mut())),
            None => Err(Error::new(ErrorKind::Internal, "polled while it was dropped")),
        }
    }
}

impl<T: Future<Output = Result<O>>, O> Future for OnTokio<T> {
    type Output = Result<O>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<O>> {
        match self.inner() {
            Ok((handle, inner)) => {
                let _entered = handle.enter();
                inner.poll(context)
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl<T: Stream<Item = Result<I>>, I> Stream for OnTokio<T> {
    type Item = Result<I>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<I>>> {
        match self.inner() {
            Ok((handle, inner)) => {
                let _entered = handle.enter();
                inner.poll_next(context)
            }
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }
}

impl<T> Drop for OnTokio<T> {
    fn drop(&mut self) {
        // What is inside may hold timers and sockets, whose drop wants the runtime too. What was never polled has none.
        let running = RUNTIME.get().and_then(|handle| handle.as_ref().ok());
        let _entered = running.map(Handle::enter);
        drop(self.inner.take());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::stream::EventStream;

    #[test]
    fn tokio_works_under_a_foreign_executor_in_poll_and_drop() -> Result<()> {
        struct SpawnsWhenDropped;
        impl Drop for SpawnsWhenDropped {
            fn drop(&mut self) {
                // Panics without a runtime.
                tokio::spawn(async {});
            }
        }
        let events = EventStream::from_fn(|mut events| {
            on_tokio(async move {
                let _guard = SpawnsWhenDropped;
                tokio::time::sleep(Duration::from_millis(1)).await;
                events.send(1).await?;
                std::future::pending::<()>().await;
                Ok(())
            })
        });
        let mut events = events;
        let first = pollster::block_on(events.next());
        assert!(matches!(first, Some(Ok(1))));
        drop(events);
        Ok(())
    }
}
