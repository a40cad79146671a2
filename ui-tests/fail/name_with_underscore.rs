struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "open_ai")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
