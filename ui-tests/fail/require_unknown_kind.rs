lk_plugin::require!("sst/openai");

fn main() {}
