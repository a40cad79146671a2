struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
unsafe fn new() -> Parrot {
    Parrot
}

fn main() {}
