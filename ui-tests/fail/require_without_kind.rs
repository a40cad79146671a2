lk_plugin::require!("openai");

fn main() {}
