lk_plugin::require!("stt/OpenAI", "vad/silero");

fn main() {}
