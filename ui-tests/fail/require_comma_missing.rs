lk_plugin::require!("stt/openai" "vad/energy");

fn main() {}
