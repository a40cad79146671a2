struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
