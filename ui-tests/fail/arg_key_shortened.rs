struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot", desc = "It speaks")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
