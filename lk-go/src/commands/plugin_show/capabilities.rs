//! What an instance of a plugin says that it can do.

use lk_plugin::{AlignedTranscript, Llm, Stt, Tts, Vad};
use serde_json::{Map, Value, json};

use crate::commands::instance::Instance;

/// Asks it.
pub(super) fn of(instance: &Instance) -> Map<String, Value> {
    let capabilities = match instance {
        Instance::Stt(stt) => of_stt(&**stt),
        Instance::Tts(tts) => of_tts(&**tts),
        Instance::Llm(llm) => of_llm(&**llm),
        Instance::Vad(vad) => of_vad(&**vad),
    };
    match capabilities {
        Value::Object(capabilities) => capabilities,
        _ => Map::new(),
    }
}

fn of_stt(stt: &dyn Stt) -> Value {
    let capabilities = stt.capabilities();
    let aligned = match capabilities.aligned_transcript {
        AlignedTranscript::None => "none",
        AlignedTranscript::Word => "word",
        AlignedTranscript::Chunk => "chunk",
    };
    json!({
        "model": stt.model(),
        "provider": stt.provider(),
        "streaming": capabilities.streaming,
        "interim_results": capabilities.interim_results,
        "offline_recognize": capabilities.offline_recognize,
        "aligned_transcript": aligned,
        "diarization": capabilities.diarization,
        "keyterms": capabilities.keyterms,
        "chat_context": capabilities.chat_context,
        "manual_flush": capabilities.manual_flush,
    })
}

fn of_tts(tts: &dyn Tts) -> Value {
    let capabilities = tts.capabilities();
    json!({
        "model": tts.model(),
        "provider": tts.provider(),
        "streaming": capabilities.streaming,
        "aligned_transcript": capabilities.aligned_transcript,
        "sample_rate": tts.sample_rate(),
        "channels": tts.channels(),
    })
}

fn of_llm(llm: &dyn Llm) -> Value {
    let capabilities = llm.capabilities();
    json!({
        "model": llm.model(),
        "provider": llm.provider(),
        "tools": capabilities.tools,
        "parallel_tool_calls": capabilities.parallel_tool_calls,
        "images": capabilities.images,
        "structured_output": capabilities.structured_output,
    })
}

fn of_vad(vad: &dyn Vad) -> Value {
    json!({
        "model": vad.model(),
        "provider": vad.provider(),
        "update_interval": vad.capabilities().update_interval.as_secs_f64(),
        "min_silence_duration": vad.min_silence_duration().map(|duration| duration.as_secs_f64()),
    })
}
