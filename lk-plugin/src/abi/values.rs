//! The contract's types as they cross: one row a field, in the order of `docs/abi.md`. From a table follow the C struct and
//! the copies in both directions. A type's row that does not fit its Rust type does not compile; a row that moves fails
//! the layout test.

use super::arena::Arena;
use super::cross::{Bad, Cross, Element, Payload, Record};
use super::layout::{LkTagged, layout, size_of_prefixed};
use crate::audio::{AudioFrame, SampleRange};
use crate::connect::ConnectOptions;
use crate::error::WireError;
use crate::kinds::{
    AlignedTranscript, AudioContent, ChatChunk, ChatContent, ChatContext, ChatItem, ChatMessage, ChatOptions, ChatRole,
    ChoiceDelta, CompletionUsage, FunctionCall, FunctionCallOutput, FunctionToolCall, ImageContent, InferenceDetail,
    LlmCapabilities, RecognitionUsage, RecognizeInput, RecognizeOptions, SpeechData, SpeechEvent, SpeechEventType,
    SttCapabilities, SynthesizeInput, SynthesizeOptions, SynthesizedAudio, TimedString, Tool, ToolChoice,
    TtsCapabilities, VadCapabilities, VadEvent, VadEventType,
};
use crate::language::LanguageCode;

use std::ffi::c_void;
use std::time::{Duration, SystemTime};

/// Structs: the C struct of that name with a `size` in front, and both directions.
macro_rules! records {
    ($($(#[$meta:meta])* $type:ident as $c:ident { $($field:ident: $of:ty,)* })*) => {
        layout! { structs: $($(#[$meta])* grown $c { $($field: <$of as Cross>::C,)* })* }

        /// What each field is in Rust, for the rules of what may be appended.
        #[cfg(test)]
        pub(super) const FIELDS: &[(&str, &str, &str)] =
            &[$($((stringify!($c), stringify!($field), stringify!($of)),)*)*];

        $(
            impl Record for $type {
                type C = $c;

                #[inline(always)]
                fn record(&self, arena: &Arena) -> $c {
                    $c { size: size_of_prefixed::<$c>(), $($field: self.$field.encode(arena),)* }
                }

                #[inline(always)]
                unsafe fn from_record(c: &$c) -> Result<Self, Bad> {
                    // SAFETY: the caller's promise for the struct is that for its fields.
                    Ok(Self { $($field: unsafe { <$of>::decode(c.$field)? },)* })
                }
            }

            impl Cross for $type {
                type C = *const $c;

                #[inline]
                fn encode(&self, arena: &Arena) -> *const $c {
                    arena.put(self.record(arena))
                }

                #[inline]
                unsafe fn decode(c: *const $c) -> Result<Self, Bad> {
                    // SAFETY: the caller's promise.
                    unsafe { Self::from_pointer(c) }
                }
            }

            impl Cross for Option<$type> {
                type C = *const $c;

                #[inline]
                fn encode(&self, arena: &Arena) -> *const $c {
                    self.as_ref().map_or(std::ptr::null(), |value| value.encode(arena))
                }

                #[inline]
                unsafe fn decode(c: *const $c) -> Result<Self, Bad> {
                    // SAFETY: the caller's promise.
                    if c.is_null() { Ok(None) } else { unsafe { $type::from_pointer(c) }.map(Some) }
                }
            }

            impl Element for $type {
                type Item = $c;
                const SMALLEST: usize = size_of::<u32>();

                #[inline]
                fn item(&self, arena: &Arena) -> $c {
                    self.record(arena)
                }

                #[inline]
                unsafe fn from_item(item: *const $c) -> Result<Self, Bad> {
                    // SAFETY: the caller's promise.
                    unsafe { Self::from_pointer(item) }
                }
            }

            impl Payload for $type {
                #[inline]
                fn payload(&self, arena: &Arena) -> *const c_void {
                    self.encode(arena).cast()
                }

                #[inline]
                unsafe fn from_payload(value: *const c_void) -> Result<Self, Bad> {
                    // SAFETY: the caller's promise.
                    unsafe { Self::from_pointer(value.cast()) }
                }
            }
        )*
    };
}

/// Enums without values: a number. What follows the arrow is what an unknown one counts as, where that does no harm.
macro_rules! codes {
    ($($type:ident { $($variant:ident = $code:literal,)* } $(=> $default:ident)?)*) => {$(
        impl Cross for $type {
            type C = u32;

            #[inline]
            fn encode(&self, _: &Arena) -> u32 {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            #[inline]
            unsafe fn decode(c: u32) -> Result<Self, Bad> {
                match c {
                    $($code => Ok(Self::$variant),)*
                    $(_ => Ok(Self::$default),)?
                    #[allow(unreachable_patterns, reason = "reached where no default is given")]
                    _ => Err(Bad::Later),
                }
            }
        }
    )*};
}

/// Enums with values: a number and a pointer.
macro_rules! tagged {
    ($($type:ident { $($variant:ident $(($payload:ty))? = $code:literal,)* })*) => {$(
        impl Cross for $type {
            type C = LkTagged;

            #[inline]
            fn encode(&self, arena: &Arena) -> LkTagged {
                match self {
                    $(tagged!(@pattern $variant value $($payload)?) => LkTagged {
                        code: $code,
                        value: tagged!(@encode arena value $($payload)?),
                    },)*
                }
            }

            #[inline]
            unsafe fn decode(c: LkTagged) -> Result<Self, Bad> {
                match c.code {
                    $($code => Ok(tagged!(@decode c $variant $($payload)?)),)*
                    _ => Err(Bad::Later),
                }
            }
        }

        impl Element for $type {
            type Item = LkTagged;

            #[inline]
            fn item(&self, arena: &Arena) -> LkTagged {
                self.encode(arena)
            }

            #[inline]
            unsafe fn from_item(item: *const LkTagged) -> Result<Self, Bad> {
                // SAFETY: the caller's promise; the form is frozen.
                unsafe { Self::decode(item.read()) }
            }
        }
    )*};
    (@pattern $variant:ident $value:ident $payload:ty) => { Self::$variant($value) };
    (@pattern $variant:ident $value:ident) => { Self::$variant };
    (@encode $arena:ident $value:ident $payload:ty) => { Payload::payload($value, $arena) };
    (@encode $arena:ident $value:ident) => { std::ptr::null() };
    (@decode $c:ident $variant:ident $payload:ty) => {
        // SAFETY: the caller's promise; the code says what the pointer leads to.
        Self::$variant(unsafe { <$payload>::from_payload($c.value)? })
    };
    (@decode $c:ident $variant:ident) => { Self::$variant };
}

/// A config on its way: a JSON object, and which of its keys are text of unknown type.
pub(crate) struct ConfigValues {
    pub(crate) json: String,
    pub(crate) texts: Vec<String>,
}

records! {
    WireError as LkWireError {
        code: u32,
        message: String,
        chain: Vec<String>,
        retryable: bool,
        status: Option<u16>,
        request_id: Option<String>,
        body: Option<String>,
    }

    ConfigValues as LkConfigValues {
        json: String,
        texts: Vec<String>,
    }

    ConnectOptions as LkConnectOptions {
        max_retry: u32,
        retry_interval: Duration,
        timeout: Duration,
    }

    SttCapabilities as LkSttCapabilities {
        streaming: bool,
        interim_results: bool,
        diarization: bool,
        aligned_transcript: AlignedTranscript,
        offline_recognize: bool,
        keyterms: bool,
        chat_context: bool,
        manual_flush: bool,
    }

    RecognizeOptions as LkRecognizeOptions {
        language: Option<LanguageCode>,
        keyterms: Vec<String>,
        connect: ConnectOptions,
        start_time_offset: Duration,
    }

    SpeechEvent as LkSpeechEvent {
        event_type: SpeechEventType,
        request_id: String,
        alternatives: Vec<SpeechData>,
        recognition_usage: Option<RecognitionUsage>,
        speech_start_time: Option<SystemTime>,
        speech_end_time: Option<SystemTime>,
    }

    SpeechData as LkSpeechData {
        language: LanguageCode,
        text: String,
        start_time: Duration,
        end_time: Duration,
        confidence: f32,
        speaker_id: Option<String>,
        is_primary_speaker: Option<bool>,
        words: Vec<TimedString>,
        source_languages: Vec<LanguageCode>,
        source_texts: Vec<String>,
        target_languages: Vec<LanguageCode>,
        target_texts: Vec<String>,
        metadata: Option<String>,
    }

    TimedString as LkTimedString {
        text: String,
        start_time: Option<Duration>,
        end_time: Option<Duration>,
        confidence: Option<f32>,
        start_time_offset: Option<Duration>,
        speaker_id: Option<String>,
    }

    RecognitionUsage as LkRecognitionUsage {
        audio_duration: Duration,
        input_tokens: u64,
        output_tokens: u64,
    }

    TtsCapabilities as LkTtsCapabilities {
        streaming: bool,
        aligned_transcript: bool,
    }

    SynthesizeOptions as LkSynthesizeOptions {
        connect: ConnectOptions,
    }

    SynthesizedAudio as LkSynthesizedAudio {
        frame: AudioFrame,
        request_id: String,
        is_final: bool,
        segment_id: String,
        delta_text: String,
        timed_transcripts: Vec<TimedString>,
    }

    LlmCapabilities as LkLlmCapabilities {
        tools: bool,
        parallel_tool_calls: bool,
        images: bool,
        structured_output: bool,
    }

    ChatOptions as LkChatOptions {
        tools: Vec<Tool>,
        tool_choice: Option<ToolChoice>,
        parallel_tool_calls: Option<bool>,
        response_schema: Option<String>,
        connect: ConnectOptions,
        extra: Option<String>,
    }

    Tool as LkTool {
        name: String,
        description: String,
        parameters: String,
        strict: bool,
    }

    ChatChunk as LkChatChunk {
        id: String,
        delta: Option<ChoiceDelta>,
        usage: Option<CompletionUsage>,
    }

    ChoiceDelta as LkChoiceDelta {
        role: Option<ChatRole>,
        content: Option<String>,
        tool_calls: Vec<FunctionToolCall>,
        extra: Option<String>,
    }

    FunctionToolCall as LkFunctionToolCall {
        call_id: String,
        name: String,
        arguments: String,
        extra: Option<String>,
    }

    CompletionUsage as LkCompletionUsage {
        completion_tokens: u64,
        prompt_tokens: u64,
        prompt_cached_tokens: u64,
        cache_creation_tokens: u64,
        cache_read_tokens: u64,
        reasoning_tokens: u64,
        total_tokens: u64,
        service_tier: Option<String>,
    }

    ChatContext as LkChatContext {
        items: Vec<ChatItem>,
    }

    ChatMessage as LkChatMessage {
        id: String,
        role: ChatRole,
        content: Vec<ChatContent>,
        interrupted: bool,
        transcript_confidence: Option<f64>,
        extra: Option<String>,
        created_at: Duration,
    }

    ImageContent as LkImageContent {
        url: String,
        inference_detail: InferenceDetail,
        mime_type: Option<String>,
        inference_width: Option<u32>,
        inference_height: Option<u32>,
    }

    AudioContent as LkAudioContent {
        samples: Vec<i16>,
        sample_rate: u32,
        channels: u16,
        transcript: Option<String>,
    }

    FunctionCall as LkFunctionCall {
        id: String,
        call_id: String,
        name: String,
        arguments: String,
        group_id: Option<String>,
        extra: Option<String>,
        created_at: Duration,
    }

    FunctionCallOutput as LkFunctionCallOutput {
        id: String,
        call_id: String,
        name: String,
        output: String,
        is_error: bool,
        reply_required: bool,
        created_at: Duration,
    }

    VadCapabilities as LkVadCapabilities {
        update_interval: Duration,
    }

    VadEvent as LkVadEvent {
        event_type: VadEventType,
        samples_index: u64,
        timestamp: Duration,
        speech_duration: Duration,
        silence_duration: Duration,
        audio: SampleRange,
        probability: f32,
        inference_duration: Duration,
        speaking: bool,
        raw_accumulated_silence: Duration,
        raw_accumulated_speech: Duration,
    }
}

codes! {
    AlignedTranscript { None = 1, Word = 2, Chunk = 3, } => None
    SpeechEventType {
        StartOfSpeech = 1,
        InterimTranscript = 2,
        PreflightTranscript = 3,
        FinalTranscript = 4,
        RecognitionUsage = 5,
        EndOfSpeech = 6,
    }
    ChatRole { Developer = 1, System = 2, User = 3, Assistant = 4, }
    InferenceDetail { Auto = 1, High = 2, Low = 3, } => Auto
    VadEventType { StartOfSpeech = 1, InferenceDone = 2, EndOfSpeech = 3, }
}

impl Cross for Option<ChatRole> {
    type C = u32;

    #[inline]
    fn encode(&self, arena: &Arena) -> u32 {
        self.map_or(0, |role| role.encode(arena))
    }

    #[inline]
    unsafe fn decode(c: u32) -> Result<Self, Bad> {
        // SAFETY: a number. A role of a later version counts as none: the words are worth more.
        Ok(unsafe { ChatRole::decode(c) }.ok())
    }
}

tagged! {
    RecognizeInput { Frame(AudioFrame) = 1, Flush = 2, }
    SynthesizeInput { Text(String) = 1, Flush = 2, }
    ToolChoice { Auto = 1, Required = 2, None = 3, Function(String) = 4, }
    ChatItem { Message(ChatMessage) = 1, FunctionCall(FunctionCall) = 2, FunctionCallOutput(FunctionCallOutput) = 3, }
    ChatContent { Text(String) = 1, Image(ImageContent) = 2, Audio(AudioContent) = 3, }
}

impl Cross for Option<ToolChoice> {
    type C = *const LkTagged;

    #[inline]
    fn encode(&self, arena: &Arena) -> *const LkTagged {
        self.as_ref().map_or(std::ptr::null(), |choice| arena.put(choice.encode(arena)))
    }

    #[inline]
    unsafe fn decode(c: *const LkTagged) -> Result<Self, Bad> {
        // SAFETY: the caller's promise.
        if c.is_null() { Ok(None) } else { unsafe { ToolChoice::decode(c.read()) }.map(Some) }
    }
}
