struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
mod parrots {}

fn main() {}
