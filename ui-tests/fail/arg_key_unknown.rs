struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot", vendor = "acme")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
