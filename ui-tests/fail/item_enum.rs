struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
enum Other {}

fn main() {}
