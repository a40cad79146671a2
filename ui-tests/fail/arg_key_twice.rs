struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot", name = "cockatoo")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
