struct Parrot;

#[lk_plugin::lk_plugin("llm", name = "parrot", kind = "llm")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
