//! Voice activity detection by a plugin of a `.so`.

use std::ffi::c_void;
use std::time::Duration;

use super::defaults;
use super::error::{self, NO_ERROR};
use super::state::{self, PluginState};
use crate::abi::arena::Arena;
use crate::abi::cross::{Cross, Record, frame};
use crate::abi::layout::{
    LkAudioFrame, LkInstance, LkOwnedError, LkSlice, LkVadStream, LkVadStreamVtable, LkVadVtable, OnVadEvent,
};
use crate::abi::values::LkVadEvent;
use crate::audio::AudioFrameRef;
use crate::error::Result;
use crate::kinds::{Vad, VadCapabilities, VadEvent, VadStream};

pub(in crate::abi) struct ForeignVad {
    vtable: LkVadVtable,
    state: PluginState,
    // Constant, so asked once.
    capabilities: VadCapabilities,
    min_silence: Option<Duration>,
    model: String,
    provider: String,
}

// SAFETY: docs/abi.md: an instance's functions may be called from any thread, at once.
unsafe impl Sync for ForeignVad {}

impl ForeignVad {
    /// # Safety
    ///
    /// An instance of this kind that a plugin gave us just now.
    pub(in crate::abi) unsafe fn new(instance: LkInstance) -> Result<Self> {
        // SAFETY: the caller's promise.
        let vtable = unsafe { state::vtable::<LkVadVtable>(instance.vtable.cast())? };
        // Made first, so that it is dropped should a getter fail.
        // SAFETY: the caller's promise.
        let state = unsafe { PluginState::new(instance.state, vtable.drop)? };
        let mut this = Self {
            vtable,
            state,
            capabilities: VadCapabilities::new(Duration::ZERO),
            min_silence: None,
            model: String::new(),
            provider: String::new(),
        };
        let capabilities = vtable.capabilities.ok_or_else(|| error::missing("capabilities"))?;
        let (mut out, mut error) = (this.capabilities.record(&Arena::default()), NO_ERROR);
        // SAFETY: our instance, and places for the answers; what a getter returns lasts as long as the instance.
        unsafe {
            if let Some(get) = vtable.min_silence_duration {
                this.min_silence = Option::decode(get(this.state.pointer()))?;
            }
            this.model = defaults::name(vtable.model.map(|get| get(this.state.pointer())))?;
            this.provider = defaults::name(vtable.provider.map(|get| get(this.state.pointer())))?;
            // Last: after a panic of a getter this tells of it.
            error::outcome(capabilities(this.state.pointer(), &raw mut out, &raw mut error), error)?;
            this.capabilities = VadCapabilities::from_pointer(&raw const out)?;
        }
        Ok(this)
    }
}

impl Vad for ForeignVad {
    fn capabilities(&self) -> VadCapabilities {
        self.capabilities
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn provider(&self) -> &str {
        &self.provider
    }

    fn min_silence_duration(&self) -> Option<Duration> {
        self.min_silence
    }

    fn stream(&self) -> Result<Box<dyn VadStream>> {
        let stream = self.vtable.stream.ok_or_else(|| error::missing("stream"))?;
        let mut out = LkVadStream { vtable: std::ptr::null(), state: std::ptr::null_mut() };
        let mut error = NO_ERROR;
        // SAFETY: our instance, and places for the answers.
        unsafe {
            error::outcome(stream(self.state.pointer(), &raw mut out, &raw mut error), error)?;
            Ok(Box::new(ForeignVadStream::new(out)?))
        }
    }

    fn prewarm(&self) {
        if let Some(prewarm) = self.vtable.prewarm {
            // SAFETY: our instance.
            unsafe { prewarm(self.state.pointer()) };
        }
    }
}

type PushFn =
    unsafe extern "C" fn(*mut c_void, *const i16, usize, u32, u16, *mut c_void, OnVadEvent, *mut LkOwnedError) -> u32;

/// One listener.
struct ForeignVadStream {
    push: PushFn,
    vtable: LkVadStreamVtable,
    state: PluginState,
}

impl ForeignVadStream {
    /// # Safety
    ///
    /// A handle that a plugin gave us just now.
    unsafe fn new(handle: LkVadStream) -> Result<Self> {
        // SAFETY: the caller's promise.
        let vtable = unsafe { state::vtable::<LkVadStreamVtable>(handle.vtable)? };
        // SAFETY: the caller's promise.
        let state = unsafe { PluginState::new(handle.state, vtable.drop)? };
        let push = vtable.push.ok_or_else(|| error::missing("push"))?;
        Ok(Self { push, vtable, state })
    }
}

/// Copies an event into the caller's buffer; one of a later version is left out.
unsafe extern "C" fn on_event(context: *mut c_void, event: *const LkVadEvent) {
    // SAFETY: the context is the buffer of the call under way, and the event lasts for this call.
    unsafe {
        if let Ok(event) = VadEvent::from_pointer(event) {
            (*context.cast::<Vec<VadEvent>>()).push(event);
        }
    }
}

impl VadStream for ForeignVadStream {
    fn push(&mut self, frame: AudioFrameRef<'_>, events: &mut Vec<VadEvent>) -> Result<()> {
        let (samples, rate, channels) = (frame.samples(), frame.sample_rate(), frame.channels());
        let mut error = NO_ERROR;
        let context = std::ptr::from_mut(events).cast();
        // SAFETY: our handle, samples that stay for this call, the buffer for its events, and a place for the error.
        unsafe {
            let (start, length) = (samples.as_ptr(), samples.len());
            let code =
                (self.push)(self.state.pointer(), start, length, rate, channels, context, on_event, &raw mut error);
            error::outcome(code, error)
        }
    }

    fn flush(&mut self) -> Result<()> {
        let flush = self.vtable.flush.ok_or_else(|| error::missing("flush"))?;
        let mut error = NO_ERROR;
        // SAFETY: our handle, and a place for the error.
        unsafe { error::outcome(flush(self.state.pointer(), &raw mut error), error) }
    }

    fn end_input(&mut self, events: &mut Vec<VadEvent>) -> Result<()> {
        let end_input = self.vtable.end_input.ok_or_else(|| error::missing("end_input"))?;
        let mut error = NO_ERROR;
        let context = std::ptr::from_mut(events).cast();
        // SAFETY: as in `push`.
        unsafe { error::outcome(end_input(self.state.pointer(), context, on_event, &raw mut error), error) }
    }

    fn audio(&self, event: &VadEvent) -> Option<AudioFrameRef<'_>> {
        let audio = self.vtable.audio?;
        let event = event.record(&Arena::default());
        let samples = LkSlice { ptr: std::ptr::null(), len: 0, stride: 0 };
        let mut out = LkAudioFrame { samples, sample_rate: 0, channels: 0 };
        // SAFETY: our handle, an event that stays for this call, and a place for the view, which lasts until the next
        // call that changes the stream: that one wants `&mut self`.
        unsafe {
            if audio(self.state.pointer(), &raw const event, &raw mut out) == 0 {
                return None;
            }
            frame(&out).ok()
        }
    }
}
