//! A language model by a plugin of a `.so`.

use super::defaults;
use super::error::{self, NO_ERROR};
use super::polled::{NO_POLLED, Polled};
use super::state::{self, PluginState};
use crate::abi::arena::Arena;
use crate::abi::cross::Record;
use crate::abi::layout::{LkInstance, LkLlmVtable};
use crate::error::Result;
use crate::kinds::{ChatContext, ChatOptions, Llm, LlmCapabilities, LlmStream};

pub(in crate::abi) struct ForeignLlm {
    vtable: LkLlmVtable,
    state: PluginState,
    // Constant, so asked once.
    capabilities: LlmCapabilities,
    model: String,
    provider: String,
}

// SAFETY: docs/abi.md: an instance's functions may be called from any thread, at once.
unsafe impl Sync for ForeignLlm {}

impl ForeignLlm {
    /// # Safety
    ///
    /// An instance of this kind that a plugin gave us just now.
    pub(in crate::abi) unsafe fn new(instance: LkInstance) -> Result<Self> {
        // SAFETY: the caller's promise.
        let vtable = unsafe { state::vtable::<LkLlmVtable>(instance.vtable.cast())? };
        // Made first, so that it is dropped should a getter fail.
        // SAFETY: the caller's promise.
        let state = unsafe { PluginState::new(instance.state, vtable.drop)? };
        let mut this = Self {
            vtable,
            state,
            capabilities: LlmCapabilities::default(),
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
            this.capabilities = LlmCapabilities::from_pointer(&raw const out)?;
        }
        Ok(this)
    }
}

impl Llm for ForeignLlm {
    fn capabilities(&self) -> LlmCapabilities {
        self.capabilities
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn provider(&self) -> &str {
        &self.provider
    }

    fn chat(&self, context: &ChatContext, options: &ChatOptions) -> Result<LlmStream> {
        let chat = self.vtable.chat.ok_or_else(|| error::missing("chat"))?;
        let arena = Arena::default();
        let (context, options) = (context.record(&arena), options.record(&arena));
        let (mut out, mut error) = (NO_POLLED, NO_ERROR);
        // SAFETY: our instance, values that stay for this call, and places for the answers.
        unsafe {
            let code = chat(self.state.pointer(), &raw const context, &raw const options, &raw mut out, &raw mut error);
            error::outcome(code, error)?;
            Ok(Polled::new(out)?.into_events())
        }
    }

    fn prewarm(&self) {
        if let Some(prewarm) = self.vtable.prewarm {
            // SAFETY: our instance.
            unsafe { prewarm(self.state.pointer()) };
        }
    }
}
