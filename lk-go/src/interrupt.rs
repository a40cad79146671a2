//! Ctrl-C: ends the reading of a recording and the waiting for a plugin, not the process, so that what was found can still
//! be printed.

use std::future::{Future, poll_fn};
use std::io::{self, Read};
use std::pin::pin;
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use crate::error::Exit;

/// How long a reader that waits for a pipe does not see Ctrl-C: shorter than people notice.
const LATENCY: Duration = Duration::from_millis(50);

/// How much is read from a pipe at once, in bytes.
const BLOCK: usize = 16 * 1024;

/// How many blocks are read ahead.
const BLOCKS_AHEAD: usize = 4;

/// How often a program is looked at that should end by itself.
const LOOKS: usize = 20;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Who waits for a future now.
static WAITING: Mutex<Option<Waker>> = Mutex::new(None);

/// From now on Ctrl-C is noticed by [`requested`]; the second one ends the process, whatever it is doing.
pub(crate) fn listen() {
    // Fails when a program that embeds this command line has a handler of its own; then that one decides.
    let _ = ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted.code().into());
        }
        // The handler is a thread of its own, not a signal's: it may lock.
        if let Some(waker) = WAITING.lock().unwrap_or_else(PoisonError::into_inner).take() {
            waker.wake();
        }
    });
}

/// Whether Ctrl-C was pressed.
pub(crate) fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Waits for the future; `None` when Ctrl-C came first, and the future is dropped.
pub(crate) fn or<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    pollster::block_on(poll_fn(|context| {
        *WAITING.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
        // Looked at after the waker is there: a Ctrl-C in between is not lost.
        if requested() {
            return Poll::Ready(None);
        }
        future.as_mut().poll(context).map(Some)
    }))
}

/// Waits for what another thread sends; `None` when Ctrl-C came first, or that thread ended without sending.
pub(crate) fn received<T>(receiver: &Receiver<T>) -> Option<T> {
    while !requested() {
        match receiver.recv_timeout(LATENCY) {
            Ok(sent) => return Some(sent),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    None
}

/// Waits for a program's end. After Ctrl-C, which in a terminal it got too, it has a second to end by itself.
///
/// # Errors
///
/// When the system does not tell what became of it.
pub(crate) fn end(child: &mut Child) -> io::Result<ExitStatus> {
    if !requested() {
        let status = child.wait()?;
        if is_interrupted(status) {
            // It heard of Ctrl-C, perhaps before we did.
            (0..LOOKS).take_while(|_| !requested()).for_each(|_| thread::sleep(LATENCY));
        }
        return Ok(status);
    }
    for _ in 0..LOOKS {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        thread::sleep(LATENCY);
    }
    child.kill()?;
    child.wait()
}

/// Whether a program ended by Ctrl-C.
#[cfg(unix)]
fn is_interrupted(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;

    const SIGINT: i32 = 2;
    status.signal() == Some(SIGINT)
}

#[cfg(not(unix))]
fn is_interrupted(_: ExitStatus) -> bool {
    false
}

/// A source that may keep its reader waiting, such as a pipe: it ends at Ctrl-C.
///
/// A thread of its own does the waiting. It is left behind when the reader stops, for nothing can wake it.
pub(crate) struct Interruptible {
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: io::Cursor<Vec<u8>>,
}

impl Interruptible {
    /// Opens the source, which also may take as long as it likes (a named pipe waits for its writer), and starts to read.
    /// After Ctrl-C this is a source without content.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, or the system has no thread for it.
    pub(crate) fn open<S: Read>(open: impl FnOnce() -> io::Result<S> + Send + 'static) -> io::Result<Self> {
        let (sender, blocks) = sync_channel(BLOCKS_AHEAD);
        thread::Builder::new().name("reader".to_owned()).spawn(move || {
            // An empty block tells that it is open.
            let mut source = match open() {
                Ok(source) if sender.send(Ok(Vec::new())).is_ok() => source,
                Ok(_) => return,
                Err(error) => return drop(sender.send(Err(error))),
            };
            loop {
                let mut block = vec![0; BLOCK];
                let block = match source.read(&mut block) {
                    Ok(0) => return,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    read => read.map(|length| {
                        block.truncate(length);
                        block
                    }),
                };
                let failed = block.is_err();
                // Nobody listens any more when the reader stopped.
                if sender.send(block).is_err() || failed {
                    return;
                }
            }
        })?;
        let mut source = Self { blocks, block: io::Cursor::default() };
        source.next_block()?;
        Ok(source)
    }

    /// Waits for a block; `false` at the end and after Ctrl-C.
    fn next_block(&mut self) -> io::Result<bool> {
        match received(&self.blocks) {
            Some(block) => {
                self.block = io::Cursor::new(block?);
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

impl Read for Interruptible {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = self.block.read(buffer)?;
            if length > 0 || buffer.is_empty() || !self.next_block()? {
                return Ok(length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_arrives_in_order() -> io::Result<()> {
        let bytes: Vec<u8> = (0..BLOCK * 10 + 7).map(|index| (index % 251) as u8).collect();
        let mut read = Vec::new();
        let source = io::Cursor::new(bytes.clone());
        Interruptible::open(|| Ok(source))?.read_to_end(&mut read)?;
        assert_eq!(read, bytes);
        Ok(())
    }

    #[test]
    fn an_error_of_the_source_comes_after_what_was_read() -> io::Result<()> {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("broken"))
            }
        }
        let mut read = Vec::new();
        let error = Interruptible::open(|| Ok((&[1, 2, 3][..]).chain(Broken)))?.read_to_end(&mut read).err();
        assert_eq!((read, error.map(|error| error.to_string())), (vec![1, 2, 3], Some("broken".to_owned())));
        Ok(())
    }

    #[test]
    fn a_source_that_does_not_open_says_why() {
        let error = Interruptible::open(|| Err::<io::Empty, _>(io::ErrorKind::PermissionDenied.into())).err();
        assert_eq!(error.map(|error| error.kind()), Some(io::ErrorKind::PermissionDenied));
    }
}
