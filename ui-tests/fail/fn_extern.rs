struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
extern "C" fn new() -> Parrot {
    Parrot
}

fn main() {}
