//! Text to speech by a plugin of a `.so`.

use super::defaults::{self, DEFAULTS};
use super::error::{self, NO_ERROR};
use super::input::Input;
use super::polled::{NO_DUPLEX, NO_POLLED, Polled};
use super::state::{self, PluginState};
use crate::abi::arena::Arena;
use crate::abi::cross::{Record, str_of};
use crate::abi::layout::{LkInstance, LkTtsVtable};
use crate::audio::AudioFrame;
use crate::error::Result;
use crate::kinds::{ChunkedStream, SynthesizeOptions, SynthesizeStream, Tts, TtsCapabilities};

pub(in crate::abi) struct ForeignTts {
    vtable: LkTtsVtable,
    state: PluginState,
    // Constant, so asked once.
    capabilities: TtsCapabilities,
    sample_rate: u32,
    channels: u16,
    model: String,
    provider: String,
}

// SAFETY: docs/abi.md: an instance's functions may be called from any thread, at once.
unsafe impl Sync for ForeignTts {}

impl ForeignTts {
    /// # Safety
    ///
    /// An instance of this kind that a plugin gave us just now.
    pub(in crate::abi) unsafe fn new(instance: LkInstance) -> Result<Self> {
        // SAFETY: the caller's promise.
        let vtable = unsafe { state::vtable::<LkTtsVtable>(instance.vtable.cast())? };
        // Made first, so that it is dropped should a getter fail.
        // SAFETY: the caller's promise.
        let state = unsafe { PluginState::new(instance.state, vtable.drop)? };
        let mut this = Self {
            vtable,
            state,
            capabilities: TtsCapabilities::default(),
            sample_rate: 0,
            channels: 0,
            model: String::new(),
            provider: String::new(),
        };
        let capabilities = vtable.capabilities.ok_or_else(|| error::missing("capabilities"))?;
        let sample_rate = vtable.sample_rate.ok_or_else(|| error::missing("sample_rate"))?;
        let channels = vtable.channels.ok_or_else(|| error::missing("channels"))?;
        let (mut out, mut error) = (this.capabilities.record(&Arena::default()), NO_ERROR);
        // SAFETY: our instance, and places for the answers; what a getter returns lasts as long as the instance.
        unsafe {
            (this.sample_rate, this.channels) = (sample_rate(this.state.pointer()), channels(this.state.pointer()));
            this.model = defaults::name(vtable.model.map(|get| get(this.state.pointer())))?;
            this.provider = defaults::name(vtable.provider.map(|get| get(this.state.pointer())))?;
            // Last: after a panic of a getter this tells of it.
            error::outcome(capabilities(this.state.pointer(), &raw mut out, &raw mut error), error)?;
            this.capabilities = TtsCapabilities::from_pointer(&raw const out)?;
        }
        // The rules of frames are those of the audio that will come.
        AudioFrame::new(Vec::new(), this.sample_rate, this.channels)?;
        Ok(this)
    }
}

impl Tts for ForeignTts {
    fn capabilities(&self) -> TtsCapabilities {
        self.capabilities
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn provider(&self) -> &str {
        &self.provider
    }

    fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    fn channels(&self) -> u16 {
        self.channels
    }

    fn synthesize(&self, text: &str, options: &SynthesizeOptions) -> Result<ChunkedStream> {
        let synthesize = self.vtable.synthesize.ok_or_else(|| error::missing("synthesize"))?;
        let arena = Arena::default();
        let (options, mut out, mut error) = (options.record(&arena), NO_POLLED, NO_ERROR);
        // SAFETY: our instance, values that stay for this call, and places for the answers.
        unsafe {
            let code = synthesize(self.state.pointer(), str_of(text), &raw const options, &raw mut out, &raw mut error);
            error::outcome(code, error)?;
            Ok(Polled::new(out)?.into_events())
        }
    }

    fn stream(&self, options: &SynthesizeOptions) -> Result<SynthesizeStream> {
        let Some(stream) = self.vtable.stream else { return Tts::stream(&DEFAULTS, options) };
        let arena = Arena::default();
        let (options, mut out, mut error) = (options.record(&arena), NO_DUPLEX, NO_ERROR);
        // SAFETY: our instance, options that stay for this call, and places for the answers.
        unsafe {
            error::outcome(stream(self.state.pointer(), &raw const options, &raw mut out, &raw mut error), error)?;
            let (input, events) = (Input::new(out.input), Polled::new(out.events));
            Ok(SynthesizeStream::new(Box::new(input?), events?.into_events()))
        }
    }

    fn prewarm(&self) {
        if let Some(prewarm) = self.vtable.prewarm {
            // SAFETY: our instance.
            unsafe { prewarm(self.state.pointer()) };
        }
    }
}
