lk_plugin::require!(stt/openai);

fn main() {}
