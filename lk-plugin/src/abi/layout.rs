//! The words that cross, the handles, and their vtables: types only. The structs of values are in [`super::values`].
//!
//! Every function is `extern "C"`, never unwinds, and may be called from any thread; a handle's functions one at a time,
//! an instance's all at once. What is new goes to the end of a struct, and nothing else ever changes: the test beside
//! this file holds every offset.

use std::ffi::c_void;
use std::mem::MaybeUninit;

/// A struct that begins with its own length, so that it can grow.
///
/// # Safety
///
/// It is `#[repr(C)]`, its first field is `size: u32`, and a value of zeros alone is valid.
pub(crate) unsafe trait Prefixed: Copy {}

/// Reads as much of a struct as its writer knew, and zeros for the rest.
///
/// # Safety
///
/// `struct_` points to a `T` of some minor version: `size` bytes that do not change during the call.
#[inline]
pub(crate) unsafe fn read<T: Prefixed>(struct_: *const T) -> T {
    // SAFETY: the caller promises as many bytes as `size` says.
    unsafe {
        let size = struct_.cast::<u32>().read() as usize;
        // Nearly always: then only the fields that are looked at are read at all.
        if size >= size_of::<T>() { struct_.read() } else { read_shorter(struct_, size) }
    }
}

/// # Safety
///
/// As [`read`], with `size` bytes that are fewer than a `T` has.
#[cold]
unsafe fn read_shorter<T: Prefixed>(struct_: *const T, size: usize) -> T {
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: the caller promises the bytes; `Prefixed` promises that the rest may be zeros.
    unsafe {
        struct_.cast::<u8>().copy_to_nonoverlapping(value.as_mut_ptr().cast(), size);
        value.assume_init()
    }
}

/// The length that a writer puts in front.
pub(crate) const fn size_of_prefixed<T: Prefixed>() -> u32 {
    size_of::<T>() as u32
}

/// What the layout test compares.
#[cfg(test)]
pub(super) struct Described {
    pub(super) name: &'static str,
    pub(super) size: usize,
    pub(super) fields: Vec<(&'static str, usize, usize)>,
}

/// Structs as C has them. `grown` ones get their `size` in front, `frozen` ones never change.
macro_rules! layout {
    ($table:ident: $($(#[$meta:meta])* $form:ident $name:ident { $($field:ident: $type:ty,)* })*) => {
        $(layout!(@$form $(#[$meta])* $name { $($field: $type,)* });)*

        #[cfg(test)]
        pub(super) fn $table() -> Vec<$crate::abi::layout::Described> {
            vec![$({
                type Struct = $name;
                #[allow(unused_mut, reason = "a frozen struct has no size")]
                let mut fields = vec![$(
                    (stringify!($field), std::mem::offset_of!(Struct, $field), size_of::<$type>())
                ),*];
                layout!(@size $form fields Struct);
                $crate::abi::layout::Described { name: stringify!($name), size: size_of::<Struct>(), fields }
            }),*]
        }
    };
    (@grown $(#[$meta:meta])* $name:ident { $($field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy)]
        pub(crate) struct $name {
            pub(crate) size: u32,
            $(pub(crate) $field: $type,)*
        }
        // SAFETY: as the macro wrote it; numbers, nullable pointers and optional functions may be zero.
        unsafe impl $crate::abi::layout::Prefixed for $name {}
    };
    (@frozen $(#[$meta:meta])* $name:ident { $($field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy)]
        pub(crate) struct $name {
            $(pub(crate) $field: $type,)*
        }
    };
    (@size grown $fields:ident $struct:ident) => {
        $fields.insert(0, ("size", std::mem::offset_of!($struct, size), size_of::<u32>()));
    };
    (@size frozen $fields:ident $struct:ident) => {};
}
pub(super) use layout;

layout! { words:
    /// UTF-8 text without a terminator; a null `ptr` is none.
    frozen LkStr { ptr: *const u8, len: usize, }

    /// Elements that lie `stride` bytes apart, so that they can grow.
    frozen LkSlice { ptr: *const c_void, len: usize, stride: usize, }

    /// Interleaved 16-bit PCM.
    frozen LkAudioFrame { samples: LkSlice, sample_rate: u32, channels: u16, }

    /// A stretch of a stream.
    frozen LkSampleRange { start: u64, end: u64, sample_rate: u32, }

    /// An enum with values.
    frozen LkTagged { code: u32, value: *const c_void, }

    /// An error that one side gives the other to keep: `free(owner)` once, from any thread.
    frozen LkOwnedError {
        value: *const super::values::LkWireError,
        owner: *mut c_void,
        free: Option<unsafe extern "C" fn(owner: *mut c_void)>,
    }
}

layout! { handles:
    /// The host's waker: borrowed as a parameter of a poll, owned as the result of `clone`.
    frozen LkWaker { vtable: *const LkWakerVtable, state: *const c_void, }

    grown LkWakerVtable {
        clone: Option<unsafe extern "C" fn(state: *const c_void) -> LkWaker>,
        wake_by_ref: Option<unsafe extern "C" fn(state: *const c_void)>,
        drop: Option<unsafe extern "C" fn(state: *const c_void)>,
        same: Option<unsafe extern "C" fn(state: *const c_void, other: *const c_void) -> u8>,
    }

    /// A future or a stream of events: something to poll.
    frozen LkPolled { vtable: *const LkPolledVtable, state: *mut c_void, }

    grown LkPolledVtable {
        drop: Option<unsafe extern "C" fn(state: *mut c_void)>,
        poll: Option<unsafe extern "C" fn(
            state: *mut c_void,
            waker: *const LkWaker,
            out: *mut *const c_void,
            error: *mut LkOwnedError,
        ) -> u32>,
    }

    /// The input half of a stream.
    frozen LkInput { vtable: *const LkInputVtable, state: *mut c_void, }

    grown LkInputVtable {
        drop: Option<unsafe extern "C" fn(state: *mut c_void)>,
        poll_ready: Option<unsafe extern "C" fn(
            state: *mut c_void,
            waker: *const LkWaker,
            error: *mut LkOwnedError,
        ) -> u32>,
        start_send: Option<unsafe extern "C" fn(
            state: *mut c_void,
            item: *const LkTagged,
            error: *mut LkOwnedError,
        ) -> u32>,
    }

    /// Both halves of a stream; they live and die apart.
    frozen LkDuplex { input: LkInput, events: LkPolled, }

    /// An instance; its kind says whose vtable it is.
    frozen LkInstance { vtable: *const c_void, state: *mut c_void, }

    grown LkSttVtable {
        drop: Option<unsafe extern "C" fn(state: *mut c_void)>,
        capabilities: Option<unsafe extern "C" fn(
            state: *const c_void,
            out: *mut super::values::LkSttCapabilities,
            error: *mut LkOwnedError,
        ) -> u32>,
        model: Option<unsafe extern "C" fn(state: *const c_void) -> LkStr>,
        provider: Option<unsafe extern "C" fn(state: *const c_void) -> LkStr>,
        recognize: Option<unsafe extern "C" fn(
            state: *const c_void,
            audio: *const LkAudioFrame,
            options: *const super::values::LkRecognizeOptions,
            out: *mut LkPolled,
            error: *mut LkOwnedError,
        ) -> u32>,
        stream: Option<unsafe extern "C" fn(
            state: *const c_void,
            options: *const super::values::LkRecognizeOptions,
            out: *mut LkDuplex,
            error: *mut LkOwnedError,
        ) -> u32>,
        prewarm: Option<unsafe extern "C" fn(state: *const c_void)>,
    }

    grown LkTtsVtable {
        drop: Option<unsafe extern "C" fn(state: *mut c_void)>,
        capabilities: Option<unsafe extern "C" fn(
            state: *const c_void,
            out: *mut super::values::LkTtsCapabilities,
            error: *mut LkOwnedError,
        ) -> u32>,
        sample_rate: Option<unsafe extern "C" fn(state: *const c_void) -> u32>,
        channels: Option<unsafe extern "C" fn(state: *const c_void) -> u16>,
        model: Option<unsafe extern "C" fn(state: *const c_void) -> LkStr>,
        provider: Option<unsafe extern "C" fn(state: *const c_void) -> LkStr>,
        synthesize: Option<unsafe extern "C" fn(
            state: *const c_void,
            text: LkStr,
            options: *const super::values::LkSynthesizeOptions,
            out: *mut LkPolled,
            error: *mut LkOwnedError,
        ) -> u32>,
        stream: Option<unsafe extern "C" fn(
            state: *const c_void,
            options: *const super::values::LkSynthesizeOptions,
            out: *mut LkDuplex,
            error: *mut LkOwnedError,
        ) -> u32>,
        prewarm: Option<unsafe extern "C" fn(state: *const c_void)>,
    }

    grown LkLlmVtable {
        drop: Option<unsafe extern "C" fn(state: *mut c_void)>,
        capabilities: Option<unsafe extern "C" fn(
            state: *const c_void,
            out: *mut super::values::LkLlmCapabilities,
            error: *mut LkOwnedError,
        ) -> u32>,
        model: Option<unsafe extern "C" fn(state: *const c_void) -> LkStr>,
        provider: Option<unsafe extern "C" fn(state: *const c_void) -> LkStr>,
        chat: Option<unsafe extern "C" fn(
            state: *const c_void,
            context: *const super::values::LkChatContext,
            options: *const super::values::LkChatOptions,
            out: *mut LkPolled,
            error: *mut LkOwnedError,
        ) -> u32>,
        prewarm: Option<unsafe extern "C" fn(state: *const c_void)>,
    }

    grown LkVadVtable {
        drop: Option<unsafe extern "C" fn(state: *mut c_void)>,
        capabilities: Option<unsafe extern "C" fn(
            state: *const c_void,
            out: *mut super::values::LkVadCapabilities,
            error: *mut LkOwnedError,
        ) -> u32>,
        model: Option<unsafe extern "C" fn(state: *const c_void) -> LkStr>,
        provider: Option<unsafe extern "C" fn(state: *const c_void) -> LkStr>,
        min_silence_duration: Option<unsafe extern "C" fn(state: *const c_void) -> u64>,
        stream: Option<unsafe extern "C" fn(
            state: *const c_void,
            out: *mut LkVadStream,
            error: *mut LkOwnedError,
        ) -> u32>,
        prewarm: Option<unsafe extern "C" fn(state: *const c_void)>,
    }

    /// One listener.
    frozen LkVadStream { vtable: *const LkVadStreamVtable, state: *mut c_void, }

    grown LkVadStreamVtable {
        drop: Option<unsafe extern "C" fn(state: *mut c_void)>,
        // The frame in registers: behind a pointer, the processor would wait for it.
        push: Option<unsafe extern "C" fn(
            state: *mut c_void,
            samples: *const i16,
            length: usize,
            sample_rate: u32,
            channels: u16,
            context: *mut c_void,
            on_event: OnVadEvent,
            error: *mut LkOwnedError,
        ) -> u32>,
        flush: Option<unsafe extern "C" fn(state: *mut c_void, error: *mut LkOwnedError) -> u32>,
        end_input: Option<unsafe extern "C" fn(
            state: *mut c_void,
            context: *mut c_void,
            on_event: OnVadEvent,
            error: *mut LkOwnedError,
        ) -> u32>,
        audio: Option<unsafe extern "C" fn(
            state: *const c_void,
            event: *const super::values::LkVadEvent,
            out: *mut LkAudioFrame,
        ) -> u8>,
    }
}

/// The host's function that takes one event of a push.
pub(crate) type OnVadEvent = unsafe extern "C" fn(context: *mut c_void, event: *const super::values::LkVadEvent);

/// The one symbol of a module: where its vtable is.
pub(crate) type ModuleFn = unsafe extern "C" fn() -> *const LkModule;

layout! { module:
    /// What the module's symbol returns; lasts as long as the process.
    grown LkModule {
        abi_major: u32,
        abi_minor: u32,
        plugins: LkSlice,
        // From minor 1 on.
        set_host: Option<unsafe extern "C" fn(host: *const LkHost)>,
    }

    /// One plugin of a module.
    grown LkPlugin {
        kind: u32,
        name: LkStr,
        data: *const c_void,
        create: Option<unsafe extern "C" fn(
            data: *const c_void,
            config: *const super::values::LkConfigValues,
            out: *mut LkInstance,
            error: *mut LkOwnedError,
        ) -> u32>,
    }

    /// What a module may call in the host, from any thread, as long as the process lasts.
    grown LkHost {
        max_level: u32,
        state: *const c_void,
        log: Option<unsafe extern "C" fn(state: *const c_void, level: u32, target: LkStr, message: LkStr)>,
        panic: Option<unsafe extern "C" fn(state: *const c_void, message: LkStr, place: LkStr)>,
    }
}

/// What a poll answers.
pub(crate) mod polled {
    /// There is a value, or a place.
    pub(crate) const READY: u32 = 0;
    pub(crate) const PENDING: u32 = 1;
    /// It failed; the error tells.
    pub(crate) const FAILED: u32 = 2;
    /// The stream has ended.
    pub(crate) const ENDED: u32 = 3;
}

/// A duration that is none, and the longest that is one.
pub(crate) const NO_DURATION: u64 = u64::MAX;
