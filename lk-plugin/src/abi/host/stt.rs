//! Speech to text by a plugin of a `.so`.

use std::ffi::c_void;

use super::defaults::{self, DEFAULTS};
use super::error::{self, NO_ERROR};
use super::input::Input;
use super::polled::{NO_DUPLEX, NO_POLLED, Polled};
use super::state::{self, PluginState};
use crate::abi::arena::Arena;
use crate::abi::cross::{Record, frame_of};
use crate::abi::layout::{LkAudioFrame, LkInstance, LkOwnedError, LkPolled, LkSttVtable};
use crate::abi::values::LkRecognizeOptions;
use crate::audio::AudioFrameRef;
use crate::error::Result;
use crate::kinds::{RecognizeOptions, RecognizeStream, SpeechEvent, Stt, SttCapabilities};
use crate::stream::{BoxFuture, boxed};

type RecognizeFn = unsafe extern "C" fn(
    *const c_void,
    *const LkAudioFrame,
    *const LkRecognizeOptions,
    *mut LkPolled,
    *mut LkOwnedError,
) -> u32;

pub(in crate::abi) struct ForeignStt {
    vtable: LkSttVtable,
    state: PluginState,
    // Constant, so asked once.
    capabilities: SttCapabilities,
    model: String,
    provider: String,
}

// SAFETY: docs/abi.md: an instance's functions may be called from any thread, at once.
unsafe impl Sync for ForeignStt {}

impl ForeignStt {
    /// # Safety
    ///
    /// An instance of this kind that a plugin gave us just now.
    pub(in crate::abi) unsafe fn new(instance: LkInstance) -> Result<Self> {
        // SAFETY: the caller's promise.
        let vtable = unsafe { state::vtable::<LkSttVtable>(instance.vtable.cast())? };
        // Made first, so that it is dropped should a getter fail.
        // SAFETY: the caller's promise.
        let state = unsafe { PluginState::new(instance.state, vtable.drop)? };
        let mut this = Self {
            vtable,
            state,
            capabilities: SttCapabilities::default(),
            model: String::new(),
            provider: String::new(),
        };
        let capabilities = vtable.capabilities.ok_or_else(|| error::missing("capabilities"))?;
        let (mut out, mut error) = (this.capabilities.record(&Arena::default()), NO_ERROR);
        // SAFETY: our instance, and places for the answers; what a getter returns lasts as long as the instance.
        unsafe {
            this.model = defaults::name(vtable.model.map(|get| get(this.state.pointer())))?;
            this.provider = defaults::name(vtable.provider.map(|get| get(this.state.pointer())))?;
            // Last: after a panic of a getter this tells of it.
            error::outcome(capabilities(this.state.pointer(), &raw mut out, &raw mut error), error)?;
            this.capabilities = SttCapabilities::from_pointer(&raw const out)?;
        }
        Ok(this)
    }

    fn recognizing(
        &self,
        recognize: RecognizeFn,
        audio: AudioFrameRef<'_>,
        options: &RecognizeOptions,
    ) -> Result<Polled<SpeechEvent>> {
        let arena = Arena::default();
        let (audio, options) = (frame_of(audio), options.record(&arena));
        let (mut out, mut error) = (NO_POLLED, NO_ERROR);
        // SAFETY: our instance, values that stay for this call, and places for the answers.
        unsafe {
            let code =
                recognize(self.state.pointer(), &raw const audio, &raw const options, &raw mut out, &raw mut error);
            error::outcome(code, error)?;
            Polled::new(out)
        }
    }
}

impl Stt for ForeignStt {
    fn capabilities(&self) -> SttCapabilities {
        self.capabilities
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn provider(&self) -> &str {
        &self.provider
    }

    fn recognize(&self, audio: AudioFrameRef<'_>, options: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
        let Some(recognize) = self.vtable.recognize else { return Stt::recognize(&DEFAULTS, audio, options) };
        match self.recognizing(recognize, audio, options) {
            Ok(future) => Box::pin(future),
            Err(error) => boxed(async { Err(error) }),
        }
    }

    fn stream(&self, options: &RecognizeOptions) -> Result<RecognizeStream> {
        let Some(stream) = self.vtable.stream else { return Stt::stream(&DEFAULTS, options) };
        let arena = Arena::default();
        let (options, mut out, mut error) = (options.record(&arena), NO_DUPLEX, NO_ERROR);
        // SAFETY: our instance, options that stay for this call, and places for the answers.
        unsafe {
            error::outcome(stream(self.state.pointer(), &raw const options, &raw mut out, &raw mut error), error)?;
            let (input, events) = (Input::new(out.input), Polled::new(out.events));
            Ok(RecognizeStream::new(Box::new(input?), events?.into_events()))
        }
    }

    fn prewarm(&self) {
        if let Some(prewarm) = self.vtable.prewarm {
            // SAFETY: our instance.
            unsafe { prewarm(self.state.pointer()) };
        }
    }
}
