//! A boxed or shared plugin is a plugin, so that constructors may return `Box<dyn Stt>` and adapters may wrap either.

use std::sync::Arc;
use std::time::Duration;

use super::{
    ChatContext, ChatOptions, ChunkedStream, Llm, LlmCapabilities, LlmStream, RecognizeOptions, RecognizeStream,
    SpeechEvent, Stt, SttCapabilities, SynthesizeOptions, SynthesizeStream, Tts, TtsCapabilities, Vad, VadCapabilities,
    VadStream,
};
use crate::audio::AudioFrameRef;
use crate::error::Result;
use crate::stream::BoxFuture;

macro_rules! forward {
    ($kind:ident { $(fn $method:ident(&self $(, $arg:ident: $type:ty)*) $(-> $return:ty)?;)* }) => {
        forward!(@to Box, $kind { $(fn $method(&self $(, $arg: $type)*) $(-> $return)?;)* });
        forward!(@to Arc, $kind { $(fn $method(&self $(, $arg: $type)*) $(-> $return)?;)* });
    };
    (@to $pointer:ident, $kind:ident { $(fn $method:ident(&self $(, $arg:ident: $type:ty)*) $(-> $return:ty)?;)* }) => {
        #[diagnostic::do_not_recommend]
        impl<P: $kind + ?Sized> $kind for $pointer<P> {
            $(fn $method(&self $(, $arg: $type)*) $(-> $return)? {
                (**self).$method($($arg),*)
            })*
        }
    };
}

forward!(Stt {
    fn capabilities(&self) -> SttCapabilities;
    fn model(&self) -> &str;
    fn provider(&self) -> &str;
    fn recognize(&self, audio: AudioFrameRef<'_>, options: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>>;
    fn stream(&self, options: &RecognizeOptions) -> Result<RecognizeStream>;
    fn prewarm(&self);
});

forward!(Tts {
    fn capabilities(&self) -> TtsCapabilities;
    fn sample_rate(&self) -> u32;
    fn channels(&self) -> u16;
    fn model(&self) -> &str;
    fn provider(&self) -> &str;
    fn synthesize(&self, text: &str, options: &SynthesizeOptions) -> Result<ChunkedStream>;
    fn stream(&self, options: &SynthesizeOptions) -> Result<SynthesizeStream>;
    fn prewarm(&self);
});

forward!(Llm {
    fn capabilities(&self) -> LlmCapabilities;
    fn model(&self) -> &str;
    fn provider(&self) -> &str;
    fn chat(&self, context: &ChatContext, options: &ChatOptions) -> Result<LlmStream>;
    fn prewarm(&self);
});

forward!(Vad {
    fn capabilities(&self) -> VadCapabilities;
    fn model(&self) -> &str;
    fn provider(&self) -> &str;
    fn min_silence_duration(&self) -> Option<Duration>;
    fn stream(&self) -> Result<Box<dyn VadStream>>;
    fn prewarm(&self);
});
