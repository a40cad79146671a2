struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot", description = "It\nspeaks")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
