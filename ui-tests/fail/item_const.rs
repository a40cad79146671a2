struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
const OTHER: Parrot = Parrot;

fn main() {}
