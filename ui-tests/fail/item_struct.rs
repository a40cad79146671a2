struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
struct Other;

fn main() {}
